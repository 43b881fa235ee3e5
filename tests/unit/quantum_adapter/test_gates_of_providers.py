"""Providers that do not answer, or take no more: what was not sent goes elsewhere, what was sent waits, one question tries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Measure, Register
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import AnswerUnreadable, NoBackend, ProviderUnavailable, RateLimited
from queuebit_quantum_adapter.ports import Poll, Recovery, Request, Result
from queuebit_quantum_adapter.submissions.codec import encode_request, hash_of
from queuebit_quantum_adapter.submissions.following import advance
from queuebit_quantum_adapter.submissions.running import OPEN_S
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.submissions.port import NewSubmission, Submission, SubmissionState
from tests.fakes.memory_provider import MemoryProvider
from tests.fakes.opened_provider import SPEC

REQUEST = encode_request(Request((Bound(Circuit(1, (Register("c", 1),), (Measure(0, 0),))),), (1,), 10))
HANG_S = 5.0
KEYS = [UUID(int=100 + number) for number in range(6)]


class Moody(MemoryProvider):
    """Answers while it is `up`; counts what it was asked."""

    def __init__(self) -> None:
        super().__init__(recovery=Recovery.TOKEN)
        self.up, self.asked, self.limited, self.mumbles = True, 0, 0, False
        self.hang: Any = lambda: None

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        self._answer()
        if self.limited:
            self.limited -= 1
            raise RateLimited("slow down", retry_after_s=30.0)
        return super().submit(request, key, fence)

    def poll(self, provider_id: str) -> Poll:
        self._answer()
        return super().poll(provider_id)

    def result(self, provider_id: str) -> Result:
        if self.mumbles:
            raise AnswerUnreadable("what is that?")
        return super().result(provider_id)

    def _answer(self) -> None:
        self.asked += 1
        if not self.up:
            self.hang()
            raise ProviderUnavailable("gone")


class World:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.store = MemoryStore(MemoryDatabase(lambda: self.now_s))
        self.provider = Moody()
        self.spec = SPEC

    async def ledger(self) -> Any:
        return self.store

    async def intend(self, number: int, *, patient: bool = False) -> None:
        await self.store.intend(
            NewSubmission(
                KEYS[number],
                UUID(int=number + 1),
                0,
                "memory",
                REQUEST,
                hash_of(REQUEST),
                UUID(int=50),
                patient=patient,
            )
        )

    async def live(self, seconds: float) -> None:
        """Look once a second."""
        for _ in range(int(seconds)):
            self.now_s += 1.0
            await advance(self.ledger, self.spec, lambda: self.provider, poll_s=1.0, monotonic_s=lambda: self.now_s)

    def hang(self) -> None:
        """Time passes, and nobody answers."""
        self.now_s += HANG_S

    async def row(self, number: int) -> Submission:
        row = await self.store.submission(KEYS[number])
        assert row is not None
        return row


async def test_an_outage_is_seen_within_seconds_and_what_was_not_sent_goes_elsewhere() -> None:
    world = World()
    await world.intend(0)
    await world.live(1)
    world.provider.up = False
    await world.live(15)
    for number in (1, 2):
        await world.intend(number, patient=number == 2)
    await world.live(2)

    sent, unsent, patient = [await world.row(number) for number in range(3)]
    assert (sent.state, patient.state) == (SubmissionState.FOLLOWING, SubmissionState.INTENDED)
    assert (unsent.state, unsent.code, unsent.action, unsent.sent_at) == (
        SubmissionState.FAILED,
        FailureCode.BACKEND_UNAVAILABLE.value,
        "reroute",
        None,
    )

    asked = world.provider.asked
    await world.live(200)
    assert world.provider.asked - asked < 12, "it is tried ever more rarely"
    world.provider.up = True
    await world.live(400)
    assert {(await world.row(number)).state for number in (0, 2)} == {SubmissionState.CONCLUDED}
    assert (await world.store.gate("memory")).failures == 0


async def test_a_provider_that_hangs_is_left_within_twenty_seconds() -> None:
    """Given questions that end at their deadline, then what was not sent is elsewhere before four of them have ended."""
    world = World()
    await world.intend(0)
    await world.live(1)
    world.provider.up, world.provider.hang = False, world.hang
    for number in (1, 2, 3):
        await world.intend(number)
    began_s = world.now_s

    while (await world.row(3)).state is not SubmissionState.FAILED:
        await world.live(1)

    assert world.now_s - began_s < 20.0
    assert world.provider.asked < 6
    rows = [await world.row(number) for number in range(4)]
    assert (rows[0].state, rows[3].action, rows[3].sent_at) == (SubmissionState.FOLLOWING, "reroute", None)
    assert all(row.state is SubmissionState.UNKNOWN or row.action == "reroute" for row in rows[1:])


async def test_who_cannot_be_opened_in_time_is_left_as_soon() -> None:
    world = World()
    await world.intend(0)

    def hung() -> Any:
        world.now_s += OPEN_S
        raise ProviderUnavailable("could not be opened in time")

    while (await world.row(0)).state is not SubmissionState.FAILED:
        world.now_s += 1.0
        await advance(world.ledger, world.spec, hung, monotonic_s=lambda: world.now_s)
    assert world.now_s < 20.0


async def test_an_answer_that_is_not_understood_is_no_silence() -> None:
    """Given a result that nobody can read, then it is asked for again, and others go on as before."""
    world = World()
    await world.intend(0)
    world.provider.mumbles = True
    await world.live(60)
    await world.intend(1)
    await world.live(10)

    rows = [await world.row(number) for number in (0, 1)]
    assert [row.state for row in rows] == [SubmissionState.SUCCEEDED, SubmissionState.SUCCEEDED]
    assert (await world.store.gate("memory")).failures == 0

    world.provider.mumbles = False
    await world.live(60)
    assert {(await world.row(number)).state for number in (0, 1)} == {SubmissionState.CONCLUDED}


async def test_a_provider_that_cannot_be_opened_does_not_answer_either() -> None:
    world = World()
    await world.intend(0)

    def closed() -> Any:
        raise ProviderUnavailable("gone")

    for _ in range(10):
        world.now_s += 1.0
        await advance(world.ledger, world.spec, closed)
    assert ((await world.row(0)).state, (await world.row(0)).action) == (SubmissionState.FAILED, "reroute")

    def unknown() -> Any:
        raise NoBackend("no such account")

    world.now_s += 1000.0
    with pytest.raises(NoBackend):
        await advance(world.ledger, world.spec, unknown)


async def test_no_more_are_sent_than_the_account_allows_and_each_has_its_turn() -> None:
    world = World()
    world.spec = replace(SPEC, account="acme", at_once_max=2)
    for number in range(5):
        await world.intend(number)

    most = 0
    for _ in range(60):
        await world.live(1)
        live = [await world.row(number) for number in range(5)]
        most = max(most, sum(row.provider_id is not None and not row.state.final for row in live))

    assert most == 2
    assert {row.state for row in live} == {SubmissionState.CONCLUDED}


async def test_when_it_says_wait_all_wait_and_no_longer() -> None:
    world = World()
    world.provider.limited = 1
    await world.intend(0)
    await world.live(1)
    await world.intend(1)
    await world.live(25)
    assert world.provider.taken == 0

    await world.live(20)

    assert world.provider.taken == 2
    assert (await world.store.gate("memory")).failures == 0, "who says wait has answered"
