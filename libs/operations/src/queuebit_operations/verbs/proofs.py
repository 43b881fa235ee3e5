"""`queuebit proofs`: what rests on the word of a solver, for those who hear that the solver was wrong."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.choosing.port import ProvedBy

HELP = "Answers that are held for optimal on the word of a solver. It needs PostgreSQL and no service."
_TIMES = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Add `proofs` with its verb to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_only)
    group.command("recall")(recall)
    app.add_typer(group, name="proofs")


def _only() -> None:
    """A group with one verb is still a group."""


def recall(
    solver: Annotated[str, typer.Option("--solver", help="Proved by this solver: its backend, or its method.")],
    version: Annotated[str | None, typer.Option("--version", help="By this version of it; absent, by any.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=_TIMES, help="Answered from this time on.", metavar="TIME")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=_TIMES, help="Answered before this time.", metavar="TIME")
    ] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Of this tenant.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Of this kind of problem.")] = None,
    requeue: Annotated[
        bool, typer.Option("--requeue", help="Ask each again, as a job of its own, of what answers by then.")
    ] = False,
    apply: b.Apply = False,
    reason: b.Reason = None,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Mark answers as suspect that rest on proofs of a solver. What the validator proved itself does not.

    Each job is told of on the topic jobs.invalidated, and shows it from then on; its answer is kept. See what came of those
    that are asked again with: queuebit ops jobs compare --operation OPERATION
    """
    from queuebit_operations.choosing.port import ProvedBy
    from queuebit_operations.running import run

    wanted = ProvedBy(solver, version, o.in_utc(since), o.in_utc(until), tenant, kind)
    return run(_recall(wanted, requeue, apply, reason, rate, limit, actor, as_json))


async def _recall(
    wanted: ProvedBy,
    requeue: bool,
    apply: bool,
    reason: str | None,
    rate: float | None,
    limit: int | None,
    actor: str | None,
    as_json: bool,
) -> ExitCode:
    import os

    from queuebit_operations.choosing.postgres import opened_choosing
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.jobs.acting import INVALIDATE

    b.need_reason(apply=apply, reason=reason)
    async with opened_choosing(postgres_settings(os.environ)) as choosing:
        targets = await choosing.proved(wanted)
    given = {
        "proved_by": wanted.solver,
        "solver_version": wanted.version,
        "tenant": wanted.tenant,
        "kind": wanted.kind,
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
        "requeue": "yes" if requeue else None,
    }
    return await b.freeze_and_act(
        INVALIDATE, given, targets, apply=apply, reason=reason, rate=rate, limit=limit, actor=actor, as_json=as_json
    )
