"""The shell of a worker: takes work orders, runs them off the event loop, publishes what came of them, then says done.

Small orders of all waiting batches run together: for a moment on the event loop, as a hop to a thread costs more than a few of
them, and what is left then in one hop. Large ones run one by one, bounded, in the order of their tier and never two of one job
at a time. A result is published before its order is done, so a crash repeats the work and never loses it; ids of results derive
from the order, so a repeat is recognised.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from queuebit_contracts.channels import CONTROL, Service
from queuebit_contracts.events import AttemptAbandoned, JobQueued
from queuebit_contracts.jobs import BUDGET_S_MAX
from queuebit_contracts.sealed import SealedStatement
from queuebit_runtime.bus.dead_letters.burial import DeadLetters, hear_dead_letters
from queuebit_runtime.bus.decoding import Item, Received, sort_out, subscribe_decoded
from queuebit_runtime.bus.port import Bus, Delivery, Subscription
from queuebit_runtime.clock import Clock
from queuebit_runtime.retry import FOR_HANDLERS, Backoff
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_runtime.waiting import end_task, wait_event
from queuebit_runtime.worker.attempts import Outcome, begin_attempt, end_attempt, executed, too_late
from queuebit_runtime.worker.executor import Executor, Hop
from queuebit_runtime.worker.joining import Joiner, answer_joined
from queuebit_runtime.worker.keeping import Keeper
from queuebit_runtime.worker.opening import Keyring, any_sealed, opened_orders
from queuebit_runtime.worker.orders import Orders, Work
from queuebit_runtime.worker.progress import ProgressReport
from queuebit_runtime.worker.queue_ages import count_taken, queue_ages
from queuebit_runtime.worker.reports import Report
from queuebit_runtime.worker.results import Results, fields_of
from queuebit_runtime.worker.smalls import Smalls

SMALL_BATCH_MAX = 200
BEGIN_WITHIN_S_MAX = BUDGET_S_MAX + 600.0
"""Within so long of its release an order must begin: the largest budget, the control plane's patience, a margin for clocks."""

_log = logging.getLogger(__name__)


