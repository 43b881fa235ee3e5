"""What is shared about providers: a breaker that one question tries at a time, and places that nobody overdraws."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.gates.port import Account, Allowance, Breaker, Gate
from queuebit_store.submissions.port import NewSubmission, SubmissionState
from tests.contract.store.conftest import OpenSession

WAIT_S = 60.0
QUICK = Breaker(failures_max=2, open_s=0.05, open_s_max=600.0)
SLOW = Breaker(failures_max=2, open_s=600.0, open_s_max=600.0)


async def submitted(store: Any, number: int) -> UUID:
    key = UUID(int=100 + number)
    await store.intend(NewSubmission(key, UUID(int=number + 1), 0, "ibm", b"circuits", "0" * 64))
    return key


async def test_who_answers_may_be_asked(store: Any) -> None:
    assert await store.gate("ibm") == Gate("ibm")
    assert await store.pass_gate("ibm", 60.0) is None

    await store.note_silence("ibm", SLOW)

    assert (await store.gate("ibm")).failures == 1
    assert await store.pass_gate("ibm", 60.0) is None


async def test_so_many_silences_in_a_row_open_it_for_everybody(open_session: OpenSession) -> None:
    one, two = await open_session(), await open_session()
    for store in (one, two):
        found = await store.note_silence("ibm", SLOW)

    assert found.open_until is not None
    assert await one.pass_gate("ibm", 60.0) == found.open_until
    assert await one.pass_gate("braket", 60.0) is None

    await two.note_answer("ibm")

    assert await one.gate("ibm") == Gate("ibm")
    assert await one.pass_gate("ibm", 60.0) is None


async def test_when_its_time_is_over_one_question_tries(open_session: OpenSession) -> None:
    stores = [await open_session() for _ in range(4)]
    for _ in range(2):
        await stores[0].note_silence("ibm", QUICK)

    async with asyncio.timeout(WAIT_S):
        while not (passed := [store for store in stores if await store.pass_gate("ibm", 600.0) is None]):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)

    assert len(passed) == 1
    first = (await stores[0].gate("ibm")).open_until
    third = await passed[0].note_silence("ibm", SLOW)
    assert first is not None
    assert third.open_until is not None
    assert (third.failures, await stores[0].pass_gate("ibm", 600.0)) == (3, third.open_until)


async def test_each_silence_more_keeps_it_open_twice_as_long_up_to_a_bound(store: Any) -> None:
    breaker = Breaker(failures_max=1, open_s=100.0, open_s_max=1000.0)
    lasts = []
    for _ in range(6):
        found = await store.note_silence("ibm", breaker)
        lasts.append(round((found.open_until - await store.submissions_now()).total_seconds(), -1))

    assert lasts == [100, 200, 400, 800, 1000, 1000]


@pytest.mark.parametrize("before", [0, 1, 3])
async def test_probes_that_hung_keep_it_open_twice_as_long_each_as_others_do(store: Any, before: int) -> None:
    breaker = Breaker(failures_max=4, open_s=100.0, open_s_max=1000.0)
    for _ in range(before):
        await store.note_silence("ibm", breaker)
    if before == 0:
        assert (await store.note_silence("ibm", breaker, 3)).open_until is None

    lasts = []
    for _ in range(3):
        found = await store.note_silence("ibm", breaker, 3)
        lasts.append(round((found.open_until - await store.submissions_now()).total_seconds(), -1))

    assert lasts == [100, 200, 400]


async def test_a_question_that_hung_counts_as_much_as_its_weight_and_who_is_silent_is_listed(store: Any) -> None:
    await store.note_silence("braket", SLOW)
    found = await store.note_silence("ibm", SLOW, 5)

    assert (found.failures, found.open_until is not None) == (2, True)
    assert [(gate.backend, gate.failures) for gate in await store.list_gates()] == [("braket", 1), ("ibm", 2)]

    await store.note_answer("ibm")

    assert [gate.backend for gate in await store.list_gates()] == ["braket"]


def test_no_question_alone_opens_a_breaker_that_bears_several() -> None:
    assert [Breaker().weight(seconds) for seconds in (0.0, 0.1, 3.0, 5.0, 8.0, 900.0)] == [1, 1, 1, 2, 3, 3]
    assert Breaker(failures_max=1).weight(900.0) == 1


async def test_accounts_say_who_holds_a_place_and_until_when_there_is_none(store: Any) -> None:
    key = await submitted(store, 1)
    assert await store.take_place("acme", key, Allowance(at_once=2))
    await store.close_account("other", 600.0)

    acme, other = await store.list_accounts()

    assert acme == Account("acme", (key,))
    assert (other.account, other.holders, other.closed_until is not None) == ("other", (), True)


async def test_so_many_places_at_once_whoever_asks(open_session: OpenSession) -> None:
    stores = [await open_session() for _ in range(3)]
    keys = [await submitted(stores[0], number) for number in range(6)]
    allowance = Allowance(at_once=2)

    got = await asyncio.gather(*(stores[n % 3].take_place("a", key, allowance) for n, key in enumerate(keys)))

    assert sum(got) == 2
    held = [key for key, has in zip(keys, got, strict=True) if has]
    assert await stores[0].take_place("a", held[0], allowance), "who has one keeps it"
    other = next(key for key in keys if key not in held)
    assert await stores[0].take_place("b", other, allowance), "of another account"
    row: Any = await stores[0].claim(held[0], "one", 60.0)
    ended = replace(row, state=SubmissionState.FAILED, due_at=None)
    await stores[0].save_submission(ended, "It is over.", release=True)
    assert [await stores[1].take_place("a", key, allowance) for key in keys if key not in held][:2] == [True, False]


async def test_so_many_a_minute(store: Any) -> None:
    keys = [await submitted(store, number) for number in range(4)]

    assert [await store.take_place("a", key, Allowance(per_minute=3)) for key in keys] == [True] * 3 + [False]
    assert await store.take_place("a", keys[3], Allowance())


async def test_when_the_provider_says_wait_nobody_has_a_place(store: Any) -> None:
    key = await submitted(store, 1)
    await store.close_account("a", 600.0)
    await store.close_account("a", 0.01)

    assert not await store.take_place("a", key, Allowance())
    assert await store.take_place("b", key, Allowance())

    await store.close_account("b", 0.01)
    async with asyncio.timeout(WAIT_S):
        while not await store.take_place("b", key, Allowance()):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
