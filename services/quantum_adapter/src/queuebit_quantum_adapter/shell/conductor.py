"""Carries kept attempts on: a step in a process when a result is there, a sign of life while it is not, and the outcome.

No process and no partition is held while an attempt waits, for seconds or for days. Any adapter may carry on any attempt: it
claims it for a short time, and whoever dies is followed by another one when that is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from queuebit_contracts.channels import EXECUTIONS
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded
from queuebit_contracts.failures import FAILURES
from queuebit_contracts.jobs import is_past
from queuebit_contracts.registry import type_bytes_of
from queuebit_quantum_adapter.shell.accounts import Accountant
from queuebit_quantum_adapter.shell.executor import QuantumExecutor, TaskHop
from queuebit_quantum_adapter.shell.signs import Carried, Signs
from queuebit_quantum_adapter.shell.stepping import AGAIN_S, Pace, Stepper, usage_of
from queuebit_quantum_adapter.shell.tidying import Tidier
from queuebit_quantum_adapter.submissions.ledger import Ledger, OpenLedger
from queuebit_quantum_adapter.submissions.packed import order_of, packed, record_of
from queuebit_runtime.bus.port import Bus, BusError
from queuebit_runtime.clock import Clock
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.waiting import end_task, wait_event
from queuebit_runtime.worker import results
from queuebit_runtime.worker.attempts import Outcome as Told
from queuebit_runtime.worker.orders import Work
from queuebit_runtime.worker.reports import Report, cancelled
from queuebit_store.attempts.port import KeptAttempt
from queuebit_store.errors import StoreError

CARRIED_MAX = 16
"""So many are looked at at once, beside those that are gone through."""
DEFER_S = 60.0
DEFERRED_MAX = 10_000
"""How often those that wait for their turn say so, and how many of them are remembered here."""
ABANDONED_MAX, STOPPED_MAX = 100_000, 1000
"""How many abandoned attempts are remembered until the ledger has noted them, and how many it notes at a time."""

_SUCCEEDED = type_bytes_of(ExecutionSucceeded)

_log = logging.getLogger(__name__)


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
        accountant: Accountant | None = None,
    ) -> None:
        """`backends`: those that are configured here. What waits at others is left to whoever knows them. `accountant`: tells
        what was used and told by no outcome; nobody does where it is None.
        """
        self._open_ledger = open_ledger
        self._backends = backends
        self._bus = bus
        self._clock = clock
        self._pace = pace
        self._owner = owner
        self._signs = Signs(bus, clock, pace.sign_s)
        self._stepper = Stepper(pool, executor, clock, pace, self._signs, hop=hop)
        self._tidier = Tidier(clock, pace.kept_s)
        self._accountant = accountant
        self._deferred: dict[UUID, None] = {}
        self._abandoned: dict[UUID, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._accounting: asyncio.Task[None] | None = None
        self._new = asyncio.Event()

    def hurry(self) -> None:
        """There is something new to carry on."""
        self._new.set()

    def abandon(self, attempt_ids: Sequence[UUID]) -> None:
        """Nobody wants these any more: noted in the ledger as soon as that takes it."""
        self._abandoned.update(dict.fromkeys(attempt_ids))
        for forgotten in list(self._abandoned)[: max(0, len(self._abandoned) - ABANDONED_MAX)]:
            del self._abandoned[forgotten]
            _log.warning("The ledger has been away for so long that an abandoned attempt may go on: %s", forgotten)
        self.hurry()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then what is under way is left to others at once."""
        try:
            while not stop.is_set():
                try:
                    ledger = await self._open_ledger()
                    await self._note_abandoned(ledger)
                    await self._begin_due(ledger)
                    await self._tidier.tidy(ledger)
                    self._account(ledger)
                except StoreError as error:
                    _log.warning("Kept attempts could not be looked for: %s", error)
                await self._rest(stop)
        finally:
            for task in [*self._tasks, *((self._accounting,) if self._accounting is not None else ())]:
                await end_task(task)

    def _account(self, ledger: Ledger) -> None:
        """Beside what is carried on: a provider that says what it was paid for may take its time."""
        if self._accountant is None or (self._accounting is not None and not self._accounting.done()):
            return
        self._accounting = asyncio.ensure_future(_accounted(self._accountant, ledger))

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

    async def _note_abandoned(self, ledger: Ledger) -> None:
        while attempt_ids := list(self._abandoned)[:STOPPED_MAX]:
            await ledger.stop_attempts(attempt_ids)
            for noted in attempt_ids:
                self._abandoned.pop(noted, None)

    async def _begin_due(self, ledger: Ledger) -> None:
        """What is due, whatever is gone through meanwhile: signs of life wait for no work. Then whose turn it is."""
        while len(self._tasks) - self._stepper.running < CARRIED_MAX:
            row = await ledger.claim_attempt(self._backends, self._owner, self._pace.lease_s)
            if row is None:
                break
            self._begin(ledger, row)
        for attempt_id in list(self._deferred)[: self._stepper.free]:
            del self._deferred[attempt_id]
            row = await ledger.claim_kept(attempt_id, self._owner, self._pace.lease_s)
            if row is not None:
                self._begin(ledger, row)

    def _begin(self, ledger: Ledger, row: KeptAttempt) -> None:
        self._deferred.pop(row.attempt_id, None)
        task = asyncio.ensure_future(self._carried(ledger, row))
        self._tasks.add(task)
        task.add_done_callback(self._done)

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
            carried = Carried(ledger, row, work)
            told = await self._outcome(carried)
            if told is None:
                return
            row = carried.row
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
        record = record_of(row.outcome, EXECUTIONS, work.report.job.encode())
        try:
            await self._bus.publish([record])
        except BusError as error:
            _log.warning("An outcome was not published; it is sent again: %s", error, extra=work.report.log_fields)
            due_at = await ledger.attempts_now() + timedelta(seconds=AGAIN_S)
            await ledger.save_attempt(replace(row, due_at=due_at), release=True)
        else:
            await ledger.end_attempt(row, counted=("ce_type", _SUCCEEDED) in record.headers)

    async def _outcome(self, carried: Carried) -> Told | None:
        """What became of it; None where it waits, or where somebody else carries it on."""
        ledger, row, order = carried.ledger, carried.row, carried.work.order
        now = await ledger.attempts_now()
        if row.stop_wanted or is_past(order.deadline, self._clock.now()):
            return cancelled(order, usage_of(row, now))
        if row.awaits is not None:
            awaited = await ledger.submission(row.awaits)
            if awaited is not None and not awaited.state.final:
                await self._signs.rest(carried, now)
                return None
        if not self._stepper.free:
            await self._signs.defer(carried, now, DEFER_S)
            if len(self._deferred) < DEFERRED_MAX:  # not before the claim is given back: it could not be claimed yet
                self._deferred[row.attempt_id] = None
            return None
        return await self._stepper.step(carried)


async def _accounted(accountant: Accountant, ledger: Ledger) -> None:
    """What cannot be told now is told when it is looked at again."""
    try:
        await accountant.tell(ledger)
    except StoreError as error:
        _log.warning("What was used and is known late could not be looked for: %s", error)
    except Exception:
        _log.exception("What was used and is known late could not be told.")


def _is_last(told: Told) -> bool:
    """Whether nobody will ask for what was handed in: a further try finds it."""
    return isinstance(told, ExecutionFailed) and (told.action or FAILURES[told.code].action) != "retry"
