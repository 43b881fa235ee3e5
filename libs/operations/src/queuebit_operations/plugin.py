"""Plugs `queuebit ops`, and what stands beside it, into the command line."""

from __future__ import annotations

import typer

from queuebit_operations.exit_codes import MEANINGS
from queuebit_operations.groups import Groups
from queuebit_operations.verbs import (
    approvals,
    archive,
    asked,
    audit,
    budget,
    costs,
    dlq,
    erase,
    export,
    import_,
    jobs_artifacts,
    jobs_bulk,
    jobs_one,
    jobs_waiting,
    kill,
    new_epoch,
    operations,
    path,
    pause,
    policy,
    privacy,
    projections,
    projections_change,
    projections_rebuild,
    proofs,
    quarantine,
    replay_diff,
    replay_inspect,
    replay_rewind,
    replay_shadow,
    replay_topic,
    status,
    submissions,
    trail_forget,
    verify,
)

VERBS = (
    status.add,
    verify.add,
    replay_inspect.add,
    replay_diff.add,
    replay_topic.add,
    replay_shadow.add,
    replay_rewind.add,
    export.add,
    import_.add,
    pause.add,
    kill.add,
    quarantine.add,
    jobs_bulk.add,
    jobs_one.add,
    jobs_waiting.add,
    jobs_artifacts.add,
    operations.add,
    new_epoch.add,
    dlq.add,
    archive.add,
    projections.add,
    projections_rebuild.add,
    projections_change.add,
    trail_forget.add,
    asked.add,
)
"""Every verb, in the order of `queuebit ops --help`."""

_HELP = (
    "What operators do: look into jobs, verify, move and replay what happened. It needs PostgreSQL and Kafka and no service,"
    " and finds them as the services do: QUEUEBIT_POSTGRES, QUEUEBIT_KAFKA… and QUEUEBIT_NAMESPACE."
)
_EPILOG = "Exit codes: " + "; ".join(f"{code.value} {text}" for code, text in MEANINGS.items()) + "."


def register(app: typer.Typer) -> None:
    """Add `ops` with all its verbs, and the groups beside it, to `app`."""
    ops = typer.Typer(help=_HELP, epilog=_EPILOG, no_args_is_help=True, rich_markup_mode=None)
    groups = Groups(ops)
    for add in VERBS:
        add(groups)
    app.add_typer(ops, name="ops")
    submissions.register(app)
    policy.register(app)
    path.register(app)
    approvals.register(app)
    budget.register(app)
    costs.register(app)
    audit.register(app)
    erase.register(app)
    privacy.register(app)
    proofs.register(app)
