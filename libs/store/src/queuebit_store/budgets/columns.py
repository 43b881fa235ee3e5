"""The lines of the ledger that go with a batch of appends, one a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from queuebit_store.log.port import Append


def lines_of(batch: Sequence[Append]) -> tuple[Any, ...]:
    """The lines beside the streams that they go with; nothing where nobody is charged."""
    lines = [(one.stream_id, *charge) for one in batch if one.charges for charge in one.charges]
    return tuple(list(column) for column in zip(*lines, strict=True)) if lines else ()
