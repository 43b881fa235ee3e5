"""`queuebit ops jobs reprioritise` and `reroute`: what waits for its turn goes before others, or on by its plan elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import jobs_bulk as j
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

_Priority = Annotated[
    int, typer.Option("--priority", help="From -9 to 9: the highest goes first, 0 is that of all others.", metavar="P")
]


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("jobs")
    group.command("reprioritise")(reprioritise)
    group.command("reroute")(reroute)


def reprioritise(
    priority: _Priority,
    jobs: j.Jobs = None,
    since: j.Since = None,
    until: j.Until = None,
    tenant: j.Tenant = None,
    kind: j.Kind = None,
    tier: Annotated[str | None, typer.Option("--tier", help="Of this tier.")] = None,
    apply: b.Apply = False,
    reason: b.Reason = None,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Let jobs that wait for their turn go before others of their tenant, or behind them. Other tenants get what they got.

    A job that is out, held by an operator or ended is refused, and counted by where it stands.
    """
    from queuebit_operations.choosing.port import Standing
    from queuebit_operations.running import run

    wanted = Standing("held", tenant, kind, tier, o.in_utc(since), o.in_utc(until))
    return run(_reprioritise(priority, jobs, wanted, apply, reason, rate, limit, actor, as_json))


def reroute(
    lane: Annotated[str, typer.Option("--lane", help="The lane on which its plan goes on.")],
    jobs: j.Jobs = None,
    since: j.Since = None,
    until: j.Until = None,
    tenant: j.Tenant = None,
    kind: j.Kind = None,
    tier: Annotated[str | None, typer.Option("--tier", help="Of this tier.")] = None,
    apply: b.Apply = False,
    reason: b.Reason = None,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Let jobs that wait for their turn on one lane go on with what their plan has on another, without waiting any longer.

    Where a plan goes next is not changed: a job whose plan does not go on on that lane is refused, and so is one of which
    anything is or was out. To ask on any other lane: queuebit ops jobs cancel, then rerun --lane.
    """
    from queuebit_operations.choosing.port import Standing
    from queuebit_operations.running import run

    wanted = Standing("held", tenant, kind, tier, o.in_utc(since), o.in_utc(until))
    return run(_reroute(lane, jobs, wanted, apply, reason, rate, limit, actor, as_json))


async def _reroute(
    lane: str,
    jobs: list[UUID] | None,
    wanted: object,
    apply: bool,
    reason: str | None,
    rate: float | None,
    limit: int | None,
    actor: str | None,
    as_json: bool,
) -> ExitCode:
    from queuebit_contracts.jobs import LANES
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.jobs.acting import REROUTE

    if lane not in LANES:
        raise BadArgument(f"--lane {lane!r} is none of: {', '.join(LANES)}.", remedy="See --help.")
    return await j.standing(REROUTE, jobs, wanted, apply, reason, rate, limit, actor, as_json, {"lane": lane})


async def _reprioritise(
    priority: int,
    jobs: list[UUID] | None,
    wanted: object,
    apply: bool,
    reason: str | None,
    rate: float | None,
    limit: int | None,
    actor: str | None,
    as_json: bool,
) -> ExitCode:
    from queuebit_contracts.operators import PRIORITY_MAX, PRIORITY_MIN
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.jobs.acting import REPRIORITISE

    if not PRIORITY_MIN <= priority <= PRIORITY_MAX:
        raise BadArgument(
            f"--priority {priority} is not from {PRIORITY_MIN} to {PRIORITY_MAX}.", remedy="The highest goes first."
        )
    more = {"priority": str(priority)}
    return await j.standing(REPRIORITISE, jobs, wanted, apply, reason, rate, limit, actor, as_json, more)
