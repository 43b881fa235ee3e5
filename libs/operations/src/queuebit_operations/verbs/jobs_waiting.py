"""`queuebit ops jobs reprioritise` and `reroute`: what waits for its turn goes before others, or on elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import jobs_options as j
from queuebit_operations.verbs.flag_sets import with_flags

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

_Priority = Annotated[
    int, typer.Option("--priority", help="From -9 to 9: the highest goes first, 0 is that of all others.", metavar="P")
]
_Lane = Annotated[str | None, typer.Option("--lane", help="The lane on which its plan goes on.")]
_Backend = Annotated[
    str | None, typer.Option("--backend", metavar="NAME", help="Where what waits goes instead, in the place of --lane.")
]


@with_flags
def reprioritise(jobs: j.Jobs = None, *, priority: _Priority, chosen: j.Waiting, acting: b.Acting) -> int:
    """Let jobs that wait for their turn go before others of their tenant, or behind them. Other tenants get what they got.

    A job that is out, held by an operator or ended is refused, and counted by where it stands.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_contracts.operators import PRIORITY_MAX, PRIORITY_MIN
        from queuebit_operations.errors import BadArgument
        from queuebit_operations.jobs.acting import REPRIORITISE

        if not PRIORITY_MIN <= priority <= PRIORITY_MAX:
            raise BadArgument(
                f"--priority {priority} is not from {PRIORITY_MIN} to {PRIORITY_MAX}.", remedy="The highest goes first."
            )
        return await j.act_on_waiting(REPRIORITISE, jobs, chosen, "held", acting, {"priority": str(priority)})

    return run(work())


@with_flags
def reroute(
    jobs: j.Jobs = None, *, lane: _Lane = None, backend: _Backend = None, chosen: j.Waiting, acting: b.Acting
) -> int:
    """Let jobs that wait for their turn on one lane go on with what their plan has on another, without waiting any longer.

    With --lane, where a plan goes next is not changed: a job whose plan does not go on on that lane is refused. With --backend
    what waits is planned onto that backend, within the guards of its policy, its budgets and the regions of its data. A job of
    which anything is or was out is refused either way.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_contracts.jobs import LANES
        from queuebit_operations.errors import BadArgument
        from queuebit_operations.jobs.acting import REROUTE

        if (lane is None) == (backend is None):
            raise BadArgument("Say where to: --lane or --backend.", remedy="See --help.")
        if lane is not None and lane not in LANES:
            raise BadArgument(f"--lane {lane!r} is none of: {', '.join(LANES)}.", remedy="See --help.")
        where = {"to_backend": backend} if lane is None else {"lane": lane}
        return await j.act_on_waiting(
            REROUTE, jobs, chosen, "held", acting, {name: value for name, value in where.items() if value is not None}
        )

    return run(work())


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("jobs")
    group.command("reprioritise")(reprioritise)
    group.command("reroute")(reroute)
