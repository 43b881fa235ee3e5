"""A job waits a week in the queue of its provider and ends well: nothing is held, everything restarts, others pass."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_domain.job.messages import Wake
from queuebit_domain.job.timers import next_wake
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.ports import Poll, Recovery, Request, RunState
from queuebit_quantum_adapter.shell.conductor import Conductor
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.keeper import lineage_of
from queuebit_quantum_adapter.shell.stepping import Pace
from queuebit_quantum_adapter.shell.task import Step, Waiting
from queuebit_quantum_adapter.submissions.codec import encode_request, hash_of
from queuebit_quantum_adapter.submissions.following import advance
from queuebit_quantum_adapter.submissions.journal import Journal
from queuebit_quantum_adapter.submissions.ledger import Loop
from queuebit_quantum_adapter.submissions.packed import packed
from queuebit_quantum_adapter.submissions.parking import Claim, Parking, Waits
from queuebit_runtime.clock import SystemClock
from queuebit_store.attempts.port import NewAttempt
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.submissions.port import NewSubmission, SubmissionState
from tests.builders import JOB_ID, NOW, a_submit, at
from tests.fakes.buses import CollectingBus
from tests.fakes.memory_provider import MemoryProvider
from tests.fakes.opened_provider import OPENED, SPEC
from tests.unit.control_plane.given import Story, given
from tests.unit.quantum_adapter.models import LIMITS

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
OTHERS_A_DAY = 40
SIGNS_MAX = 400


class Slow(MemoryProvider):
    """The first that is handed in waits for a week; whatever comes later overtakes it."""

    def __init__(self, now_s: Any) -> None:
        super().__init__(recovery=Recovery.FENCE)
        self._now_s = now_s
        self.first: str | None = None

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        provider_id = super().submit(request, key, fence)
        self.first = self.first or provider_id
        return provider_id

    def poll(self, provider_id: str) -> Poll:
        left_s = WEEK_S - self._now_s()
        if provider_id == self.first and left_s > 0:
            return Poll(RunState.QUEUED, int(left_s // 3600) + 1, left_s)
        while not (seen := super().poll(provider_id)).state.final:
            pass
        return seen


class Processes:
    """Steps as worker processes take them, and how many there were at once."""

    def __init__(self, store: MemoryStore) -> None:
        self._store, self._loop = store, Loop()
        self.running = self.ran = 0

    async def open(self) -> Any:
        return self._store

    async def run(self, function_path: str, argument: Step, **_: Any) -> Any:
        self.running, self.ran = self.running + 1, self.ran + 1
        try:
            return await asyncio.to_thread(self._step, argument)
        finally:
            self.running -= 1

    def _step(self, asked: Step) -> Any:
        journal = Journal(asked.journal)
        claim = Claim(asked.task.attempt_id, asked.lineage, asked.epoch, SPEC)
        parking = Parking(self.open, claim, journal, loop=self._loop)
        try:
            return frame.run(asked.task, lambda _: None, frame.Kept(parking, journal))
        except Waits as waits:
            return Waiting(waits.key)

    async def close(self) -> None:
        return


class Week:
    """The ledger and the provider outlive everything; the conductor starts anew every half day."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.store = MemoryStore(MemoryDatabase(lambda: self.now_s))
        self.provider = Slow(lambda: self.now_s)
        OPENED[:] = [self.provider]
        self.processes = Processes(self.store)
        self.bus = CollectingBus()
        self.others = 0

    async def open(self) -> Any:
        return self.store

    def conductor(self) -> Conductor:
        clock = SystemClock()
        executor = QuantumExecutor(self.processes, Backends([SPEC]), LIMITS, clock, worker="w")
        pace = Pace(0.001, 15.0, 60.0)
        return Conductor(self.open, self.bus, self.processes, executor, clock, pace, [SPEC.name], owner="w")

    async def carry_on(self) -> None:
        """Until nothing is due any more."""
        conductor, stop = self.conductor(), asyncio.Event()
        running = asyncio.ensure_future(conductor.run(stop))
        async with asyncio.timeout(60.0):
            while self.due_s(self.store.database.attempts.values()) <= self.now_s or conductor._tasks:  # noqa: ASYNC110 - the ledger tells nobody
                await asyncio.sleep(0.001)
        assert self.processes.running == 0
        stop.set()
        await running

    def due_s(self, rows: Any) -> float:
        epoch = datetime.fromtimestamp(0.0, NOW.tzinfo)
        return min(((row.due_at - epoch).total_seconds() for row in rows if row.due_at is not None), default=1e18)

    async def pass_by(self) -> None:
        """Others are handed in, and have what they want at once."""
        for _ in range(OTHERS_A_DAY):
            self.others += 1
            data = encode_request(Request((), (), self.others))
            key, attempt_id = UUID(int=10_000 + self.others), UUID(int=90_000 + self.others)
            await self.store.intend(NewSubmission(key, attempt_id, 0, SPEC.name, data, hash_of(data)))


def moments(story: Story, told: list[Any], now_s: float) -> Story:
    """The job as the control plane has it: its timers ring when they are due, and it hears what was said."""
    while (wake := next_wake(story.job)) is not None and wake <= at(now_s):
        story = story.when(Wake(), wake)
        assert story.events == (), story.names
    for message in told:
        story = story.when(message, at(now_s))
    return story


async def test_a_job_waits_a_week_across_restarts_while_others_pass() -> None:
    week = Week()
    deadline = NOW + timedelta(days=8)
    story = given(a_submit("quantum", alone=True, quantum_available=True, tier="scheduled", deadline=deadline))
    order = replace_deadline(story.the(ev.JobQueued))
    envelope = Envelope(UUID(int=9), "/test", str(JOB_ID), NOW, order, tenant="acme", version=3)
    lineage = lineage_of(str(JOB_ID), order.leg)
    data = packed(encode_headers(envelope), encode_data(order))
    await week.store.keep_attempt(NewAttempt(order.attempt_id, lineage, 1, SPEC.name, data))
    heard, days, ended_s = 0, 1, 0.0

    while not week.store.database.attempts[order.attempt_id].ended:
        if week.now_s >= days * DAY_S:
            await week.pass_by()
            days += 1
        await advance(week.open, SPEC, lambda: week.provider, poll_s=1.0)
        if week.due_s(week.store.database.attempts.values()) <= week.now_s:
            await week.carry_on()
            told = [decode(record.headers, record.value).data for record in week.bus.records[heard:]]
            heard = len(week.bus.records)
            story = moments(story, told, week.now_s)
        rows = [*week.store.database.attempts.values(), *week.store.database.submissions.values()]
        ended_s, week.now_s = week.now_s, min(max(week.now_s, week.due_s(rows)), days * DAY_S)

    assert WEEK_S <= ended_s < WEEK_S + 3600.0
    assert story.names[-1] == "ExecutionSucceeded"
    assert heard < SIGNS_MAX
    assert week.processes.ran == 2, "one process hands in, one reads the result"
    handed_in = await week.store.list_submissions(limit=10_000)
    assert {row.state for row in handed_in} == {SubmissionState.CONCLUDED}
    assert len(handed_in) == week.provider.taken == week.others + 1 >= 6 * OTHERS_A_DAY


def replace_deadline(order: ev.JobQueued) -> ev.JobQueued:
    """The order on the clock of this machine, on which deadlines are looked at."""
    return order.model_copy(update={"deadline": SystemClock().now() + timedelta(days=365)})
