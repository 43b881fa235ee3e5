"""Long in the line of a provider, on virtual time: nothing is held, nobody takes it for lost, services come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.commands import CancelJob
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.ids import job_id_of
from queuebit_contracts.jobs import JobRequest
from queuebit_quantum_adapter.backends.discovery import Found
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.ports import Poll, Recovery, RunState
from queuebit_quantum_adapter.shell import app
from queuebit_quantum_adapter.shell.child import told
from queuebit_quantum_adapter.shell.task import Step, Waiting
from queuebit_quantum_adapter.submissions.follower import FOLLOW
from queuebit_quantum_adapter.submissions.following import advance
from queuebit_quantum_adapter.submissions.journal import Journal
from queuebit_quantum_adapter.submissions.parking import Claim, Parking, Waits
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.processes.hops import directly
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.submissions.port import SubmissionState
from queuebit_workbench.world import SERVICES, World
from tests.builders import a_request
from tests.fakes.memory_provider import MemoryProvider
from tests.fakes.opened_provider import OPENED, SPEC, opened
from tests.simulation.virtual import BEGIN, VirtualClock, run_virtual

T = TypeVar("T")
TURN_S = 90.0
QUEUE_S = 7.5 * TURN_S
"""More than twice as long as an attempt may be silent."""


class Direct:
    """Runs what needs no waiting, for the ledger in memory never waits."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            work.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        raise AssertionError("the ledger in memory waited")


class LedgerPool(InlinePool):
    """Worker processes whose ledger is the one in memory; `steps`: how often one was held."""

    def __init__(self) -> None:
        self.world: World | None = None
        self.steps = 0

    async def run(self, function_path: str, argument: Any, **options: Any) -> Any:
        if function_path == FOLLOW:
            return Direct().run(advance(self.ledger, argument, opened))
        if isinstance(argument, Step):
            self.steps += 1
            return self.step(argument)
        return await super().run(function_path, argument, **options)

    def step(self, asked: Step) -> Any:
        journal = Journal(asked.journal)
        claim = Claim(asked.task.attempt_id, asked.lineage, asked.epoch, SPEC, patient=True)
        parking: Any = Parking(self.ledger, claim, journal, loop=Direct())  # type: ignore[arg-type]
        try:
            return told(lambda: frame.run(asked.task, lambda _: None, frame.Kept(parking, journal)))
        except Waits as waits:
            return Waiting(waits.key)

    async def ledger(self) -> Any:
        assert self.world is not None
        return self.world.store()


class Slow(MemoryProvider):
    """A provider whose line is days long."""

    def __init__(self, clock: VirtualClock, queue_s: float) -> None:
        super().__init__(recovery=Recovery.FENCE, lag_s=10.0)
        self.clock, self.queue_s = clock, queue_s

    def poll(self, provider_id: str) -> Poll:
        left_s = self.queue_s - self.clock.monotonic_s()
        if left_s > 0 and not self._taken[provider_id].cancelled:
            return Poll(RunState.QUEUED, queue_position=int(left_s // 10), wait_s=left_s)
        if left_s <= 0:
            self._taken[provider_id].waits.clear()
        return super().poll(provider_id)


class Week:
    """The services, the provider, and what was asked."""

    def __init__(self, queue_s: float) -> None:
        self.clock = VirtualClock()
        self.pool = LedgerPool()
        self.ids = SeededIds(self.clock, 1)
        self.world = self.pool.world = World(self.clock, self.ids, self.pool, hop=directly, poll_interval_s=10.0)
        self.provider = Slow(self.clock, queue_s)
        OPENED[:] = [self.provider]

    async def begin(self) -> None:
        await self.world.store().add_tenant("acme", BEGIN)
        await self.world.start()

    async def ask(self, request: JobRequest) -> UUID:
        minted = self.ids.mint()
        job_id = job_id_of(request.tenant, minted)
        event = ev.JobSubmitted(request=request, idempotency_key=str(minted))
        envelope = Envelope(self.ids.mint(), "/upstream", str(job_id), self.clock.now(), event)
        headers = encode_headers(envelope)
        self.world.broker.append([Outgoing(channels.SUBMITTED, str(job_id).encode(), encode_data(event), headers)])
        return job_id

    def ended(self) -> dict[UUID, Any]:
        return {
            each.job_id: each.data
            for topic in (channels.COMPLETED, channels.FAILED)
            for each in (decode(record.headers, record.value) for record in self.world.broker.records(topic))
        }

    async def story(self, job_id: UUID) -> Counter[str]:
        (events,) = (await self.world.store().load([job_id])).values()
        return Counter(event.type for event in events)


def a_quantum(**changes: Any) -> JobRequest:
    return a_request(
        lane="quantum",
        tier="interactive",
        params={"fallback": False, "layers": 1, "shots": 64, **changes},
        deadline=BEGIN + timedelta(hours=1),
    )


@pytest.fixture(autouse=True)
def providers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "discover", lambda *_: Found((SPEC,)))


def test_it_ends_well_across_restarts_while_others_pass() -> None:
    async def live() -> None:
        week = Week(QUEUE_S)
        await week.begin()
        job_id = await week.ask(a_quantum())
        others = []
        for turn in range(9):
            others += [await week.ask(a_request(seed=number)) for number in range(3)]
            await week.clock.sleep(TURN_S / 2)
            assert set(others) <= set(week.ended()), f"turn {turn}: others pass"
            assert (job_id in week.ended()) is (turn == 8)
            for member in SERVICES:
                if turn % 2:
                    await week.world.stop(member)
                else:
                    await week.world.crash(member)
                await week.world.start(member)
            await week.clock.sleep(TURN_S / 2)

        outcome, story = week.ended()[job_id], await week.story(job_id)
        assert isinstance(outcome, ev.JobCompleted)
        assert (outcome.objective, outcome.ran.backend, story["JobQueued"], story["ExecutionFailed"]) == (
            6,
            "memory",
            1,
            0,
        )
        assert 8 < story["ExecutionProgressed"] < 60
        assert (week.provider.taken, week.pool.steps) == (1, 2)
        await week.world.stop()

    run_virtual(live())


def test_who_withdraws_it_has_it_cancelled_at_the_provider() -> None:
    async def live() -> None:
        week = Week(QUEUE_S)
        await week.begin()
        job_id = await week.ask(a_quantum())
        await week.clock.sleep(TURN_S)

        command = CancelJob(actor="ada", reason="enough")
        envelope = Envelope(week.ids.mint(), "/client", str(job_id), week.clock.now(), command, tenant="acme")
        week.world.broker.append(
            [Outgoing(channels.CONTROL, str(job_id).encode(), encode_data(command), encode_headers(envelope))]
        )
        await week.clock.sleep(60.0)

        (row,) = await week.world.store().list_submissions(limit=9)
        assert (row.state, week.provider.taken) == (SubmissionState.CANCELLED, 1)
        assert await week.world.store().list_attempts(limit=9) == []
        await week.world.stop()

    run_virtual(live())