class WorkShell:
    """Subscribes to work orders and to what is abandoned, and runs an executor."""

    def __init__(
        self,
        bus: Bus,
        executor: Executor,
        *,
        service: Service,
        topics: tuple[str, ...],
        group: str,
        worker_name: str,
        clock: Clock,
        concurrency_max: int,
        in_flight_max: int = 2000,
        small_batch_max: int = SMALL_BATCH_MAX,
        hop: Hop = asyncio.to_thread,
        backoff: Backoff = FOR_HANDLERS,
        telemetry: Telemetry = SILENT,
        keeper: Keeper | None = None,
        joiner: Joiner | None = None,
        ring: Keyring | None = None,
    ) -> None:
        """Each topic is read by a group of its own, `<group>.<last word of the topic>`, so that a flood in one tier leaves the
        others room. `hop` runs small orders off the loop; a simulation passes one that calls it directly. No order is taken
        before everything is known that was abandoned within BEGIN_WITHIN_S_MAX; what is older may not begin anyway.
        `keeper`: where orders go that outlive a process. `joiner`: does those together that wait together.
        `ring` opens orders that are sealed; without it they are refused.
        """
        self._bus = bus
        self._executor = executor
        self._keeper = keeper
        self._joiner = joiner
        self._ring = ring
        self._service = service
        self._worker_name = worker_name
        self._clock = clock
        self._concurrency_max = concurrency_max
        self._small_batch_max = small_batch_max
        self._hop = hop
        self._telemetry = telemetry
        self._smalls = Smalls(executor, clock, telemetry)
        self._results = Results(bus, clock, backoff, telemetry)
        self._orders = Orders()
        self._tasks: set[asyncio.Task[object]] = set()
        self._small_task: asyncio.Task[object] | None = None
        self._stopping = False
        self._idle = asyncio.Event()
        self._caught_up = asyncio.Event()
        all_letters: list[DeadLetters] = []
        for topic in topics:
            letters = DeadLetters(bus, group=f"{group}.{topic.rpartition('.')[2]}", consumer=service, clock=clock)
            all_letters.append(letters)
            bus.subscribe(
                Subscription(
                    topics=(topic,),
                    group=letters.group,
                    handler=partial(self._on_orders, letters),
                    in_flight_max=in_flight_max,
                )
            )
        hear_dead_letters(bus, all_letters, group)
        self._hear_control(group)

    def _hear_control(self, group: str) -> None:
        subscribe_decoded(
            self._bus,
            topics=(CONTROL,),
            group=f"{group}.control",
            handle=self._on_control,
            broadcast=True,
            from_age_s=BEGIN_WITHIN_S_MAX,
            caught_up=self._caught_up.set,
        )

    async def stop(self, drain_s: float = 10.0) -> None:
        """Begin nothing large any more, wait at most so long for what runs, then end it. Stop the bus afterwards: what is not
        done is delivered elsewhere.
        """
        self._stopping = True
        self._caught_up.set()
        deadline = self._clock.monotonic_s() + drain_s
        while self._tasks or self._small_task:
            self._idle.clear()
            if not await wait_event(self._idle, self._clock, deadline - self._clock.monotonic_s()):
                break
        for task in list(self._tasks):
            await end_task(task)
        await end_task(self._small_task)

    def show_queue(self) -> None:
        """Tell telemetry how long orders wait here."""
        self._telemetry.show(Metric.QUEUE_AGE, queue_ages(self._orders.waiting(), self._clock.now()))

    async def _on_orders(self, letters: DeadLetters, delivery: Delivery) -> None:
        """Sort a batch into what runs at once, what waits, and what is done already."""
        await self._caught_up.wait()
        await letters.wait_known()
        if self._stopping:
            return
        items, dead = sort_out(delivery.records, letters)
        await letters.bury(dead)
        if len(items) < len(delivery.records):
            kept = {id(item.record) for item in items}
            for record in delivery.records:
                if id(record) not in kept:
                    delivery.done(record)
        if any_sealed(items):
            items = list(await self._opened(items, delivery))
        now = self._clock.now()
        for item in items:
            assert isinstance(item, Received)
            self._take(item, delivery, now)
        self._dispatch()

    async def _opened(self, items: Sequence[Item], delivery: Delivery) -> Sequence[Item]:
        """The orders that can be worked on; the others are answered here."""
        found, refused = await opened_orders(items, self._ring)
        if refused:
            works: list[tuple[Work, Outcome]] = [(_work(item, self._service), failure) for item, failure in refused]
            await self._results.publish(works)
            for item, _ in refused:
                delivery.done(item.record)
        return found

    def _take(self, item: Received, delivery: Delivery, now: datetime) -> None:
        order = item.envelope.data
        assert isinstance(order, JobQueued)
        if not self._orders.claim(order.attempt_id, delivery, item.record):
            large = self._orders.has_large(item.envelope.subject) or not self._is_small(order, now)
            statement = order.problem.statement
            key = statement.key if statement.__class__ is SealedStatement else None
            work = Work(order, Report(item.envelope, self._service, key), large=large)
            work.claims.append((delivery, item.record))
            if self._joiner is not None and large:
                work.alike = self._joiner.alike(order, item.envelope.tenant, item.envelope.subject)
            self._orders.add(work)
            if self._telemetry.on and (order.number > 1 or order.role == "fallback"):
                count_taken(self._telemetry, order)

    def _is_small(self, order: JobQueued, now: datetime) -> bool:
        """What comes too late is answered at once too; of what is small that is asked when it runs."""
        try:
            return self._executor.is_small(order) or too_late(order, now) is not None
        except Exception:
            return True

    async def _on_control(self, items: Sequence[Item]) -> None:
        now, abandoned = self._clock.now(), list[UUID]()
        for item in items:
            if isinstance(item, Received) and isinstance(item.envelope.data, AttemptAbandoned):
                told = item.envelope.data
                begin_by = told.begin_by or now + timedelta(seconds=BEGIN_WITHIN_S_MAX)
                self._orders.abandon(told.attempt_id, begin_by, now)
                abandoned.append(told.attempt_id)
        self._dispatch()
        if self._keeper is not None and abandoned:
            await self._keeper.abandon(abandoned)

    def _dispatch(self) -> None:
        """Begin what may begin: interactive before batch before scheduled."""
        if self._small_task is None and self._orders.small_waiting:
            self._small_task = asyncio.ensure_future(self._run_smalls())
        while not self._stopping and len(self._tasks) < self._concurrency_max:
            work = self._orders.next_large()
            if work is None:
                return
            others, joiner = self._orders.next_alike(work), self._joiner
            run = self._run_joined([work, *others], joiner) if others and joiner else self._run_large(work)
            task = asyncio.ensure_future(run)
            self._tasks.add(task)
            task.add_done_callback(partial(self._ended, work))

    def _ended(self, work: Work, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        self._idle.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("An order was left undone.", exc_info=error, extra=work.report.log_fields)
        self._dispatch()

    async def _run_smalls(self) -> None:
        works: list[Work] = []
        try:
            while works := self._orders.next_smalls(self._small_batch_max):
                outcomes = self._smalls.run_directly(works)
                if len(outcomes) < len(works):
                    outcomes += await self._hop(partial(self._smalls.run_all, works[len(outcomes) :]))
                await self._results.publish(list(zip(works, outcomes, strict=True)))
                for work in works:
                    self._orders.finish(work)
        except Exception:
            _log.exception("%d orders were left undone.", len(works), extra=fields_of(works))
        finally:
            for work in works:
                self._orders.drop(work)
            self._small_task = None
            self._idle.set()

    async def _run_large(self, work: Work) -> None:
        progress = ProgressReport(work.report, self._bus, self._clock)
        try:
            late = too_late(work.order, self._clock.now(), begun=work.begun)
            if late is not None:
                outcome: Outcome = late
            elif self._keeper is not None and await self._keeper.keep(work):
                await self._results.started([work], self._worker_name)
                self._orders.finish(work)
                return
            else:
                await self._results.started([work], self._worker_name)
                outcome = await self._outcome(work, progress)
            await progress.end()
            await self._results.publish([(work, outcome)])
            self._orders.finish(work)
        finally:
            await progress.end()
            self._orders.drop(work)

    async def _run_joined(self, works: list[Work], joiner: Joiner) -> None:
        alone: list[Work] = []
        try:
            alone += await answer_joined(
                works, joiner, self._results, self._clock, self._telemetry, worker=self._worker_name
            )
            await self._results.waiting(alone)
            self._orders.put_back(alone)
            for work in works:
                if work not in alone:
                    self._orders.finish(work)
        finally:
            for work in works:
                if work not in alone:
                    self._orders.drop(work)

    async def _outcome(self, work: Work, progress: ProgressReport) -> Outcome:
        """What the executor does, as telemetry sees it."""
        span = begin_attempt(self._telemetry, work)
        try:
            run = self._executor.run(work.order, progress.offer, work.stop)
            outcome = await executed(work, run, self._clock)
        except BaseException:
            if span is not None:
                span.end("left_undone")
            raise
        end_attempt(span, outcome)
        return outcome


def _work(item: Received, service: Service) -> Work:
    """An order that is answered without being done."""
    assert isinstance(item.envelope.data, JobQueued)
    return Work(item.envelope.data, Report(item.envelope, service), large=False)
