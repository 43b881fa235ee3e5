"""What was used and perhaps not told: due once all attempts have ended, looked after by one at a time, settled for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.attempts.port import Charge, KeptAttempt, NewAttempt, Use
from queuebit_store.submissions.port import NewSubmission, SubmissionState

LONG_S = 600.0
LINEAGE, KEY, ATTEMPT, SECOND = UUID(int=6), UUID(int=100), UUID(int=601), UUID(int=602)
CHARGE = Charge(KEY, "ibm", "job-1", concluded=True, counted=False, detail="", attempt_id=ATTEMPT, told_as=b"as whose")


async def handed_in(store: Any, state: SubmissionState, provider_id: str | None = "job-1") -> None:
    """A kept attempt, and what it handed in, at its end."""
    await store.keep_attempt(NewAttempt(ATTEMPT, LINEAGE, 1, "ibm", b"order", b"as whose"))
    await store.intend(NewSubmission(KEY, ATTEMPT, 0, "ibm", b"circuits", "0" * 64, LINEAGE))
    row = await store.claim(KEY, "one", LONG_S)
    ended = replace(row, state=state, provider_id=provider_id, due_at=None)
    result = b"{}" if state is SubmissionState.CONCLUDED else None
    assert await store.save_submission(ended, "It has ended.", release=True, result=result)


async def carried(store: Any) -> KeptAttempt:
    row: KeptAttempt = await store.claim_attempt(["ibm"], "one", LONG_S)
    return row


async def end(store: Any, *, counted: bool = False) -> None:
    row = await carried(store)
    assert not counted or await store.count_uses(row, [KEY]) == {KEY: Use()}
    assert await store.end_attempt(row, counted=counted)


async def next_try(store: Any) -> KeptAttempt:
    await store.keep_attempt(NewAttempt(SECOND, LINEAGE, 2, "ibm", b"order", b"as whose"))
    return await carried(store)


async def charges(store: Any, backends: tuple[str, ...] = ("ibm",), back_s: float = 0.0) -> list[Charge]:
    before = await store.attempts_now() - timedelta(seconds=back_s)
    found: list[Charge] = await store.claim_charges(list(backends), before, 10)
    return found


async def test_it_is_due_when_its_attempts_have_ended_and_then_looked_after_by_one(store: Any) -> None:
    await handed_in(store, SubmissionState.CONCLUDED)
    assert await charges(store) == []

    await end(store)

    assert await charges(store, ("other",)) == []
    assert await charges(store, back_s=LONG_S) == []
    assert await charges(store) == [CHARGE]
    assert await charges(store) == []


@pytest.mark.parametrize("counted", [True, False])
async def test_whether_an_outcome_counted_it_is_told(store: Any, counted: bool) -> None:
    await handed_in(store, SubmissionState.CONCLUDED)
    await end(store, counted=counted)

    assert await charges(store) == [replace(CHARGE, counted=counted)]


async def test_what_the_provider_cancelled_is_due_and_counted_by_nobody(store: Any) -> None:
    await handed_in(store, SubmissionState.CANCELLED)
    row = await carried(store)
    assert await store.count_uses(row, []) == {}
    await store.end_attempt(row, counted=True)

    assert await charges(store) == [replace(CHARGE, concluded=False)]


async def test_what_never_came_to_a_provider_used_nothing(store: Any) -> None:
    await handed_in(store, SubmissionState.CANCELLED, provider_id=None)
    await end(store)

    assert await charges(store) == []


async def test_what_is_settled_is_never_due_again(open_session: Any) -> None:
    one, two = await open_session(), await open_session()
    await handed_in(one, SubmissionState.CONCLUDED)
    await end(one)

    await one.settle_charge(KEY)

    assert await charges(two) == []


async def test_an_outcome_tells_what_no_other_outcome_has_told(store: Any) -> None:
    await handed_in(store, SubmissionState.CONCLUDED)
    await end(store, counted=True)
    second = await next_try(store)

    assert await store.count_uses(second, [KEY]) == {}


async def test_what_an_attempt_would_have_told_that_ends_otherwise_is_told_by_others(store: Any) -> None:
    await handed_in(store, SubmissionState.CONCLUDED)
    row = await carried(store)
    assert await store.count_uses(row, [KEY]) == {KEY: Use()}
    await store.end_attempt(row)

    second = await next_try(store)
    assert await store.count_uses(second, [KEY]) == {KEY: Use()}
    await store.keep_attempt(NewAttempt(UUID(int=603), LINEAGE, 3, "ibm", b"order"))
    assert await store.count_uses(second, [KEY]) == {}
    assert await store.count_uses(await carried(store), [KEY]) == {KEY: Use()}


async def test_an_outcome_that_is_stored_is_told_before_its_attempt_ends(store: Any) -> None:
    await handed_in(store, SubmissionState.CONCLUDED)
    first = await carried(store)
    await store.count_uses(first, [KEY])
    assert await store.save_attempt(replace(first, outcome=b"answer"), release=True)
    await store.keep_attempt(NewAttempt(SECOND, LINEAGE, 2, "ibm", b"order"))

    found = {row.attempt_id: row for row in (await carried(store), await carried(store))}
    assert (found[ATTEMPT].outcome, found[SECOND].outcome) == (b"answer", None)
    assert await store.count_uses(found[SECOND], [KEY]) == {}


async def test_what_is_told_late_is_left_to_no_outcome_and_told_until_it_is_settled(store: Any) -> None:
    await handed_in(store, SubmissionState.CONCLUDED)
    await end(store)
    [charge] = await charges(store)

    assert await store.note_late(charge, Use(2.5, 100))
    assert not await store.note_late(charge, Use(9.0, 9))

    second = await next_try(store)
    assert await store.count_uses(second, [KEY]) == {KEY: Use(2.5, 100)}
    assert await store.count_uses(second, [KEY]) == {KEY: Use(2.5, 100)}


async def test_what_an_outcome_has_come_to_tell_is_not_told_late_besides(store: Any) -> None:
    await handed_in(store, SubmissionState.CONCLUDED)
    await end(store)
    [charge] = await charges(store)
    await store.count_uses(await next_try(store), [KEY])

    assert not await store.note_late(charge, Use(2.5, 100))
