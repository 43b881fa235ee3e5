"""`queuebit proofs`: what rests on the word of a solver, for those who hear that the solver was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import jobs_options as j
from queuebit_operations.verbs.flag_sets import with_flags

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

HELP = "What is held for optimal or infeasible on the word of a solver. It needs PostgreSQL and no service."


@with_flags
def recall(
    solver: Annotated[str, typer.Option("--solver", help="Proved by this solver: its backend, or its method.")],
    version: Annotated[str | None, typer.Option("--version", help="By this version of it; absent, by any.")] = None,
    *,
    within: j.Within,
    requeue: Annotated[
        bool, typer.Option("--requeue", help="Ask each again, as a job of its own, of what answers by then.")
    ] = False,
    infeasible: Annotated[
        bool,
        typer.Option(
            "--infeasible", help="Jobs that failed, as it proved that they have no answer: they are asked again."
        ),
    ] = False,
    acting: b.Acting,
) -> int:
    """Mark answers as suspect that rest on proofs of a solver. What the validator proved itself does not.

    Each job is told of on the topic jobs.invalidated, and shows it from then on; its answer is kept. See what came of those
    that are asked again with: queuebit ops jobs compare --operation OPERATION

    With --infeasible it is about the proofs that there is no answer: those jobs failed, so that none is marked, and all are
    asked again.
    """
    from queuebit_operations.choosing.port import ProvedBy
    from queuebit_operations.running import run

    wanted = ProvedBy(solver, version, *within.times, within.tenant, within.kind)

    async def work() -> ExitCode:
        import os

        from queuebit_operations.choosing.postgres import opened_choosing
        from queuebit_operations.connections.store import postgres_settings
        from queuebit_operations.jobs.acting import INVALIDATE, RERUN

        acting.need_reason()
        async with opened_choosing(postgres_settings(os.environ)) as choosing:
            targets = await (choosing.refuted(wanted) if infeasible else choosing.proved(wanted))
        given = {
            "proved_by": solver,
            "solver_version": version,
            **within.given(),
            "requeue": "yes" if requeue and not infeasible else None,
        }
        return await b.freeze_and_act(RERUN if infeasible else INVALIDATE, given, targets, acting)

    return run(work())


def register(app: typer.Typer) -> None:
    """Add `proofs` with its verb to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_only)
    group.command("recall")(recall)
    app.add_typer(group, name="proofs")


def _only() -> None:
    """A group with one verb is still a group."""
