"""`queuebit ops operations`: the bulk operations that were frozen, run, stopped or cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

_Operation = Annotated[UUID, typer.Argument(metavar="OPERATION", help="The id of the operation.")]


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("operations")
    group.command("list")(show_all)
    group.command("show")(show)
    group.command("resume")(resume)
    group.command("cancel")(cancel)


def show_all(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 20,
    as_json: o.Json = False,
) -> int:
    """The latest operations, newest first."""
    from queuebit_operations.running import run

    return run(_show_all(limit, as_json=as_json))


def show(
    operation: _Operation,
    targets: Annotated[bool, typer.Option("--targets", help="What it is about, one a line, and nothing else.")] = False,
    as_json: o.Json = False,
) -> int:
    """One operation: how far it is, what became of its targets, who runs it and why."""
    from queuebit_operations.running import run

    return run(_show(operation, targets=targets, as_json=as_json))


def resume(
    operation: _Operation,
    reason: a.Reason,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Act on what was frozen: for the first time, or on from where it was killed, interrupted or stopped."""
    from queuebit_operations.running import run

    return run(b.run_operation(operation, reason, a.actor_or_user(actor), rate, limit, as_json=as_json))


def cancel(operation: _Operation, reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Let it act no further, also while another process runs it: it stops at its next step. What is done stays done."""
    from queuebit_operations.running import run

    return run(_cancel(operation, reason, a.actor_or_user(actor), as_json=as_json))


async def _show_all(limit: int, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, show_table
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store

    async with opened_store(os.environ) as store:
        operations = Operations(store, await store_time(store))
        found = [(row.stream_id, await operations.load(row.stream_id)) for row in await operations.list(limit=limit)]
    if as_json:
        print_json({"operations": [b.document_of(*each) for each in found]})
        return ExitCode.OK
    columns = ["operation", "verb", "state", "done", "of", "by", "reason"]
    rows = [[str(i), it.verb, it.state, it.done, it.count, it.actor or it.frozen_by, it.reason] for i, it in found]
    show_table("", columns, rows)
    if not found:
        note("There are none.")
    return ExitCode.OK


async def _show(operation_id: UUID, *, targets: bool, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store

    async with opened_store(os.environ) as store:
        found = await Operations(store, await store_time(store)).load(operation_id)
    if not targets:
        return b.tell_operation(operation_id, found, as_json=as_json)
    if as_json:
        print_json({"operation": str(operation_id), "targets": list(found.targets)})
        return ExitCode.OK
    for each in found.targets:
        print_line(each)
    return ExitCode.OK


async def _cancel(operation_id: UUID, reason: str, actor: str, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_operations.bulk import operation as rules
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.errors import InConflict

    async with opened_store(os.environ) as store:
        operations = Operations(store, await store_time(store))
        for _ in range(10):
            found = await operations.load(operation_id)
            events = rules.cancel(found, actor=actor, reason=reason)
            if (after := await operations.record(operation_id, found, events)) is not None:
                return b.tell_operation(operation_id, after, as_json=as_json)
    raise InConflict("The operation moves too fast to be cancelled.", remedy="Try again.")
