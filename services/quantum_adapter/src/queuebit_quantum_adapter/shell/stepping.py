"""Steps of attempts that are kept: each goes through its attempt in a process, to its outcome or the next result that is not
there yet.

A step that ends in a way that nobody expected says nothing of what was handed in. While something is on its way the attempt
waits for it, and only then it is gone through again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Cost, Money, Usage
from queuebit_quantum_adapter.ports import CostPart
from queuebit_quantum_adapter.shell.executor import QuantumExecutor, TaskHop, ended_by, told_of
from queuebit_quantum_adapter.shell.signs import Carried, Signs
from queuebit_quantum_adapter.shell.task import FREE, Failed, Outcome, Stage, Step, Task, Waiting
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolCrashed, PoolError, PoolStopped, TaskFailed
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.waiting import end_task
from queuebit_runtime.worker.attempts import Outcome as Told
from queuebit_store.attempts.port import KeptAttempt, Use
from queuebit_store.errors import StoreError
from queuebit_store.gates.port import USUAL

STEP = "queuebit_quantum_adapter.shell.child:step"
AGAIN_S = 1.0
"""When something is tried again that others did not take."""
SIGN_S = 60.0
"""How often an attempt says that it is worked on, or waits for a process."""
UNEXPECTED_MAX, REMEMBERED_MAX = 3, 10_000
"""So often in a row a step may end unexpectedly before its attempt ends; of how many attempts that is remembered."""
_SILENT = FailureCode.BACKEND_UNAVAILABLE

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it looks for what is due, how soon the first sign of life follows, how long a claim holds without renewal.
    `steps_max`: so many attempts are gone through at once; `kept_s`: how long what has ended stays in the ledger.
    """

    interval_s: float
    sign_s: float
    lease_s: float
    steps_max: int = 4
    kept_s: float = 30 * 86_400.0


