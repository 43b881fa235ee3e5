"""The verbs of `queuebit ops dlq`, in the order of its help."""

from __future__ import annotations

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import (
    dlq_accept,
    dlq_drop,
    dlq_edit,
    dlq_groups,
    dlq_list,
    dlq_redrive,
    dlq_show,
)


def add(ops: Groups) -> None:
    """Add the verbs."""
    for verb in (dlq_list, dlq_groups, dlq_show, dlq_redrive, dlq_edit, dlq_drop, dlq_accept):
        verb.add(ops)
