"""The ledger of submissions: stored before it is sent, one owner at a time, every write with its note."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.attempts.port import NewAttempt
from queuebit_store.submissions.port import NewSubmission, SubmissionState
from tests.contract.store.conftest import OpenSession

LONG_S = 600.0
WAIT_S = 60.0
ATTEMPT, LINEAGE = UUID(int=5), UUID(int=6)


def a_new(number: int = 0, *, backend: str = "ibm") -> NewSubmission:
    return NewSubmission(UUID(int=100 + number), ATTEMPT, number, backend, b"circuits", "0" * 64, LINEAGE)


async def due(store: Any, backend: str = "ibm", owner: str = "one", lease_s: float = LONG_S) -> Any:
    """Ask until something is due."""
    async with asyncio.timeout(WAIT_S):
        while (found := await store.claim_due([backend], owner, lease_s)) is None:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
    return found


async def test_it_is_stored_once_and_what_is_stored_stays(store: Any) -> None:
    first = await store.intend(a_new())
    again = await store.intend(replace(a_new(), request=b"others", request_hash="1" * 64))

    assert again == first == await store.submission(first.key)
    assert (first.state, first.epoch, first.owner, first.due_at is not None) == (
        SubmissionState.INTENDED,
        0,
        None,
        True,
    )
    assert (await store.submission_request(first.key), await store.submission_result(first.key)) == (b"circuits", None)
    assert await store.submission(UUID(int=1)) is None
    assert [note.text for note in await store.submission_notes(first.key)] == ["It is to be handed in."]


@pytest.mark.parametrize("regions", [None, (), ("eu", "us-east")])
async def test_where_its_data_may_go_stays_with_it(store: Any, regions: tuple[str, ...] | None) -> None:
    key = (await store.intend(replace(a_new(), regions=regions))).key

    claimed = await due(store)
    await store.save_submission(replace(claimed, fence="f"), "A fence.", release=True)

    assert (await store.submission(key)).regions == regions == claimed.regions


async def test_a_round_of_an_attempt_is_handed_in_once_whatever_the_key(store: Any) -> None:
    first = await store.intend(a_new())

    other = await store.intend(replace(a_new(), key=UUID(int=999), request_hash="1" * 64))

    assert other == first
    assert await store.submission(UUID(int=999)) is None


async def test_many_who_intend_the_same_find_one(open_session: OpenSession) -> None:
    stores = [await open_session() for _ in range(3)]

    found = await asyncio.gather(*(store.intend(a_new()) for store in stores for _ in range(4)))

    assert len({each.created_at for each in found}) == 1


async def test_one_owner_acts_at_a_time_and_a_former_one_is_fenced_off(open_session: OpenSession) -> None:
    one, two = await open_session(), await open_session()
    key = (await one.intend(a_new())).key

    held = await one.claim(key, "one", 0.05)
    assert held is not None
    assert (held.owner, held.epoch) == ("one", 1)
    taken = await due(two, owner="two")
    assert (taken.owner, taken.epoch) == ("two", 2)
    assert await one.claim(key, "one", LONG_S) is None
    assert await one.claim_due(["ibm"], "one", LONG_S) is None

    late = replace(held, state=SubmissionState.FOLLOWING, provider_id="late")
    assert not await one.save_submission(late, "Late.", release=True)
    won = replace(taken, state=SubmissionState.FOLLOWING, provider_id="job-1")
    assert await two.save_submission(won, "It is at the provider.", release=True)

    row: Any = await one.submission(key)
    assert (row.provider_id, row.owner, row.lease_until, row.epoch) == ("job-1", None, None, 2)
    assert [(note.epoch, note.owner, note.text) for note in await one.submission_notes(key)] == [
        (0, None, "It is to be handed in."),
        (2, "two", "It is at the provider."),
    ]


async def test_what_is_due_comes_oldest_first_and_only_of_ones_own_backends(store: Any) -> None:
    for number, backend in enumerate(("ibm", "ibm", "braket")):
        await store.intend(a_new(number, backend=backend))

    found = [await store.claim_due(["ibm"], "one", LONG_S) for _ in range(3)]

    assert [each and each.round for each in found] == [0, 1, None]
    assert (await store.claim_due(["braket", "ibm"], "one", LONG_S)).round == 2


async def test_what_waits_until_later_is_not_due_but_can_be_hurried(store: Any) -> None:
    key = (await store.intend(a_new())).key
    row = await store.claim(key, "one", LONG_S)
    later = await store.submissions_now() + timedelta(days=7)
    await store.save_submission(replace(row, due_at=later), "It waits.", release=True)

    assert await store.claim_due(["ibm"], "one", LONG_S) is None
    assert await store.hurry_submission(key)
    assert (await due(store)).key == key
    assert not await store.hurry_submission(UUID(int=1))


async def test_a_result_is_kept_and_ends_it(store: Any) -> None:
    key = (await store.intend(a_new())).key
    row = await store.claim(key, "one", LONG_S)
    later = await store.submissions_now() + timedelta(days=7)
    ended = replace(row, state=SubmissionState.CONCLUDED, provider_id="job-1", due_at=later)

    assert await store.save_submission(ended, "Its result is here.", release=True, result=b"counts")

    assert await store.submission_result(key) == b"counts"
    assert await store.claim_due(["ibm"], "one", LONG_S) is None
    assert not await store.hurry_submission(key)
    kept = await store.submission(key)
    assert (kept.due_at, await store.want_cancelled(LINEAGE)) == (later, 0)


async def test_a_wish_to_cancel_is_not_lost_to_a_write_that_did_not_know_of_it(store: Any) -> None:
    key = (await store.intend(a_new())).key
    row = await store.claim(key, "one", LONG_S)

    assert await store.want_cancelled(LINEAGE) == 1
    later = await store.submissions_now() + timedelta(minutes=5)
    await store.save_submission(
        replace(row, state=SubmissionState.SUBMITTING, due_at=later), "It is sent.", release=True
    )

    found = await store.submission(key)
    assert (found.cancel_wanted, found.due_at < later) == (True, True)


async def test_lists_are_the_youngest_first_by_state_and_by_pages(store: Any) -> None:
    rows = [await store.intend(a_new(number)) for number in range(3)]
    claimed = await store.claim(rows[1].key, "one", LONG_S)
    await store.save_submission(replace(claimed, state=SubmissionState.UNKNOWN), "Its answer was lost.", release=True)

    everything = await store.list_submissions(limit=10)
    assert [each.round for each in everything] == [2, 1, 0]
    assert [each.round for each in await store.list_submissions([SubmissionState.UNKNOWN], limit=10)] == [1]
    assert [each.round for each in await store.list_submissions(before=everything[1].created_at, limit=10)] == [0]
    assert [each.round for each in await store.list_submissions(limit=1)] == [2]


async def test_all_of_a_leg_are_found_the_oldest_first(store: Any) -> None:
    rows = [await store.intend(a_new(number)) for number in range(3)]
    await store.intend(replace(a_new(9), attempt_id=UUID(int=55), lineage=UUID(int=8)))

    assert await store.submissions_of(LINEAGE) == rows


async def test_what_ended_long_ago_is_forgotten_with_its_history_in_batches(store: Any) -> None:
    keys = [(await store.intend(a_new(number))).key for number in range(4)]
    for key in keys[:3]:
        row = await store.claim(key, "one", LONG_S)
        late = await store.submissions_now() if key == keys[2] else None
        ended = replace(row, state=SubmissionState.FAILED, due_at=late)
        assert await store.save_submission(ended, "It failed.", release=True)
    later = await store.submissions_now() + timedelta(days=1)

    assert await store.forget_submissions(later - timedelta(days=2), 10) == 0
    assert await store.forget_submissions(later, 1) == 1
    assert await store.forget_submissions(later, 10) == 1
    assert await store.forget_submissions(later, 10) == 0

    assert [row.key for row in await store.submissions_of(LINEAGE)] == keys[2:], (
        "one is on its way, one is looked at late"
    )
    assert (await store.submission_request(keys[0]), await store.submission_notes(keys[0])) == (None, [])


async def test_what_an_attempt_may_still_ask_for_is_not_forgotten(store: Any) -> None:
    await store.keep_attempt(NewAttempt(ATTEMPT, LINEAGE, 1, "ibm", b"order"))
    await store.intend(a_new())
    row = await store.claim(a_new().key, "one", LONG_S)
    concluded = replace(row, state=SubmissionState.CONCLUDED, provider_id="job", due_at=None)
    await store.save_submission(concluded, "Here.", release=True, result=b"counts")

    assert await store.forget_submissions(await store.submissions_now() + timedelta(days=1), 10) == 0
