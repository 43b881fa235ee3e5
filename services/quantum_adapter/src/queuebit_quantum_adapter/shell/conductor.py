"""Carries kept attempts on: a step in a process when a result is there, a sign of life while it is not, and the outcome.

No process and no partition is held while an attempt waits, for seconds or for days. Any adapter may carry on any attempt: it
claims it for a short time, and whoever dies is followed by another one when that is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from queuebit_contracts.channels import EXECUTIONS
from queuebit_contracts.events import ExecutionFailed
from queuebit_contracts.failures import FAILURES, FailureCode
from queuebit_contracts.jobs import Usage, is_past
from queuebit_quantum_adapter.shell.executor import QuantumExecutor, TaskHop, ended_by, told_of
from queuebit_quantum_adapter.shell.task import Failed, Outcome, Stage, Step, Waiting
from queuebit_quantum_adapter.submissions.ledger import Ledger, OpenLedger
from queuebit_quantum_adapter.submissions.packed import order_of, packed, record_of
from queuebit_runtime.bus.port import Bus, BusError
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolStopped
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.waiting import end_task, wait_event
from queuebit_runtime.worker import results
from queuebit_runtime.worker.attempts import Outcome as Told
from queuebit_runtime.worker.orders import Work
from queuebit_runtime.worker.reports import Report, cancelled, progressed
from queuebit_store.attempts.port import KeptAttempt
from queuebit_store.errors import StoreError

STEP = "queuebit_quantum_adapter.shell.child:step"
CARRIED_MAX = 16
AGAIN_S = 1.0
"""When something is tried again that others did not take."""
SIGN_S_MAX = 3600.0
_SILENT = FailureCode.BACKEND_UNAVAILABLE
TIDY_S, ENDED_S, ORPHANED_S, TIDIED_MAX = 600.0, 30 * 86_400.0, 600.0, 1000
"""How often what nobody needs any more is put away: attempts that ended so long ago, and submissions whose attempts ended so
long ago that no further try will ask for them.
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it looks for what is due, how soon the first sign of life follows, how long a claim holds without renewal."""

    interval_s: float
    sign_s: float
    lease_s: float


class Conductor:
    """One of possibly many, on the ledger that they share."""

    def __init__(
        self,
        open_ledger: OpenLedger,
        bus: Bus,
        pool: Pool,
        executor: QuantumExecutor,
        clock: Clock,
        pace: Pace,
        backends: Collection[str],
        *,
        owner: str,
        hop: TaskHop = asyncio.to_thread,
    ) -> None:
        """`backends`: those that are configured here. What waits at others is left to whoever knows them."""
        self._open_ledger = open_ledger
        self._backends = backends
        self._bus = bus
        self._pool = pool
        self._executor = executor
        self._clock = clock
        self._pace = pace
        self._owner = owner
        self._hop = hop
        self._tasks: set[asyncio.Task[None]] = set()
        self._new = asyncio.Event()
        self._tidied_s = float("-inf")

    def hurry(self) -> None:
        """There is something new to carry on."""
        self._new.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then what is under way is left to others at once."""
        try:
            while not stop.is_set():
                try:
                    await self._begin_due(await self._open_ledger())
                except StoreError as error:
                    _log.warning("Kept attempts could not be looked for: %s", error)
                await self._rest(stop)
        finally:
            for task in list(self._tasks):
                await end_task(task)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Until there is something new, told to stop, or it is time to look again."""
        hurried = asyncio.ensure_future(self._new.wait())
        try:
            resting = asyncio.ensure_future(wait_event(stop, self._clock, self._pace.interval_s))
            await asyncio.wait((hurried, resting), return_when=asyncio.FIRST_COMPLETED)
            await end_task(resting)
        finally:
            hurried.cancel()
        self._new.clear()

    async def _begin_due(self, ledger: Ledger) -> None:
        while len(self._tasks) < CARRIED_MAX:
            row = await ledger.claim_attempt(self._backends, self._owner, self._pace.lease_s)
            if row is None:
                break
            task = asyncio.ensure_future(self._carried(ledger, row))
            self._tasks.add(task)
            task.add_done_callback(self._done)
        if self._clock.monotonic_s() - self._tidied_s >= TIDY_S:
            self._tidied_s, now = self._clock.monotonic_s(), await ledger.attempts_now()
            await ledger.forget_attempts(now - timedelta(seconds=ENDED_S), TIDIED_MAX)
            await ledger.cancel_orphans(now - timedelta(seconds=ORPHANED_S), TIDIED_MAX)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.hurry()

    async def _carried(self, ledger: Ledger, row: KeptAttempt) -> None:
        """What raises here is left to whoever claims the attempt next."""
        try:
            await self._carry(ledger, row)
        except asyncio.CancelledError:
            found = await ledger.attempt(row.attempt_id)
            if found is not None and found.epoch == row.epoch and found.lease_until is not None:
                await ledger.save_attempt(found, release=True)
            raise
        except StoreError as error:
            _log.warning("A kept attempt is left to others: %s", error)
        except Exception:
            _log.exception("A kept attempt is left to others.")

    async def _carry(self, ledger: Ledger, row: KeptAttempt) -> None:
        data = await ledger.attempt_order(row.attempt_id)
        if data is None:
            return
        envelope = order_of(data)
        work = Work(envelope.data, Report(envelope, "quantum-adapter"), large=True)  # type: ignore[arg-type]
        if row.outcome is None:
            told = await self._outcome(ledger, row, work)
            if told is None:
                return
            record = results.record_of(work, told, self._clock.now())
            row = replace(row, outcome=packed(record.headers, record.value))
            if not await ledger.save_attempt(row, release=False):
                return
            if _is_last(told):
                await ledger.want_cancelled(row.lineage)
        await self._tell(ledger, row, work)

    async def _tell(self, ledger: Ledger, row: KeptAttempt, work: Work) -> None:
        """Its outcome is stored: publish it, and then it has ended."""
        assert row.outcome is not None
        try:
            await self._bus.publish([record_of(row.outcome, EXECUTIONS, work.report.job.encode())])
        except BusError as error:
            _log.warning("An outcome was not published; it is sent again: %s", error, extra=work.report.log_fields)
            due_at = await ledger.attempts_now() + timedelta(seconds=AGAIN_S)
            await ledger.save_attempt(replace(row, due_at=due_at), release=True)
        else:
            await ledger.end_attempt(row)

    async def _outcome(self, ledger: Ledger, row: KeptAttempt, work: Work) -> Told | None:
        """What became of it; None where it waits, or where somebody else carries it on."""
        now = await ledger.attempts_now()
        if row.stop_wanted or is_past(work.order.deadline, self._clock.now()):
            return cancelled(work.order, _usage(row, now))
        if row.awaits is not None:
            awaited = await ledger.submission(row.awaits)
            if awaited is not None and not awaited.state.final:
                await self._give_sign(ledger, row, work, now)
                return None
        return await self._step(ledger, row, work)

    async def _give_sign(self, ledger: Ledger, row: KeptAttempt, work: Work, now: datetime) -> None:
        """Say that it waits, where in the queue, and when it is heard of next: so no timer takes it for lost."""
        waited_s = (now - row.created_at).total_seconds()
        pause_s = min(max(self._pace.sign_s, waited_s / 10), SIGN_S_MAX)
        row = replace(row, signs=row.signs + 1, due_at=now + timedelta(seconds=pause_s))
        if not await ledger.save_attempt(row, release=True):
            return
        awaited = None if row.awaits is None else await ledger.submission(row.awaits)
        sign = progressed(
            work.order,
            waited_s,
            "It waits at the provider." if awaited is None else f"round {awaited.round}: {awaited.detail}",
            queue_position=None if awaited is None else awaited.queue_position,
            wait_s=None if awaited is None else awaited.wait_s,
            next_within_s=2 * pause_s,
        )
        try:
            await self._bus.publish([work.report.record(sign, self._clock.now(), row.signs)])
        except BusError:
            _log.info("A sign of life was not published.", extra=work.report.log_fields)

    async def _step(self, ledger: Ledger, row: KeptAttempt, work: Work) -> Told | None:
        """Go through the attempt in a process, to its outcome or until the next result is not there yet."""
        order, task = work.order, None
        stop = asyncio.Event()
        try:
            task = await self._hop(lambda: self._executor.task_of(order, row.backend))
            async with self._renewed(ledger, row, stop):
                ended: Any = await self._pool.run(
                    STEP,
                    Step(task, row.lineage, row.epoch, row.journal),
                    timeout_s=order.budget_s + self._executor.grace_s,
                    on_progress=_unheard,
                    stop=stop,
                )
        except PoolStopped:
            await self._leave(ledger, row)
            return None
        except Exception as error:
            ended = ended_by(error)
        now = await ledger.attempts_now()
        match ended:
            case Waiting(None, reason):
                if reason:
                    _log.warning("A kept attempt is left to others: %s", reason, extra=work.report.log_fields)
                await self._leave(ledger, row)
                return None
            case Waiting(key):
                await self._give_sign(ledger, replace(row, awaits=key), work, now)
                return None
            case Outcome():
                assert task is not None
                wall_s = (now - row.created_at).total_seconds()
                return self._executor.succeeded(order, ended, task.backend, row.created_at, wall_s)
            case Failed(code, action=None) if task is not None and task.patient and code is _SILENT:
                # What the provider itself has ended says what is to be done: it would end as often as it is looked at.
                await self._give_sign(ledger, replace(row, awaits=None), work, now)
                return None
            case Failed():
                return told_of(order, ended, task, _usage(row, now))
            case _:
                raise AssertionError(f"a step ended as {type(ended).__name__}")

    async def _leave(self, ledger: Ledger, row: KeptAttempt) -> None:
        """Whoever has time may go on; where nobody wants it any more, that is seen then."""
        found = await ledger.attempt(row.attempt_id)
        if found is not None and found.epoch == row.epoch:
            due_at = await ledger.attempts_now() + timedelta(seconds=AGAIN_S)
            await ledger.save_attempt(replace(row, due_at=due_at), release=True)

    @asynccontextmanager
    async def _renewed(self, ledger: Ledger, row: KeptAttempt, stop: asyncio.Event) -> AsyncIterator[None]:
        """The claim holds as long as this lasts; `stop` is set when somebody else has it or nobody wants the attempt."""

        async def renew() -> None:
            while not stop.is_set():
                await self._clock.sleep(self._pace.lease_s / 3)
                try:
                    if not await ledger.renew_attempt(row.attempt_id, row.epoch, self._pace.lease_s):
                        stop.set()
                except StoreError as error:
                    _log.warning("A claim could not be renewed: %s", error)

        renewing = asyncio.ensure_future(renew())
        try:
            yield
        finally:
            await end_task(renewing)


def _is_last(told: Told) -> bool:
    """Whether nobody will ask for what was handed in: a further try finds it."""
    return isinstance(told, ExecutionFailed) and (told.action or FAILURES[told.code].action) != "retry"


def _usage(row: KeptAttempt, now: datetime) -> Usage:
    return Usage(wall_s=(now - row.created_at).total_seconds())


def _unheard(item: Any) -> None:
    """Steps are gone through again and again: how far one is says nothing of the attempt."""
    assert isinstance(item, Stage)
