"""`queuebit ops quarantine`: hold back a job, a tenant, a kind, a lane or a backend that is suspect, and let it go again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_contracts.operators import HoldScope

_Job = Annotated[str | None, typer.Option("--job", help="One job.", metavar="JOB")]
_Tenant = Annotated[str | None, typer.Option("--tenant", help="All jobs of a tenant.")]
_Kind = Annotated[str | None, typer.Option("--kind", help="All jobs of a kind of problem.")]
_Lane = Annotated[str | None, typer.Option("--lane", help="All work of a lane.")]
_Backend = Annotated[
    str | None,
    typer.Option(
        "--backend", help="A backend: a lane that has no other waits, and what it still answers is not believed."
    ),
]
SHOWN_MAX = 10_000


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("quarantine")
    group.command("add")(place)
    group.command("list")(show)
    group.command("release")(release)


def place(
    reason: a.Reason,
    job: _Job = None,
    tenant: _Tenant = None,
    kind: _Kind = None,
    lane: _Lane = None,
    backend: _Backend = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Hold something back: jobs are still taken in and planned, and wait before their next attempt. All others flow.

    In force everywhere within a quarter of a second. Deadlines count on. Needs PostgreSQL alone. Held already is no error.
    """
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.holding.selectors import selected
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        scope, value = selected(job=job, tenant=tenant, kind=kind, lane=lane, backend=backend)
        if scope == "all":
            raise BadArgument(
                "Nothing is named.",
                remedy="Name a --job, --tenant, --kind, --lane or --backend; for everything: queuebit ops pause",
            )
        return await hold_back("quarantine", scope, value, reason, a.actor_or_user(actor), as_json=as_json)

    return run(work())


def show(as_json: o.Json = False) -> int:
    """Everything that is held back now, by quarantine or pause: who, since when, why, and how many jobs wait."""
    from queuebit_operations.running import run

    return run(_show(as_json=as_json))


def release(
    number: Annotated[int, typer.Argument(min=1, help="The number of the hold, from the list.", metavar="HOLD")],
    reason: a.Reason,
    rate: a.Rate = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Let go what a hold holds: all at once, or at a rate, the oldest first, until nothing waits behind it."""
    from queuebit_operations.running import run

    return run(let_go([number], reason, a.actor_or_user(actor), rate, as_json=as_json))


async def hold_back(why: str, scope: HoldScope, value: str, reason: str, actor: str, *, as_json: bool) -> ExitCode:
    """Place a hold and say so."""
    import os
    from uuid import UUID

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_contracts.operators import HoldPlaced
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_switches
    from queuebit_operations.errors import NotThere
    from queuebit_operations.holding.register import HoldRegister

    wanted = HoldPlaced.model_validate({"why": why, "scope": scope, "value": value, "actor": actor, "reason": reason})
    reported: list[str] = []
    async with opened_switches(os.environ) as store:
        if scope == "job" and not await store.heads([UUID(value)]):
            raise NotThere(f"There is no job {value}.", remedy="Check the id and QUEUEBIT_NAMESPACE.")
        hold, new = await HoldRegister(store, await store_time(store)).place(wanted)
        if scope == "backend":
            reported = [each.backend for each in await store.reported_backends()]
    if scope == "backend" and value not in reported:
        note(f"No backend {value} has reported here. These have: {', '.join(reported) or 'none'}.")
    if as_json:
        print_json({"hold": hold.number, "new": new, "scope": hold.scope, "value": hold.value, "why": hold.why})
    else:
        print_line(
            f"Hold {hold.number}: {hold.name} is held back."
            if new
            else f"Hold {hold.number} by {hold.actor} holds {hold.name} back already: {hold.reason}"
        )
    return ExitCode.OK


async def let_go(numbers: list[int], reason: str, actor: str, rate: float | None, *, as_json: bool) -> ExitCode:
    """Lift holds and say so."""
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.holding.register import HoldRegister

    async with opened_store(os.environ) as store:
        register = HoldRegister(store, await store_time(store))
        changed = [await register.lift(each, actor=actor, reason=reason, rate_per_s=rate) for each in numbers]
        waiting = await register.waiting(limit=SHOWN_MAX)
    if as_json:
        print_json({"holds": numbers, "changed": changed, "rate_per_s": rate, "jobs_held": waiting})
        return ExitCode.OK
    for number in numbers:
        print_line(f"Hold {number} {'is lifted' if rate is None else f'lets at most {rate:g} jobs a second through'}.")
    print_line(f"{counted(waiting)} held now.")
    return ExitCode.OK


async def _show(*, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, show_table
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.holding.register import HoldRegister

    async with opened_store(os.environ) as store:
        register = HoldRegister(store, await store_time(store))
        holds = await register.holds()
        waiting = await register.waiting(limit=SHOWN_MAX)
    rows: list[dict[str, object]] = [
        {
            "hold": hold.number,
            "why": hold.why,
            "scope": hold.scope,
            "value": hold.value,
            "since": hold.placed_at.isoformat(timespec="seconds"),
            "actor": hold.actor,
            "reason": hold.reason,
            "rate_per_s": hold.rate_per_s,
        }
        for hold in holds.holds
    ]
    if as_json:
        print_json({"holds": rows, "jobs_held": waiting, "counted_to": SHOWN_MAX})
        return ExitCode.OK
    show_table("", ["hold", "why", "what", "since", "by", "reason", "rate"], [_line(row) for row in rows])
    note(f"{counted(waiting)} held." if rows or waiting else "Nothing is held back.")
    return ExitCode.OK


def _line(row: dict[str, object]) -> list[object]:
    rate = row["rate_per_s"]
    what = "everything" if row["scope"] == "all" else f"{row['scope']} {row['value']}"
    return [
        row["hold"],
        row["why"],
        what,
        row["since"],
        row["actor"],
        row["reason"],
        "" if rate is None else f"{rate:g}/s",
    ]


def counted(waiting: int) -> str:
    """How many jobs, in words."""
    if waiting >= SHOWN_MAX:
        return f"{SHOWN_MAX} jobs or more are"
    return "1 job is" if waiting == 1 else f"{waiting} jobs are"
