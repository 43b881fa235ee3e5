"""Bulk operations in the store: a stream each, in a category of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast
from uuid import UUID

from queuebit_contracts.operators import OperationEvent, OperationFrozen
from queuebit_contracts.registry import REGISTRY
from queuebit_contracts.streams import OPERATION
from queuebit_domain.holds.register import OPERATOR
from queuebit_operations.bulk.operation import Operation, evolve_operation
from queuebit_operations.errors import NotThere
from queuebit_runtime.clock import Clock
from queuebit_store.leadership.port import Leadership
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, EventLog, Head, Heads, StreamFilter, StreamRow

CATEGORY = OPERATION
PAGE = 500


class OperationStore(EventLog, Heads, Leadership, Protocol):
    """What operations need of the store."""


class Operations:
    """Loads, lists and changes operations; of two who change one at once, one is told so."""

    def __init__(self, store: OperationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create(self, operation_id: UUID, events: Sequence[OperationEvent]) -> Operation:
        """Store a frozen operation, part by part, so that no statement is large."""
        operation: Operation | None = None
        for event in events:
            operation = await self.record(operation_id, operation, [event])
            assert operation is not None, "nobody else knows the id"
        assert operation is not None, "it is frozen first"
        return operation

    async def load(self, operation_id: UUID) -> Operation:
        """The operation as it stands. Raises NotThere."""
        operation: Operation | None = None
        while stored := await self._store.events_of(
            operation_id, after_version=operation.version if operation else 0, limit=PAGE
        ):
            for each in stored:
                if each.version == 1 and each.type != OperationFrozen.__name__:
                    raise NotThere(f"{operation_id} is no operation.", remedy="See: queuebit ops operations list")
                data = REGISTRY.read_stored(each.type, each.schema_version, each.data)
                operation = evolve_operation(operation, cast(OperationEvent, data), each.time)
        if operation is None:
            raise NotThere(f"There is no operation {operation_id}.", remedy="See: queuebit ops operations list")
        return operation

    async def record(
        self, operation_id: UUID, operation: Operation | None, events: Sequence[OperationEvent]
    ) -> Operation | None:
        """Append to it; the operation after that, or None where somebody else was quicker."""
        now = self._clock.now()
        version = operation.version if operation else 0
        after = operation
        for event in events:
            after = evolve_operation(after, event, now)
        assert after is not None, "there is an event"
        head = Head(after.state, None, {"verb": after.verb})
        new = new_events(operation_id, version, events, now)
        append = Append(operation_id, OPERATOR, version, new, head, category=CATEGORY)
        return after if (await self._store.append([append]))[0] else None

    async def list(self, *, limit: int, state: str | None = None) -> list[StreamRow]:
        """The latest operations, newest first; only those in a state, where one is given."""
        states = () if state is None else (state,)
        return await self._store.list_heads(StreamFilter(OPERATOR, states, categories=(CATEGORY,)), limit=limit)
