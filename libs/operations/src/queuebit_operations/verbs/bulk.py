"""What every bulk verb has: it shows first, freezes what it showed, and acts only when it is told to, with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_contracts.jobs import Lane
    from queuebit_operations.bulk.operation import Operation
    from queuebit_operations.bulk.runner import Act
    from queuebit_operations.connections.store import OperatorStore
    from queuebit_runtime.clock import Clock

Apply = Annotated[
    bool,
    typer.Option("--apply/--dry-run", help="Act at once; else only count and freeze, and say how to act on just that."),
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; it is recorded. Needed to act.", metavar="TEXT")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Act on at most so many, and stop there.")]
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Acting:
    """Whether a verb acts on what it has frozen, and how."""

    apply: Apply = False
    reason: Reason = None
    rate: a.Rate = None
    limit: Limit = None
    actor: a.Actor = None
    as_json: o.Json = False

    def need_reason(self) -> None:
        """See below."""
        need_reason(apply=self.apply, reason=self.reason)


def need_reason(*, apply: bool, reason: str | None) -> None:
    """Said before anything is asked of a server. Raises BadArgument."""
    from queuebit_operations.errors import BadArgument

    if apply and not reason:
        raise BadArgument("A reason is needed to act.", remedy="Say why: --reason 'text'")


async def freeze_and_act(
    verb: str,
    arguments: Mapping[str, str | None],
    targets: Sequence[object],
    acting: Acting,
    *,
    what: str = "jobs",
) -> ExitCode:
    """Freeze an operation on these targets, say how many they are, and run it where that is asked."""
    import os
    import time

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_contracts.ids import uuid7
    from queuebit_operations.bulk.operation import freeze
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store

    acting.need_reason()
    who = a.actor_or_user(acting.actor)
    operation_id = uuid7(time.time_ns() // 1_000_000, int.from_bytes(os.urandom(9)))
    given = {name: value for name, value in arguments.items() if value is not None}
    texts = [str(each) for each in targets]
    async with opened_store(os.environ) as store:
        await Operations(store, await store_time(store)).create(operation_id, freeze(verb, given, texts, who))
    note(f"{verb}: {len(texts)} {what}, frozen as the operation {operation_id}.")
    if acting.apply and acting.reason and texts:
        return await run_operation(operation_id, acting.reason, who, acting.rate, acting.limit, as_json=acting.as_json)
    if acting.as_json:
        print_json({"operation": str(operation_id), "verb": verb, "targets": len(texts), "state": "frozen"})
    else:
        for each in texts[:SHOWN]:
            print_line(each)
        if len(texts) > SHOWN:
            note(f"… and {len(texts) - SHOWN} others.")
    if texts:
        note(f"Nothing was changed. To act on them: queuebit ops operations resume {operation_id} --reason 'why'")
    return ExitCode.OK


async def run_operation(
    operation_id: UUID, reason: str, actor: str, rate: float | None, limit: int | None, *, as_json: bool
) -> ExitCode:
    """Run it to its end, its limit or its cancellation, and say what became of its targets."""
    import os
    import socket

    from queuebit_operations.bulk.runner import Runner
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.connections.store import opened_store

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened_store(os.environ))
        clock = await store_time(store)
        verb = (await Operations(store, clock).load(operation_id)).verb
        act = await _act_of(verb, store, clock, operation_id, stack)
        progress = Progress["Operation"](clock, lambda it: f"{it.done} of {it.count}: {_counts(it.outcomes)}")
        holder = f"{socket.gethostname()}/{os.getpid()}/{clock.monotonic_s()}"
        try:
            ended = await Runner(store, clock, holder=holder).run(
                operation_id, act, actor=actor, reason=reason, rate_per_s=rate, limit=limit, told=progress.tell
            )
        finally:
            progress.end()
    return tell_operation(operation_id, ended, as_json=as_json)


async def _act_of(verb: str, store: OperatorStore, clock: Clock, operation_id: UUID, stack: AsyncExitStack) -> Act:
    """What the verb does; what it has to connect to is closed with `stack`."""
    import os

    from queuebit_operations.archiving import acting as archiving
    from queuebit_operations.dead_letters import acting as dead_letters
    from queuebit_operations.jobs.acting import RECALL, act_of

    if verb in dead_letters.VERBS:
        return await stack.enter_async_context(dead_letters.opened_act(verb, os.environ, clock, operation_id))
    if verb in archiving.VERBS:
        return await stack.enter_async_context(archiving.opened_act(verb, os.environ, clock, _rows))
    backends = await _backends(clock) if verb == RECALL else None
    return act_of(verb, store, clock, operation_id, backends=backends)


async def _backends(clock: Clock) -> Mapping[Lane, frozenset[str]]:
    """Those that each lane has; none, and a word of it, where Kafka does not answer."""
    import os

    from queuebit_client.cli.output import note
    from queuebit_operations.connections.bus import kafka_access, namespace_of
    from queuebit_operations.holding.backends import known_backends
    from queuebit_operations.records.kafka import opened_records
    from queuebit_runtime.errors import BusError

    try:
        async with opened_records(kafka_access(os.environ), namespace_of(os.environ)) as records:
            return await known_backends(records, clock.now())
    except BusError as error:
        note(f"Kafka does not answer, so holds on backends take nothing back: {error}")
        return {}


def _rows(table: str, rows: int) -> None:
    from queuebit_client.cli.output import note

    if rows % 100_000 == 0:
        note(f"{rows:,} {table}")


def tell_operation(operation_id: UUID, operation: Operation, *, as_json: bool) -> ExitCode:
    """Where an operation stands, for people or as JSON; the exit code says where something of it failed."""
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line

    if as_json:
        print_json(document_of(operation_id, operation))
    else:
        print_line(f"{operation_id}  {operation.verb}  {operation.state}  {operation.done} of {operation.count}")
        for name, value in operation.arguments.items():
            print_line(f"  {name}: {value}")
        if operation.reason:
            print_line(f"  by {operation.actor}: {operation.reason}")
        for name, count in sorted((operation.outcomes or {}).items()):
            print_line(f"  {count} {name}")
        for target, why in (operation.failures or {}).items():
            print_line(f"  failed {target}: {why}")
        if operation.note:
            print_line(f"  {operation.note}")
    return ExitCode.PARTLY_FAILED if operation.failed or operation.failures else ExitCode.OK


def document_of(operation_id: UUID, operation: Operation) -> dict[str, Any]:
    """The operation as JSON, without its targets."""
    return {
        "operation": str(operation_id),
        "verb": operation.verb,
        "arguments": dict(operation.arguments),
        "state": operation.state,
        "targets": operation.count,
        "done": operation.done,
        "outcomes": dict(operation.outcomes or {}),
        "failures": dict(operation.failures or {}),
        "frozen_by": operation.frozen_by,
        "frozen_at": operation.frozen_at.isoformat(),
        "actor": operation.actor,
        "reason": operation.reason,
        "rate_per_s": operation.rate_per_s,
        "note": operation.note,
    }


def _counts(outcomes: Mapping[str, int] | None) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted((outcomes or {}).items())) or "begins"
