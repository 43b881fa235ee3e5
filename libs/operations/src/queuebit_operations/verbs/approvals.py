"""`queuebit approvals`: plans that a policy lets a person decide on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from uuid import UUID

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.policies.approvals import Waiting

HELP = (
    "Plans that wait for a person, because a row of `approvals` in the active policy says so. Who decides names by its digest"
    " what was shown. It needs PostgreSQL and no service; the control plane goes on at once."
)
SINCE = timedelta(days=8)
"""No tier waits longer than a week."""

_Digest = Annotated[
    str | None, typer.Option("--digest", metavar="DIGEST", help="What is decided on: at least 8 characters of it.")
]


def register(app: typer.Typer) -> None:
    """Add `approvals` with its verbs to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_)
    group.command("grant")(grant)
    group.command("deny")(deny)
    app.add_typer(group, name="approvals")


def list_(tenant: o.Tenants = None, as_json: o.Json = False) -> int:
    """What waits, what asks first to be decided first: the plan, why it waits, until when, and what is done then."""
    from queuebit_operations.running import run

    return run(_list(tenant, as_json=as_json))


def grant(job: o.Job, reason: a.Reason, digest: _Digest = None, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Allow a plan. Where several must, each of them once; the same person counts once.

    Exit 2: no digest is given; the plan and its digest are told. 3: there is no such job. 6: it waits for nobody, what waits
    is another plan by now, or the same person has said so before.
    """
    from queuebit_operations.running import run

    return run(_say(job, digest, reason, a.actor_or_user(actor), grant=True, as_json=as_json))


def deny(job: o.Job, reason: a.Reason, digest: _Digest = None, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Refuse a plan: its job is cancelled, with your name and reason. Exit codes as with `grant`."""
    from queuebit_operations.running import run

    return run(_say(job, digest, reason, a.actor_or_user(actor), grant=False, as_json=as_json))


async def _list(tenants: list[str] | None, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, show_table
    from queuebit_operations.connections.store import opened_store, postgres_settings
    from queuebit_operations.policies.approvals import waiting_in
    from queuebit_operations.scan.in_order import EventsInOrder
    from queuebit_operations.scan.port import Selection
    from queuebit_operations.scan.postgres import opened_scan

    found: list[Waiting] = []
    async with opened_store(os.environ) as store, opened_scan(postgres_settings(os.environ)) as scan:
        since = await store.now() - SINCE
        selected = Selection((), tuple(tenants or ()), ("ApprovalRequested",), since.astimezone(UTC), None)
        async for window in EventsInOrder(scan.connection, selected, (await scan.marks()).newest).windows():
            streams = await store.load([event.stream_id for event in window.events]) if window.events else {}
            found += [each for job_id, stored in streams.items() if (each := waiting_in(job_id, stored)) is not None]
    found.sort(key=lambda each: each.awaited.expires_at or datetime.max.replace(tzinfo=UTC))
    documents = [each.document() for each in found]
    if as_json:
        print_json({"approvals": documents})
        return ExitCode.OK
    rows = [
        [each["job_id"], each["tenant"], each["role"], (each["expires_at"] or "")[:19], each["otherwise"], each["plan"],
         ", ".join(each["legs"]), f"{len(each['granted_by'])} of {each['quorum']}", each["digest"][:12], each["reason"]]
        for each in documents
    ]  # fmt: skip
    show_table("", ["job", "tenant", "role", "until", "then", "plan", "legs", "granted", "digest", "reason"], rows)
    note(f"{len(rows)} wait.")
    return ExitCode.OK


async def _say(job_id: UUID, digest: str | None, reason: str, actor: str, *, grant: bool, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.policies.approvals import say

    async with opened_store(os.environ) as store:
        left = await say(store, await store_time(store), job_id, digest, actor=actor, reason=reason, grant=grant)
    if as_json:
        print_json({"job_id": str(job_id), "granted": grant, "waits": left.document() if left else None})
    elif left is not None:
        print_line(f"{len(left.awaited.granted_by)} of {left.document()['quorum']} allow it; it waits for more.")
    else:
        print_line("It goes on as planned." if grant else "Its job is being cancelled.")
    return ExitCode.OK
