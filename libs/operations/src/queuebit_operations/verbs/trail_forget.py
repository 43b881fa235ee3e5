"""`queuebit ops trail forget`: what people did long ago is kept no longer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o
from queuebit_operations.verbs.projections_acting import Apply, acting, would

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.trail.store import Trail

VERB = "trail forget"
_Before = Annotated[
    datetime, typer.Option("--before", formats=o.FORMATS, metavar="TIME", help="What was done before this time.")
]
_Tenants = Annotated[list[str] | None, typer.Option("--tenant", help="Only of this tenant; repeatable.")]


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("trail").command("forget")(forget)


def forget(
    before: _Before,
    tenant: _Tenants = None,
    apply: Apply = False,
    reason: b.Reason = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Forget who did what with keys, webhooks and jobs of tenants, and opened what is sealed, before a time. Services never do.

    The oldest go first, some thousand at a time: one that was interrupted or reached its limit is said again. What operators
    did over all tenants is events, and stays. Needs PostgreSQL alone.
    """
    from queuebit_operations.running import run

    return run(_forget(before, tenant, limit, apply=apply, reason=reason, actor=actor, as_json=as_json))


async def _forget(
    before: datetime,
    tenants: list[str] | None,
    limit: int | None,
    *,
    apply: bool,
    reason: str | None,
    actor: str | None,
    as_json: bool,
) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.connections.store import opened_store, postgres_settings
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.trail.store import opened_trail

    b.need_reason(apply=apply, reason=reason)
    until = o.in_utc(before)
    assert until is not None, "it is given"
    async with opened_trail(postgres_settings(os.environ)) as trail:
        if until > await trail.now():
            raise BadArgument(f"--before {until.isoformat()} has not come yet.", remedy="Give a time that is past.")
        counts = await trail.count(tenants or await trail.tenants(), until)
        total = sum(counts.values())
        if not apply:
            said = f"{total} deeds of {len(counts)} tenants before {until.isoformat()} would be forgotten."
            return would(said, "trail", as_json=as_json)
        about = {"before": until.isoformat(), "tenants": ",".join(tenants or ()), "deeds": total, "limit": limit}
        async with opened_store(os.environ) as store, acting(store, VERB, about, reason, actor) as (deed, cancelled):
            gone = await _all_of(trail, counts, until, total if limit is None else min(limit, total), cancelled)
            deed.outcome = f"{gone} of {total} deeds are forgotten"
    if as_json:
        print_json({"before": until.isoformat(), "found": total, "forgotten": gone, "applied": True})
    else:
        print_line(f"{deed.outcome}.")
    return ExitCode.OK


async def _all_of(
    trail: Trail, counts: Mapping[str, int], before: datetime, left: int, cancelled: Callable[[], Awaitable[bool]]
) -> int:
    """Forget tenant by tenant and step by step, until all are gone, `left` are, or somebody has cancelled it."""
    gone = 0
    for tenant in counts:
        while gone < left and not await cancelled():
            step = await trail.forget(tenant, before, left - gone)
            gone += step
            if not step:
                break
    return gone
