"""`queuebit ops replay rewind`: let a group read again what came since a moment."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.replaying.rewind import Move


VERB = "replay rewind"
WAIT_S = 60.0
"""Twice the session timeout of our services, after which the brokers forget a member that ended without a farewell."""


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("replay").command("rewind")(rewind)


def rewind(
    to: Annotated[
        datetime, typer.Option(metavar="TIME", formats=o.FORMATS, help="Back to where the topics were then.")
    ],
    group: Annotated[
        list[str] | None,
        typer.Option(help="Which group of readers; may be said again. Absent, all of the control plane."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run/--apply", help="Only show, or do it.")] = True,
    reason: b.Reason = None,
    wait_s: Annotated[
        float, typer.Option("--wait-s", min=0, help="Wait so long until the brokers have forgotten who read.")
    ] = WAIT_S,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Let groups of readers read again what came since a moment: after the store was restored to that moment.

    What it knows already changes nothing when it comes again. The service that reads must be stopped; its
    membership ends up to a session timeout later, which is waited for. It only moves back.
    """
    from queuebit_operations.running import run

    at = o.in_utc(to)
    assert at is not None

    async def work() -> ExitCode:
        b.need_reason(apply=not dry_run, reason=reason)
        return await _rewind(
            at, group or (), a.actor_or_user(actor), None if dry_run else reason, wait_s, as_json=as_json
        )

    return run(work())


async def _rewind(
    at: datetime, groups: Sequence[str], actor: str, reason: str | None, wait_s: float, *, as_json: bool
) -> ExitCode:
    """Without a reason it only shows."""
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.bulk.recorded import recorded
    from queuebit_operations.connections.bus import kafka_access, namespace_of
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.records.kafka import opened_records
    from queuebit_operations.replaying.rewind import moves_of_all, rewind
    from queuebit_runtime.ids import SystemIds

    async with opened_records(kafka_access(os.environ), namespace_of(os.environ)) as records:
        found = await moves_of_all(records, groups, at)
        for group, moves in found.items():
            if moves and reason is not None:
                given = {"group": group, "to": at.isoformat()}
                async with opened_store(os.environ) as store:
                    clock = await store_time(store)
                    heard: Progress[int] = Progress(clock, _waiting)
                    next_id = SystemIds(clock).mint()
                    async with recorded(store, clock, next_id, VERB, given, actor=actor, reason=reason) as deed:
                        await rewind(records, group, moves, clock, wait_s=wait_s, on_wait=heard.tell)
                        heard.end()
                        deed.outcome = f"{_count(moves)} records are read again."
    dry_run = reason is None
    if as_json:
        print_json(
            {
                "groups": [
                    {"group": group, "records": _count(moves), "moves": [move.document() for move in moves]}
                    for group, moves in found.items()
                ],
                "done": not dry_run,
            }
        )
        return ExitCode.OK
    for group, moves in found.items():
        for move in moves:
            print_line(f"{move.place.topic}/{move.place.partition}: {move.before} -> {move.after}")
        told = "would read" if dry_run else "reads"
        print_line(
            f"{group} {told} {_count(moves)} records again." + (" --apply does it." if dry_run and moves else "")
        )
    return ExitCode.OK


def _count(moves: Sequence[Move]) -> int:
    return sum(move.before - move.after for move in moves)


def _waiting(members: int) -> str:
    return f"{members} members have not left the group yet …"
