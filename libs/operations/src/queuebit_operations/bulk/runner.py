"""Runs a bulk operation: one process at a time, in steps, as fast as it may, until it is done, stopped or cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from queuebit_operations.bulk.operation import FAILED, Operation, advance, start
from queuebit_operations.bulk.store import Operations, OperationStore
from queuebit_operations.errors import InConflict
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task

STEP_MAX = 100
LEASE_S = 30.0
RECENT = 10
"""Of smaller steps so many outcomes are looked at together, to see whether most fails."""


class Step(NamedTuple):
    """What became of each target of a step, which may be the first of them only; `failures` says why those failed whose outcome
    is `failed`, and those of earlier steps that turned out so only now; `stop` why the operation may not go on by itself.
    """

    outcomes: Mapping[str, str]
    failures: Mapping[str, str] = {}
    stop: str = ""


Act = Callable[[Sequence[str], Operation], Awaitable[Step]]
"""Acts on some targets. It may be called again with the same ones after a crash, and must bear that."""
Told = Callable[[Operation], None]


class Runner:
    """`holder` is new at each start of a process."""

    def __init__(self, store: OperationStore, clock: Clock, *, holder: str, step_max: int = STEP_MAX) -> None:
        self._store = store
        self._operations = Operations(store, clock)
        self._clock = clock
        self._holder = holder
        self._step_max = step_max

    async def run(
        self,
        operation_id: UUID,
        act: Act,
        *,
        actor: str,
        reason: str,
        rate_per_s: float | None = None,
        limit: int | None = None,
        told: Told = lambda _operation: None,
    ) -> Operation:
        """Start it, or go on where it was interrupted. Raises InConflict where another process runs it, or where it ended."""
        lease = await self._store.take(f"operation/{operation_id}", self._holder, LEASE_S)
        if lease is None:
            raise InConflict(
                f"The operation {operation_id} is being run by another process.",
                remedy=f"Wait for it, or cancel it; one that died gives way within {LEASE_S:g} s.",
            )
        try:
            operation = await self._operations.load(operation_id)
            events = start(operation, actor=actor, reason=reason, rate_per_s=rate_per_s, limit=limit)
            begun = await self._operations.record(operation_id, operation, events)
            if begun is None:
                raise InConflict("Somebody else changed the operation just now.", remedy="Look at it, and try again.")
            return await self._go_on(operation_id, begun, act, told)
        finally:
            await self._store.release(lease)

    async def carry_on(self, operation_id: UUID, act: Act) -> Operation | None:
        """Run one that was started elsewhere and that nobody runs; None where another process does, or it runs no more."""
        lease = await self._store.take(f"operation/{operation_id}", self._holder, LEASE_S)
        if lease is None:
            return None
        try:
            operation = await self._operations.load(operation_id)
            if operation.state != "running":
                return None
            return await self._go_on(operation_id, operation, act, lambda _operation: None)
        finally:
            await self._store.release(lease)

    async def _go_on(self, operation_id: UUID, operation: Operation, act: Act, told: Told) -> Operation:
        began_at_s, began = self._clock.monotonic_s(), operation.done
        recent: list[str] = []
        size = (
            self._step_max if operation.rate_per_s is None else max(1, min(self._step_max, int(operation.rate_per_s)))
        )
        while operation.state == "running":
            if await self._store.take(f"operation/{operation_id}", self._holder, LEASE_S) is None:
                raise InConflict("Another process runs the operation now: this one was too slow.")
            targets = operation.next(size)
            step = await self._step(operation_id, act(targets, operation)) if targets else Step({})
            operation = await self._record(operation_id, operation, step, recent)
            recent = [*recent, *step.outcomes.values()][-RECENT:]
            told(operation)
            if operation.rate_per_s is not None and operation.state == "running":
                due_s = began_at_s + (operation.done - began) / operation.rate_per_s
                await self._clock.sleep(max(0.0, due_s - self._clock.monotonic_s()))
        return operation

    async def _record(self, operation_id: UUID, operation: Operation, step: Step, recent: Sequence[str]) -> Operation:
        """What the step did counts, also where somebody cancelled the operation meanwhile: nobody else can have changed it."""
        room = RECENT - len(step.outcomes)
        before = recent[-room:] if room > 0 else ()
        while True:
            events = advance(operation, step.outcomes, step.failures, stop=step.stop, recent=before)
            after = await self._operations.record(operation_id, operation, events)
            if after is not None:
                return after
            operation = await self._operations.load(operation_id)

    async def _step(self, operation_id: UUID, acting: Awaitable[Step]) -> Step:
        """Act, and keep the lease however long that takes: nobody may begin beside a step that is not recorded yet."""
        keeper = asyncio.create_task(self._keep(operation_id))
        try:
            return await acting
        finally:
            await end_task(keeper)

    async def _keep(self, operation_id: UUID) -> None:
        while True:
            await self._clock.sleep(LEASE_S / 3)
            await self._store.take(f"operation/{operation_id}", self._holder, LEASE_S)


def failed_all(targets: Sequence[str], why: str) -> Step:
    """Nothing of a step could be done."""
    return Step(dict.fromkeys(targets, FAILED), dict.fromkeys(targets, why))
