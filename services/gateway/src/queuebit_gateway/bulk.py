"""Bulk operations over HTTP: frozen first, so that what was shown is what is done; started and cancelled with a reason.

Here their events are appended and nothing else: whoever runs them does so beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from queuebit_contracts.operators import (
    RUN_HERE,
    TARGETS_A_PART,
    OperationEvent,
    OperationFrozen,
    OperationStarted,
    OperationStopped,
    OperationTargets,
    RunHere,
)
from queuebit_contracts.streams import OPERATION
from queuebit_domain.holds.register import OPERATOR
from queuebit_gateway.problem_details import Refusal
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, EventLog, Head, Heads, StreamFilter, StreamRow

TARGETS_MAX = 10_000
PAGE = 500
TRIES_MAX = 10
ENDED = frozenset({"done", "cancelled"})


class Store(EventLog, Heads, Protocol):
    """What is needed of the store."""


class BulkOperations:
    """`runs`: whether this gateway may append what operators say, and somebody beside it runs what is started.

    Every method raises Refusal operation_not_here where it may not.
    """

    def __init__(self, store: Store, clock: Clock, ids: Ids, *, runs: bool) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._runs = runs

    async def chosen(self, wanted: StreamFilter) -> list[UUID]:
        """The jobs that these filters choose, at most so many. Raises Refusal too_many_targets, StoreError."""
        found: list[UUID] = []
        while page := await self._store.list_heads(wanted, limit=PAGE):
            found += [row.stream_id for row in page]
            if len(found) > TARGETS_MAX:
                raise Refusal("too_many_targets", f"More than {TARGETS_MAX} jobs are chosen.")
            if len(page) < PAGE:
                break
            wanted = replace(wanted, before=page[-1].place)
        return found

    async def prepare(self, verb: RunHere, arguments: Mapping[str, str], targets: Sequence[UUID], actor: str) -> UUID:
        """Freeze what it is about; its id. Raises StoreError."""
        self._may()
        operation_id = self._ids.mint()
        texts = [str(each) for each in targets]
        parts = [tuple(texts[at : at + TARGETS_A_PART]) for at in range(0, len(texts), TARGETS_A_PART)]
        frozen = OperationFrozen(verb=verb, arguments=dict(arguments), targets=len(texts), actor=actor)
        events: list[OperationEvent] = [frozen, *(OperationTargets(targets=part) for part in parts)]
        for version, event in enumerate(events):
            state = "frozen" if version == len(parts) else "freezing"
            await self._append(operation_id, version, verb, state, event)
        return operation_id

    async def start(
        self, operation_id: UUID, actor: str, reason: str, rate_per_s: float | None, limit: int | None
    ) -> None:
        """Let it act, for the first time or on from where it stopped.

        Raises Refusal: operation_not_found, operation_not_here, operation_conflict.
        """
        self._may()
        row = await self._row(operation_id)
        if row.head.attributes["verb"] not in RUN_HERE:
            raise Refusal("operation_not_here")
        if row.head.state not in ("frozen", "stopped"):
            raise Refusal("operation_conflict", f"The operation is {row.head.state}.")
        event = OperationStarted(actor=actor, reason=reason, rate_per_s=rate_per_s, limit=limit)
        if not await self._append(operation_id, row.version, row.head.attributes["verb"], "running", event):
            raise Refusal("operation_conflict", "Somebody else changed the operation just now.")

    async def cancel(self, operation_id: UUID, actor: str, reason: str) -> None:
        """Let it act no further; what is done stays done. Raises Refusal as `start`."""
        self._may()
        event = OperationStopped(how="cancelled", actor=actor, reason=reason)
        for _ in range(TRIES_MAX):
            row = await self._row(operation_id)
            if row.head.state in ENDED:
                raise Refusal("operation_conflict", f"The operation is {row.head.state} already.")
            if await self._append(operation_id, row.version, row.head.attributes["verb"], "cancelled", event):
                return
        raise Refusal("operation_conflict", "The operation moves too fast to be cancelled.", remedy="Try again.")

    def _may(self) -> None:
        if not self._runs:
            raise Refusal("operation_not_here")

    async def _row(self, operation_id: UUID) -> StreamRow:
        row = (await self._store.heads([operation_id])).get(operation_id)
        if row is None or row.category != OPERATION or row.tenant != OPERATOR:
            raise Refusal("operation_not_found")
        return row

    async def _append(self, operation_id: UUID, version: int, verb: str, state: str, event: OperationEvent) -> bool:
        new = new_events(operation_id, version, [event], self._clock.now())
        head = Head(state, None, {"verb": verb})
        append = Append(operation_id, OPERATOR, version, new, head, category=OPERATION)
        return (await self._store.append([append]))[0]