class Stepper:
    """Goes through attempts in processes, so many at once."""

    def __init__(
        self,
        pool: Pool,
        executor: QuantumExecutor,
        clock: Clock,
        pace: Pace,
        signs: Signs,
        *,
        hop: TaskHop,
    ) -> None:
        self._pool = pool
        self._executor = executor
        self._clock = clock
        self._pace = pace
        self._signs = signs
        self._hop = hop
        self._unexpected: Counter[UUID] = Counter()
        self.running = 0

    @property
    def free(self) -> int:
        """How many more may be gone through now."""
        return max(0, self._pace.steps_max - self.running)

    async def step(self, carried: Carried) -> Told | None:
        """What became of it; None where it waits, or where it is left to whoever claims it next."""
        self.running += 1
        try:
            return await self._step(carried)
        finally:
            self.running -= 1

    async def _step(self, carried: Carried) -> Told | None:
        order, task = carried.work.order, None
        stop = asyncio.Event()
        try:
            task = await self._hop(lambda: self._executor.task_of(order, carried.row.backend))
            if (away := await self._outage(carried, task)) is not None:
                return await self._told(carried, task, away)
            async with self._renewed(carried, stop):
                ended: Any = await self._pool.run(
                    STEP,
                    Step(task, carried.row.lineage, carried.row.epoch, carried.row.journal),
                    timeout_s=order.budget_s + self._executor.grace_s,
                    on_progress=_unheard,
                    stop=stop,
                )
        except PoolStopped:
            await self._leave(carried)
            return None
        except Exception as error:
            ended = await self._explained(carried, error)
        else:
            self._unexpected.pop(carried.row.attempt_id, None)
            if isinstance(ended, Failed) and ended.code is _SILENT and ended.action is None:
                ended = await self._silent(carried, task, ended)
        return await self._told(carried, task, ended)

    async def _told(self, carried: Carried, task: Task | None, ended: Any) -> Told | None:
        row, work = carried.row, carried.work
        now = await carried.ledger.attempts_now()
        match ended:
            case Waiting(None, reason):
                if reason:
                    _log.warning("A kept attempt is left to others: %s", reason, extra=work.report.log_fields)
                await self._leave(carried)
                return None
            case Waiting(key):
                carried.row = replace(row, awaits=key)
                await self._signs.rest(carried, now)
                return None
            case Outcome():
                assert task is not None
                wall_s = (now - row.created_at).total_seconds()
                if ended.used:
                    ended = untold(ended, await carried.ledger.count_uses(row, list(ended.used)))
                return self._executor.succeeded(work.order, ended, task.backend, row.created_at, wall_s)
            case Failed(code, action=None) if task is not None and task.patient and code is _SILENT:
                # What the provider itself has ended says what is to be done: it would end as often as it is looked at.
                carried.row = replace(row, awaits=None)
                await self._signs.rest(carried, now)
                return None
            case Failed():
                return told_of(work.order, ended, task, usage_of(row, now))
            case _:
                raise AssertionError(f"a step ended as {type(ended).__name__}")

    async def _outage(self, carried: Carried, task: Task) -> Failed | None:
        """What is said without a step: its backend does not answer, and nothing of the attempt was handed in there. One that
        is patient waits on.
        """
        if carried.row.awaits is not None:
            return None
        ledger = carried.ledger
        gate, now = await ledger.gate(carried.row.backend), await ledger.attempts_now()
        if gate.open_until is None or gate.open_until <= now or await ledger.submissions_of(carried.row.lineage):
            return None
        return Failed(
            _SILENT, f"{carried.row.backend} does not answer.", "", action=None if task.patient else "reroute"
        )

    async def _silent(self, carried: Carried, task: Task, ended: Failed) -> Failed:
        """Its backend did not answer the step, which counts for all: where that is too often, it goes elsewhere at once. How
        long the step waited for a process says nothing of the backend.
        """
        gate = await carried.ledger.note_silence(carried.row.backend, USUAL, USUAL.weight(ended.silent_s or 0.0))
        return ended if gate.open_until is None or task.patient else replace(ended, action="reroute")

    async def _explained(self, carried: Carried, error: Exception) -> Failed | Waiting:
        """What an error says of the attempt. One of the process says nothing of what is on its way: that is waited for."""
        if not isinstance(error, PoolError):
            return ended_by(error)
        handed_in = await carried.ledger.submissions_of(carried.row.lineage)
        live = next((row.key for row in handed_in if not row.state.final), None)
        if live is not None:
            _log.warning("A step ended, and what it handed in is waited for: %s", error)
            return Waiting(live)
        if not isinstance(error, TaskFailed | PoolCrashed):
            return ended_by(error)
        attempt_id = carried.row.attempt_id
        if len(self._unexpected) >= REMEMBERED_MAX:
            self._unexpected.clear()
        self._unexpected[attempt_id] += 1
        if self._unexpected[attempt_id] < UNEXPECTED_MAX:
            return Waiting(None, f"A step ended unexpectedly: {error}")
        self._unexpected.pop(attempt_id)
        failed = ended_by(error)
        # A further try finds what was paid for.
        return replace(failed, action="retry") if handed_in else failed

    async def _leave(self, carried: Carried) -> None:
        """Whoever has time may go on; where nobody wants it any more, that is seen then."""
        ledger, row = carried.ledger, carried.row
        found = await ledger.attempt(row.attempt_id)
        if found is not None and found.epoch == row.epoch:
            due_at = await ledger.attempts_now() + timedelta(seconds=AGAIN_S)
            await ledger.save_attempt(replace(row, due_at=due_at), release=True)

    @asynccontextmanager
    async def _renewed(self, carried: Carried, stop: asyncio.Event) -> AsyncIterator[None]:
        """The claim holds as long as this lasts, and signs are given; `stop` is set when somebody else has it or nobody wants
        the attempt.
        """
        lease_s, ledger = self._pace.lease_s, carried.ledger
        signed_s = self._clock.monotonic_s()

        async def renew() -> None:
            nonlocal signed_s
            while not stop.is_set():
                await self._clock.sleep(lease_s / 3)
                try:
                    if not await ledger.renew_attempt(carried.row.attempt_id, carried.row.epoch, lease_s):
                        stop.set()
                    elif self._clock.monotonic_s() - signed_s >= max(self._signs.first_s, SIGN_S):
                        signed_s = self._clock.monotonic_s()
                        await self._signs.work_on(carried, await ledger.attempts_now())
                except StoreError as error:
                    _log.warning("A claim could not be renewed: %s", error)

        renewing = asyncio.ensure_future(renew())
        try:
            yield
        finally:
            await end_task(renewing)


def untold(ended: Outcome, mine: Mapping[UUID, Use]) -> Outcome:
    """The outcome with what it used and cost that was told by nobody else: not by another outcome, and not late. `mine`: what
    was told late of the submissions that are its own to tell.
    """
    left = [(use, mine[key]) for key, use in ended.used.items() if key in mine]
    qpu_s = sum(max(0.0, use.qpu_s - told.qpu_s) for use, told in left)
    shots = sum(max(0, use.shots - told.shots) for use, told in left)
    cost = cost_of(part for key, told in mine.items() if told == Use() for part in ended.costs.get(key, ()))
    return replace(ended, qpu_s=qpu_s, shots=shots, cost=cost)


def cost_of(parts: Iterable[CostPart]) -> Cost:
    """The sum of parts of prices, currency by currency."""
    sums: dict[str, Decimal] = {}
    for part in parts:
        sums[part.currency] = sums.get(part.currency, Decimal(0)) + Decimal(str(part.amount))
    paid = [Money(amount=f"{amount:f}", currency=currency) for currency, amount in sums.items() if amount]
    if not paid:
        return FREE
    main, *further = paid
    return Cost(amount=main.amount, currency=main.currency, further=tuple(further) or None)


def usage_of(row: KeptAttempt, now: datetime) -> Usage:
    return Usage(wall_s=(now - row.created_at).total_seconds())


def _unheard(item: Any) -> None:
    """Steps are gone through again and again: how far one is says nothing of the attempt."""
    assert isinstance(item, Stage)
