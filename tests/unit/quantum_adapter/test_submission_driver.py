"""Submissions driven to their end by processes that die anywhere: one submission each, and another one takes over."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import ProviderUnavailable, RateLimited, SubmissionEnded, SubmitRefused
from queuebit_quantum_adapter.ports import Poll, Provider, Recovery, Request, Result, RunState
from queuebit_quantum_adapter.submissions.codec import (
    decode_request,
    decode_result,
    encode_request,
    encode_result,
    hash_of,
)
from queuebit_quantum_adapter.submissions.driver import Driver, terms_of
from queuebit_quantum_adapter.submissions.ledger import Loop
from queuebit_quantum_adapter.submissions.local import run_to_end
from queuebit_quantum_adapter.submissions.running import key_of
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.submissions.port import NewSubmission, Submission, SubmissionState
from tests.fakes.memory_provider import MemoryProvider
from tests.unit.quantum_adapter.circuits_at_random import a_dynamic, a_unitary
from tests.unit.quantum_adapter.models import an_attempt

CIRCUIT = Circuit(
    2, (Register("c", 2),), (Gate("ry", (0,), (), (0,)), Gate("cx", (0, 1)), Measure(0, 0), Measure(1, 1)), 1
)
REQUEST = Request((Bound(CIRCUIT, (0.5,)), Bound(CIRCUIT, (1.5,))), (1, 2), 100)
KEY = key_of(an_attempt(), 0)
LINEAGE = UUID(int=6)
LAG_S, LEASE_S = 10.0, 60.0


class Killed(BaseException):
    """The process is gone."""


class Ticking:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class World:
    """One ledger and one provider; each call of `live` is a process."""

    def __init__(self, recovery: Recovery, *, lag_s: float = LAG_S, provider: MemoryProvider | None = None) -> None:
        self.clock = Ticking()
        self.provider = provider or MemoryProvider(recovery=recovery, lag_s=lag_s)
        self.store = MemoryStore(MemoryDatabase(self.clock))
        self.lives = 0

    async def begin(self) -> None:
        data = encode_request(REQUEST)
        await self.store.intend(NewSubmission(KEY, an_attempt(), 0, "memory", data, hash_of(data), LINEAGE))

    async def live(self, mark: Callable[[str], None] = lambda place: None, provider: Provider | None = None) -> None:
        """A process that acts on what is due, until it dies or nothing is due."""
        self.lives += 1
        found = provider or self.provider
        driver = Driver(self.store, found, terms_of(found), owner=f"process {self.lives}", lease_s=LEASE_S, mark=mark)
        try:
            while await driver.advance_due("memory"):
                pass
        except Killed:
            pass

    async def row(self) -> Submission:
        row = await self.store.submission(KEY)
        assert row is not None
        return row

    async def to_the_end(self) -> Submission:
        """Processes come, each after the lease of the last."""
        for _ in range(60):
            self.clock.now_s += LEASE_S + 1
            await self.live()
            if (await self.row()).due_at is None:
                return await self.row()
        raise AssertionError(f"it did not end: {await self.row()}")


RECOVERIES = [Recovery.TOKEN, Recovery.FENCE, Recovery.SEARCH]


@pytest.mark.parametrize("recovery", RECOVERIES)
async def test_it_ends_with_its_result_and_a_history(recovery: Recovery) -> None:
    world = World(recovery)
    await world.begin()

    row = await world.to_the_end()

    result = await world.store.submission_result(KEY)
    assert (row.state, row.provider_id, world.provider.taken) == (
        SubmissionState.CONCLUDED,
        *world.provider.reconcile(KEY, None),
        1,
    )
    assert result is not None
    assert [sum(counts.values()) for counts in decode_result(result).counts] == [100, 100]
    notes = [note.text for note in await world.store.submission_notes(KEY)]
    assert (notes[0], notes[-1]) == ("It is to be handed in.", "Its result is here.")


async def test_a_fence_behind_which_nothing_was_sent_is_closed_when_nobody_wants_it_any_more() -> None:
    world, closed = World(Recovery.FENCE), list[str]()
    await world.begin()
    world.provider.close = closed.append  # type: ignore[assignment, method-assign]
    row = await world.store.claim_due(["memory"], "somebody", LEASE_S)
    assert row is not None
    await world.store.save_submission(replace(row, fence="a fence"), "The fence is open.", release=True)
    await world.store.want_cancelled(LINEAGE)

    ended = await world.to_the_end()

    assert (ended.state, closed, world.provider.taken) == (SubmissionState.CANCELLED, ["a fence"], 0)


async def marks_of(recovery: Recovery) -> list[str]:
    """Every place that a submission passes whose first answer is lost."""
    world, seen = World(recovery), list[str]()
    world.provider.answers_lost = 1
    await world.begin()
    for _ in range(20):
        await world.live(seen.append)
        world.clock.now_s += LEASE_S + 1
    assert (await world.row()).state is SubmissionState.CONCLUDED
    return list(dict.fromkeys(seen))


@pytest.mark.parametrize("lost", [0, 1])
@pytest.mark.parametrize("recovery", RECOVERIES)
async def test_killed_at_any_place_another_process_ends_it_and_one_submission_was_taken(
    recovery: Recovery, lost: int
) -> None:
    places = await marks_of(recovery)
    assert {"before the send", "sent, no answer", "polled", "fetched", "saved concluded"} <= set(places)

    for place in places:
        world = World(recovery)
        world.provider.answers_lost = lost
        await world.begin()

        def die(here: str, place: str = place) -> None:
            if here == place:
                raise Killed

        await world.live(die)
        row = await world.to_the_end()

        assert (place, row.state, world.provider.taken) == (place, SubmissionState.CONCLUDED, 1)


@pytest.mark.parametrize("recovery", RECOVERIES)
async def test_killed_at_random_again_and_again_it_still_ends_once(recovery: Recovery) -> None:
    for seed in range(60):
        chance, world = random.Random(seed), World(recovery)
        world.provider.answers_lost = chance.choice((0, 0, 1))
        await world.begin()

        def die(_: str, chance: random.Random = chance) -> None:
            if chance.random() < 0.25:
                raise Killed

        for _ in range(10):
            await world.live(die)
            world.clock.now_s += chance.choice((1.0, LEASE_S + 1))
        row = await world.to_the_end()

        assert (seed, row.state, world.provider.taken) == (seed, SubmissionState.CONCLUDED, 1)


class Paused(MemoryProvider):
    """A provider whose caller sleeps just before its request leaves, while another process takes over."""

    def __init__(self, recovery: Recovery, meanwhile: Callable[[], None]) -> None:
        super().__init__(recovery=recovery, lag_s=LAG_S)
        self.meanwhile: Callable[[], None] | None = meanwhile

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().submit(request, key, fence)


@pytest.mark.parametrize(("recovery", "taken"), [(Recovery.TOKEN, 1), (Recovery.FENCE, 1), (Recovery.SEARCH, 2)])
async def test_a_process_that_wakes_after_it_was_taken_over_pays_twice_only_without_a_fence(
    recovery: Recovery, taken: int
) -> None:
    """And what was paid twice is found by the late look, cancelled if it still can be, and told."""
    worlds: list[World] = []

    def others_take_over() -> None:
        async def come() -> None:
            for _ in range(30):
                worlds[0].clock.now_s += LEASE_S + 1
                await worlds[0].live()
                if (await worlds[0].row()).state.final:
                    return

        loop = Loop()
        loop.run(come())

    world = World(recovery, provider=Paused(recovery, others_take_over))
    worlds.append(world)
    await world.begin()
    await world.live()
    row = await world.to_the_end()

    assert (row.state, world.provider.taken) == (SubmissionState.CONCLUDED, taken)
    assert ("may have been paid" in row.detail) is (taken == 2)


async def test_what_a_late_look_finds_is_cancelled_before_it_is_noted_and_again_where_nobody_answered() -> None:
    """It is looked at no more afterwards: what is still there then stays."""
    world, asked = World(Recovery.SEARCH), list[str]()
    await world.begin()
    await world.live()
    row = await world.store.claim(KEY, "somebody", LEASE_S)
    assert row is not None
    ended = replace(row, state=SubmissionState.FAILED, provider_id=None, detail="It failed.")
    await world.store.save_submission(ended, "It failed.", release=True)

    def cancel(provider_id: str) -> None:
        asked.append(provider_id)
        if len(asked) == 1:
            raise ProviderUnavailable("503")

    world.provider.cancel = cancel  # type: ignore[method-assign]
    world.clock.now_s += LEASE_S + 1
    await world.live()
    unsure = await world.row()
    world.clock.now_s += LEASE_S + 1
    await world.live(lambda place: killing_at(place, "before saving failed"))
    noted = await world.row()
    done = await world.to_the_end()

    assert (unsure.detail, unsure.due_at is None, noted.detail) == ("It failed.", False, "It failed.")
    assert asked == [*world.provider.reconcile(KEY, None)] * 3
    assert (done.state, "may have been paid" in done.detail) == (SubmissionState.FAILED, True)


class Queueing(MemoryProvider):
    """A provider whose line is days long."""

    def __init__(self, clock: Ticking, queue_s: float) -> None:
        super().__init__(recovery=Recovery.FENCE, lag_s=LAG_S)
        self.clock, self.queue_s, self.polls = clock, queue_s, 0

    def poll(self, provider_id: str) -> Poll:
        self.polls += 1
        if self.clock.now_s < self.queue_s:
            return Poll(RunState.QUEUED, queue_position=7)
        return super().poll(provider_id)


async def test_what_waits_in_line_for_a_week_ends_well_and_is_asked_about_ever_more_rarely() -> None:
    """Each look is a process of its own that ends at once: nothing is held meanwhile."""
    week_s = 7 * 86_400.0
    world = World(Recovery.FENCE)
    world.provider = provider = Queueing(world.clock, week_s)
    await world.begin()

    while (row := await world.row()).due_at is not None:
        world.clock.now_s = max(world.clock.now_s, row.due_at.timestamp())
        await world.live()

    assert (row.state, provider.taken) == (SubmissionState.CONCLUDED, 1)
    assert week_s <= world.clock.now_s < week_s + 1000
    assert provider.polls < 3000
    assert "7 before it" in [note.text for note in await world.store.submission_notes(KEY)][10]


class Refusing(MemoryProvider):
    """Says no, in so many words, so many times."""

    def __init__(self, error: Exception, times: int) -> None:
        super().__init__(recovery=Recovery.SEARCH)
        self.error, self.times = error, times

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        self.times -= 1
        if self.times >= 0:
            raise self.error
        return super().submit(request, key, fence)


async def test_a_refusal_ends_it_and_a_limit_makes_it_wait() -> None:
    refused = World(Recovery.SEARCH, provider=Refusing(SubmitRefused("too wide"), 1))
    limited = World(Recovery.SEARCH, provider=Refusing(RateLimited("slow down", retry_after_s=100.0), 1))
    for world in (refused, limited):
        await world.begin()
        await world.live()

    assert ((await refused.row()).state, (await refused.row()).detail) == (SubmissionState.FAILED, "too wide")
    waiting = await limited.row()
    assert (waiting.state, waiting.due_at and waiting.due_at.timestamp()) == (SubmissionState.INTENDED, 100.0)
    assert (await limited.to_the_end()).state is SubmissionState.CONCLUDED


class PartFailed(MemoryProvider):
    """It succeeds, and then says that there is no result."""

    def result(self, provider_id: str) -> Result:
        raise SubmissionEnded(f"A part of {provider_id} failed.", FailureCode.BACKEND_UNAVAILABLE, action="reroute")


async def test_what_the_provider_never_gives_a_result_of_ends_and_is_not_fetched_again() -> None:
    world = World(Recovery.TOKEN, provider=PartFailed(qubits_max=5, recovery=Recovery.TOKEN))
    await world.begin()

    row = await world.to_the_end()

    assert (row.state, row.code, row.action) == (SubmissionState.FAILED, "backend_unavailable", "reroute")
    assert "A part of" in row.detail


async def test_what_nobody_wants_is_cancelled_at_the_provider_or_never_sent() -> None:
    sent, unsent = World(Recovery.FENCE), World(Recovery.FENCE)
    for world in (sent, unsent):
        await world.begin()
    await sent.live()
    for world in (sent, unsent):
        assert await world.store.want_cancelled(LINEAGE) == 1
        await world.to_the_end()

    assert [(await world.row()).state for world in (sent, unsent)] == [SubmissionState.CANCELLED] * 2
    assert [world.provider.taken for world in (sent, unsent)] == [1, 0]
    assert sent.provider.poll((await sent.row()).provider_id or "") == Poll(RunState.CANCELLED)


@pytest.mark.parametrize("request_", [REQUEST, Request((Bound(a_dynamic(4, 3)), Bound(a_unitary(3, 1))), (5, 6), 7)])
def test_requests_and_results_survive_the_ledger(request_: Request) -> None:
    result = run_to_end(MemoryProvider(), Request(request_.circuits[:1], (1,), 50), KEY, lambda: None)

    assert decode_request(encode_request(request_)) == request_
    assert decode_result(encode_result(result)) == result


@pytest.mark.parametrize("recovery", RECOVERIES)
async def test_while_a_kill_switch_is_thrown_nothing_is_sent_and_what_was_sent_is_followed(recovery: Recovery) -> None:
    world = World(recovery)
    await world.begin()
    switch: dict[str, Any] = {"actor": "ann", "reason": "it burns money", "holds": ()}
    number = await world.store.throw_switch("stop", "backend", "memory", backends=["memory"], **switch)
    for _ in range(5):
        world.clock.now_s += LEASE_S + 1
        await world.live()

    assert ((await world.row()).state, world.provider.taken) == (SubmissionState.INTENDED, 0)
    assert (await world.store.submission_notes(KEY))[-1].text == f"Kill switch {number} is thrown: nothing is sent."

    await world.store.lift_switch(number, actor="ann")
    world.clock.now_s += LEASE_S + 1
    await world.live(lambda place: killing_at(place, "saved following"))
    await world.store.throw_switch("drain", "all", "", backends=["*"], **switch)
    assert (await world.to_the_end()).state is SubmissionState.CONCLUDED
    assert world.provider.taken == 1


def killing_at(place: str, wanted: str) -> None:
    if place == wanted:
        raise Killed
