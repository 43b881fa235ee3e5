"""Attempts that wait: kept once, carried on by one at a time, woken by what they wait for, never by a timer alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from queuebit_store.attempts.port import NewAttempt
from queuebit_store.submissions.port import NewSubmission, SubmissionState
from tests.contract.store.conftest import OpenSession

LONG_S = 600.0
WAIT_S = 60.0
LINEAGE, KEY = UUID(int=6), UUID(int=100)


def a_new(number: int = 1, *, lineage: UUID = LINEAGE) -> NewAttempt:
    return NewAttempt(UUID(int=lineage.int * 100 + number), lineage, number, "ibm", b"order %d" % number)


async def claimed(store: Any, owner: str = "one", lease_s: float = LONG_S) -> Any:
    """Ask until something is due."""
    async with asyncio.timeout(WAIT_S):
        while (found := await store.claim_attempt(["ibm"], owner, lease_s)) is None:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
    return found


async def waits(store: Any) -> Any:
    """An attempt that waits for a submission, and will be looked at again in a week."""
    await store.keep_attempt(a_new())
    row = await claimed(store)
    later = await store.attempts_now() + timedelta(days=7)
    await store.save_attempt(replace(row, awaits=KEY, due_at=later), release=True)
    return row


async def test_it_is_kept_once_with_its_order(store: Any) -> None:
    first = await store.keep_attempt(a_new())
    again = await store.keep_attempt(replace(a_new(), order=b"others"))

    assert again == first == await store.attempt(first.attempt_id)
    assert (first.epoch, first.owner, first.signs, first.awaits, first.ended) == (0, None, 0, None, False)
    assert await store.attempt_order(first.attempt_id) == b"order 1"
    assert await store.list_attempts(limit=10) == [first]
    assert (await store.attempt(UUID(int=1)), await store.attempt_order(UUID(int=1))) == (None, None)


async def test_one_carries_it_on_at_a_time_and_a_former_owner_is_fenced_off(open_session: OpenSession) -> None:
    one, two = await open_session(), await open_session()
    await one.keep_attempt(a_new())

    held = await one.claim_attempt(["ibm"], "one", 0.05)
    assert held is not None
    taken = await claimed(two, "two")

    assert (held.owner, held.epoch, taken.owner, taken.epoch) == ("one", 1, "two", 2)
    assert await one.claim_attempt(["ibm"], "three", LONG_S) is None
    assert not await one.renew_attempt(held.attempt_id, held.epoch, LONG_S)
    assert not await one.save_journal(held.attempt_id, held.epoch, b"late")
    assert not await one.save_attempt(replace(held, signs=9), release=True)
    assert not await one.end_attempt(held)
    assert await two.renew_attempt(taken.attempt_id, taken.epoch, LONG_S)
    assert await two.save_journal(taken.attempt_id, taken.epoch, b"found out")
    assert await two.save_attempt(replace(taken, signs=1, outcome=b"answer"), release=True)
    row: Any = await one.attempt(held.attempt_id)
    assert (row.signs, row.journal, row.outcome, row.owner, row.epoch) == (1, b"found out", b"answer", None, 2)


async def test_nobody_carries_on_what_waits_at_a_backend_that_is_not_theirs(store: Any) -> None:
    kept = await store.keep_attempt(a_new())

    assert await store.claim_attempt(["braket"], "one", LONG_S) is None
    assert await store.claim_attempt([], "one", LONG_S) is None
    await store.stop_attempts([kept.attempt_id])

    found = await store.claim_attempt(["braket"], "one", LONG_S)
    assert (found.attempt_id, found.stop_wanted) == (kept.attempt_id, True)


async def test_what_waits_is_woken_by_the_end_of_what_it_waits_for(store: Any) -> None:
    row = await waits(store)
    assert await store.claim_attempt(["ibm"], "one", LONG_S) is None
    await store.intend(NewSubmission(KEY, row.attempt_id, 0, "ibm", b"circuits", "0" * 64, LINEAGE))
    sent = await store.claim(KEY, "one", LONG_S)
    await store.save_submission(
        replace(sent, state=SubmissionState.FOLLOWING, provider_id="job-1", queue_position=3, wait_s=60.0),
        "It is queued.",
        release=False,
    )
    queued = await store.submission(KEY)
    assert (queued.queue_position, queued.wait_s, queued.lineage) == (3, 60.0, LINEAGE)
    assert await store.claim_attempt(["ibm"], "one", LONG_S) is None

    done = replace(sent, state=SubmissionState.CONCLUDED, provider_id="job-1", due_at=None)
    await store.save_submission(done, "Its result is here.", release=True, result=b"counts")

    assert (await claimed(store)).attempt_id == row.attempt_id


async def test_what_happens_to_it_while_it_is_claimed_is_not_slept_through(store: Any) -> None:
    await store.keep_attempt(a_new())
    row = await claimed(store)
    await store.intend(NewSubmission(KEY, row.attempt_id, 0, "ibm", b"circuits", "0" * 64, LINEAGE))
    sent = await store.claim(KEY, "one", LONG_S)
    failed = replace(sent, state=SubmissionState.FAILED, due_at=None)
    await store.save_submission(failed, "Refused.", release=True)

    later = await store.attempts_now() + timedelta(days=7)
    await store.save_attempt(replace(row, awaits=KEY, due_at=later), release=True)

    assert (await claimed(store)).awaits == KEY


async def test_nobody_wants_it_any_more(store: Any) -> None:
    row = await waits(store)

    assert await store.stop_attempts([row.attempt_id, UUID(int=1)]) == [row.attempt_id]

    found = await claimed(store)
    assert (found.attempt_id, found.stop_wanted) == (row.attempt_id, True)
    assert not await store.renew_attempt(found.attempt_id, found.epoch, LONG_S)
    assert await store.end_attempt(found)
    assert await store.stop_attempts([row.attempt_id]) == []


async def test_one_attempt_is_carried_on_though_it_is_not_due_and_by_one_only(store: Any) -> None:
    row = await waits(store)

    found = await store.claim_kept(row.attempt_id, "two", LONG_S)

    assert (found.owner, found.epoch) == ("two", row.epoch + 1)
    assert await store.claim_kept(row.attempt_id, "three", LONG_S) is None
    assert await store.claim_kept(UUID(int=1), "three", LONG_S) is None
    await store.end_attempt(found)
    assert await store.claim_kept(row.attempt_id, "three", LONG_S) is None


async def test_what_has_ended_is_forgotten_when_it_is_old_and_never_begins_again(store: Any) -> None:
    await store.keep_attempt(a_new())
    row = await claimed(store)

    assert await store.end_attempt(replace(row, outcome=b"answer"))

    ended: Any = await store.attempt(row.attempt_id)
    assert (ended.ended, ended.outcome, await store.attempt_order(row.attempt_id)) == (True, None, None)
    assert (await store.keep_attempt(a_new())).ended
    assert await store.claim_attempt(["ibm"], "one", LONG_S) is None
    assert await store.forget_attempts(await store.attempts_now() - timedelta(days=1), 10) == 0
    assert await store.forget_attempts(await store.attempts_now() + timedelta(days=1), 10) == 1


async def test_a_further_try_takes_over_what_was_found_out_and_ends_the_former(store: Any) -> None:
    row = await waits(store)
    await store.save_journal(row.attempt_id, row.epoch, b"found out")

    second = await store.keep_attempt(a_new(2))

    assert (second.journal, second.awaits, (await store.attempt(row.attempt_id)).ended) == (b"found out", None, True)
    assert not await store.save_attempt(replace(row, signs=2), release=True)
    assert (await store.keep_attempt(a_new(lineage=UUID(int=7)))).journal is None


async def test_what_is_on_its_way_for_nobody_is_cancelled(store: Any) -> None:
    row = await waits(store)
    await store.intend(NewSubmission(KEY, row.attempt_id, 0, "ibm", b"circuits", "0" * 64, LINEAGE))
    await store.intend(NewSubmission(UUID(int=101), UUID(int=8), 0, "ibm", b"circuits", "0" * 64))
    soon = await store.attempts_now() + timedelta(days=1)
    assert await store.cancel_orphans(soon, 10) == 0

    await store.stop_attempts([row.attempt_id])
    await store.end_attempt(await claimed(store))

    assert await store.cancel_orphans(await store.attempts_now() - timedelta(days=1), 10) == 0
    assert await store.cancel_orphans(soon, 10) == 1
    assert [row.cancel_wanted for row in await store.list_submissions(limit=9)].count(True) == 1
    assert await store.cancel_orphans(soon, 10) == 0
