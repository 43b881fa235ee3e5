"""`queuebit ops dlq redrive`: dead letters go back to where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import dlq_options as d
from queuebit_operations.verbs.flag_sets import with_flags

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.dead_letters.box import Wanted
    from queuebit_operations.dead_letters.redrive import RedriveSettings


@with_flags
def redrive(
    *,
    chosen: d.Chosen,
    skip_tenant: Annotated[
        list[str] | None, typer.Option("--skip-tenant", help="Hold back records of this tenant; repeatable.")
    ] = None,
    replays_max: Annotated[
        int, typer.Option("--replays-max", min=1, help="What was sent so often goes into quarantine instead.")
    ] = 3,
    failures_max: Annotated[
        int, typer.Option("--failures-max", min=0, help="Stop once more than so many came back.")
    ] = 0,
    stage_s: Annotated[float, typer.Option("--stage-s", min=0.1, help="How long each rate lasts before a look.")] = 5.0,
    settle_s: Annotated[
        float, typer.Option("--settle-s", min=0, help="How long to look for failures after the last one.")
    ] = 10.0,
    acting: b.Acting,
) -> int:
    """Send open dead letters again: with their ids, in the order of each job, at 1, 2, 5, 10, … a second up to --rate (100),
    and no further once they come back.

    Whatever waits behind a chosen one goes with it. The set is frozen as an operation, which `ops operations resume` goes on
    with after a crash or a stop, and `ops operations cancel` ends.
    """
    from queuebit_operations.dead_letters.redrive import RedriveSettings
    from queuebit_operations.running import run

    settings = RedriveSettings(stage_s, failures_max, settle_s, replays_max)
    return run(_redrive(chosen.group or [], chosen.wanted(), settings, skip_tenant or [], acting))


async def _redrive(
    named: list[str], chosen: Wanted, settings: RedriveSettings, skip_tenants: list[str], acting: b.Acting
) -> ExitCode:
    from queuebit_operations.dead_letters.acting import REDRIVE, arguments_of

    acting.need_reason()
    ids, held_back = await _plan(named, chosen, settings, skip_tenants)
    arguments = {**arguments_of(settings), "held_back": str(held_back), "skip_tenants": ",".join(skip_tenants)}
    return await b.freeze_and_act(REDRIVE, arguments, ids, acting, what=f"dead letters ({held_back} held back)")


async def _plan(
    named: list[str], chosen: Wanted, settings: RedriveSettings, skip_tenants: list[str]
) -> tuple[list[str], int]:
    """The ids of what is sent, in order, and how many are held back."""
    from queuebit_operations.dead_letters.reading import groups_of
    from queuebit_operations.dead_letters.redrive import plan_redrive

    bounds: dict[str, Any] = {"replays_max": settings.replays_max, "quarantined": chosen.quarantined}
    ids: list[str] = []
    held_back = 0
    async with d.opened_reader() as reader:
        for group in groups_of(named, chosen.ids):
            shelf = await reader.shelf(group, chosen)
            shelf.choose(shelf.wanted())
            plan = plan_redrive(shelf.in_sequence(), skip_tenants=skip_tenants, **bounds)
            ids += [f"{group}:{letter}" for letter in plan.send]
            held_back += plan.held_back
    return ids, held_back


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("dlq").command("redrive")(redrive)
