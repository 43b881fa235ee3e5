"""`queuebit ops kill`, `unkill` and `kill-report`: stop something at once, and see what could not be stopped."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.killing.switch import Report, Switches

_Number = Annotated[
    int, typer.Argument(min=1, metavar="SWITCH", help="Its number, as `kill` and `kill-report` say it.")
]


def add(ops: Groups) -> None:
    """Add the verbs."""
    ops.app.command("kill")(kill)
    ops.app.command("unkill")(unkill)
    ops.app.command("kill-report")(report)


def kill(
    reason: a.Reason,
    mode: Annotated[str, typer.Option("--mode", help="stop, drain or cancel: see above.", metavar="MODE")] = "stop",
    everything: Annotated[bool, typer.Option("--all", help="Everything, of everybody.")] = False,
    tenant: Annotated[str | None, typer.Option("--tenant", help="All work of a tenant.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="All work of a kind of problem.")] = None,
    lane: Annotated[str | None, typer.Option("--lane", help="All work of a lane.")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="All work of a tier.")] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="One backend.")] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="All backends of a provider that have reported.")
    ] = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Throw a kill switch: nothing more of what is named goes out, and nothing more is sent to its backends. PostgreSQL is
    enough.

    stop: what is out and was not begun is taken back too. drain: what is out is finished. cancel: what was begun is taken
    back as well, and providers are told to cancel what they have. In force within a quarter of a second; what a provider has
    may have to be paid all the same: `kill-report` says so. Answers that come yet are believed: what is suspect belongs into
    quarantine.
    """
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.killing.switch import MODES
    from queuebit_operations.running import run

    named = {"tenant": tenant, "kind": kind, "lane": lane, "tier": tier, "backend": backend, "provider": provider}

    async def work() -> ExitCode:
        from dataclasses import asdict

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, print_line

        if mode not in MODES:
            raise BadArgument(f"--mode {mode!r} is not known.", remedy=f"Use one of: {', '.join(MODES)}.")
        if everything == any(named.values()):
            raise BadArgument(
                "Name one thing to stop.",
                remedy="One of --tenant, --kind, --lane, --tier, --backend, --provider, or --all.",
            )
        async with _opened() as switches:
            thrown = await switches.throw(mode, named, actor=a.actor_or_user(actor), reason=reason)
        if as_json:
            print_json(asdict(thrown))
            return ExitCode.OK
        print_line(f"Kill switch {thrown.number} is thrown ({mode}).")
        print_line(f"{thrown.recalled} jobs taken back, {thrown.cancelling} submissions told to stop.")
        print_line(f"See what could not be stopped: queuebit ops kill-report {thrown.number}")
        return ExitCode.OK

    return run(work())


def unkill(number: _Number, reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Lift a kill switch: what it held goes on, but for what another switch or hold stops too. Exit 3: there is none such."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, print_line

        async with _opened() as switches:
            changed = await switches.lift(number, actor=a.actor_or_user(actor), reason=reason)
        if as_json:
            print_json({"switch": number, "changed": changed})
        else:
            print_line(f"Kill switch {number} {'is lifted' if changed else 'was lifted before'}.")
        return ExitCode.OK

    return run(work())


def report(
    number: Annotated[
        int | None, typer.Argument(min=1, metavar="SWITCH", help="Its number; absent, all are listed.")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """What became of what was out when a switch was thrown: what was cancelled, what could not be, and the money that still
    runs.

    Exit 0: nothing is out any more. 1: something lives at a provider, or perhaps. 3: there is no such switch.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, print_line, show_table

        async with _opened() as switches:
            if number is None:
                rows = [_line(each) for each in await switches.all()]
                if as_json:
                    print_json({"switches": rows})
                elif rows:
                    show_table(
                        "", list(rows[0]), [["" if each is None else each for each in row.values()] for row in rows]
                    )
                return ExitCode.OK
            found = await switches.report(number)
        document = _document(found)
        if as_json:
            print_json(document)
        else:
            for name in ("cancelled", "failed", "waiting", "done", "alive"):
                for each in document[name]:
                    print_line(f"{name:<9}  {each['submission']}  {each['backend']}  {each['state']}")
            for account, amount in document["reserved"].items():
                print_line(f"reserved   {amount} in {account}")
        return ExitCode.JOB_NOT_ACCEPTED if found.alive else ExitCode.OK

    return run(work())


def _line(each: Any) -> dict[str, Any]:
    return {
        "switch": each.number,
        "mode": each.mode,
        "scope": each.scope,
        "value": each.value,
        "thrown_at": each.thrown_at.isoformat(timespec="seconds"),
        "actor": each.actor,
        "reason": each.reason,
        "lifted_at": None if each.lifted_at is None else each.lifted_at.isoformat(timespec="seconds"),
        "lifted_by": each.lifted_by,
    }


def _document(found: Report) -> dict[str, Any]:
    def rows(some: Any) -> list[dict[str, Any]]:
        return [
            {
                "submission": str(each.key),
                "backend": each.backend,
                "state": each.state.value,
                "cancel_wanted": each.cancel_wanted,
                "provider_id": each.provider_id,
            }
            for each in some
        ]

    return {
        **_line(found.switch),
        "done": rows(found.done),
        "cancelled": rows(found.cancelled),
        "failed": rows(found.failed),
        "waiting": rows(found.waiting),
        "alive": rows(found.alive),
        "reserved": {account: f"{amount:f}" for account, amount in sorted(found.reserved.items())},
    }


@asynccontextmanager
async def _opened() -> AsyncIterator[Switches]:
    import os

    from queuebit_operations.choosing.postgres import opened_choosing
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_switches, postgres_settings
    from queuebit_operations.killing.switch import Switches

    async with opened_switches(os.environ) as store, opened_choosing(postgres_settings(os.environ)) as choosing:
        yield Switches(store, choosing, await store_time(store))
