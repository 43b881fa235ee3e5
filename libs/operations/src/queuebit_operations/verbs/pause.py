"""`queuebit ops pause` and `queuebit ops resume`: stop work from flowing, look, and let it flow again, gradually."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

_Tenant = Annotated[str | None, typer.Option("--tenant", help="The work of one tenant.")]
_Lane = Annotated[str | None, typer.Option("--lane", help="The work of one lane.")]
_Tier = Annotated[str | None, typer.Option("--tier", help="The work of one tier.")]


def add(ops: Groups) -> None:
    """Add the verbs."""
    ops.app.command("pause")(pause)
    ops.app.command("resume")(resume)


def pause(
    reason: a.Reason,
    tenant: _Tenant = None,
    lane: _Lane = None,
    tier: _Tier = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Let no further work onto a lane: of everybody, or of one tenant, lane or tier.

    Questions are still taken in and planned; attempts that are out already end as they would. Survives restarts; `queuebit up
    --paused` starts so. Needs PostgreSQL alone.
    """
    from queuebit_operations.holding.selectors import selected
    from queuebit_operations.running import run
    from queuebit_operations.verbs.quarantine import hold_back

    async def work() -> ExitCode:
        scope, value = selected(tenant=tenant, lane=lane, tier=tier)
        return await hold_back("pause", scope, value, reason, a.actor_or_user(actor), as_json=as_json)

    return run(work())


def resume(
    reason: a.Reason,
    tenant: _Tenant = None,
    lane: _Lane = None,
    tier: _Tier = None,
    rate: a.Rate = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Let work flow again that was paused: all at once, or at a rate, the oldest first, until nothing waits.

    Name what was paused. Without a name the pause of everything is lifted; what is quarantined stays so.
    """
    from queuebit_operations.running import run

    return run(_resume(reason, tenant, lane, tier, rate, a.actor_or_user(actor), as_json=as_json))


async def _resume(
    reason: str,
    tenant: str | None,
    lane: str | None,
    tier: str | None,
    rate: float | None,
    actor: str,
    *,
    as_json: bool,
) -> ExitCode:
    import os

    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.errors import NotThere
    from queuebit_operations.holding.register import HoldRegister
    from queuebit_operations.holding.selectors import selected
    from queuebit_operations.verbs.quarantine import let_go

    scope, value = selected(tenant=tenant, lane=lane, tier=tier)
    async with opened_store(os.environ) as store:
        holds = await HoldRegister(store, await store_time(store)).holds()
    hold = holds.on(scope, value)
    if hold is None or hold.why != "pause":
        others = ", ".join(each.name for each in holds.holds if each.why == "pause") or "nothing"
        what = "Everything" if scope == "all" else f"The {scope} {value}"
        raise NotThere(f"{what} is not paused. Paused is: {others}.", remedy="See: queuebit ops quarantine list")
    return await let_go([hold.number], reason, actor, rate, as_json=as_json)
