"""What was used and perhaps not told: due once all attempts have ended, looked after by one at a time, settled for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.attempts.port import Charge, NewAttempt
from queuebit_store.submissions.port import NewSubmission, SubmissionState

LONG_S = 600.0
LINEAGE, KEY, ATTEMPT = UUID(int=6), UUID(int=100), UUID(int=601)
CHARGE = Charge(KEY, "ibm", "job-1", concluded=True, counted=False, detail="", attempt_id=ATTEMPT, told_as=b"as whose")


async def handed_in(store: Any, state: SubmissionState, provider_id: str | None = "job-1") -> None:
    """A kept attempt, and what it handed in, at its end."""
    await store.keep_attempt(NewAttempt(ATTEMPT, LINEAGE, 1, "ibm", b"order", b"as whose"))
    await store.intend(NewSubmission(KEY, ATTEMPT, 0, "ibm", b"circuits", "0" * 64, LINEAGE))
    row = await store.claim(KEY, "one", LONG_S)
    ended = replace(row, state=state, provider_id=provider_id, due_at=None)
    result = b"{}" if state is SubmissionState.CONCLUDED else None
    assert await store.save_submission(ended, "It has ended.", release=True, result=result)


async def end(store: Any, *, counted: bool = False) -> None:
    row = await store.claim_attempt(["ibm"], "one", LONG_S)
    assert await store.end_attempt(row, counted=counted)


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
    await end(store, counted=True)

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
