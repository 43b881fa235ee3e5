"""Submissions of the crash matrix are cancelled where they were meant to be, or at the next place that they come by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.memory import MemoryStore
from queuebit_store.submissions.port import NewSubmission, Submission, SubmissionState
from queuebit_workbench.clouds.crashes.cancels import PLACES, Fickle, planned

KEY = UUID(int=7)


@pytest.fixture
async def row() -> tuple[MemoryStore, Submission]:
    """A claimed submission, whose lineage is its attempt."""
    store = MemoryStore()
    await store.intend(NewSubmission(KEY, KEY, 0, "b", b"{}", "h", KEY))
    claimed = await store.claim(KEY, "me", 60.0)
    assert claimed is not None
    return store, claimed


def test_places_are_given_in_turns() -> None:
    keys = [UUID(int=number) for number in range(len(PLACES) + 1)]

    assert list(planned(keys).values()) == [*PLACES, PLACES[0]]


@pytest.mark.parametrize(
    ("wanted", "comes_by", "at"),
    [
        ("fence open", ({"fence": "f"}, {"state": SubmissionState.SUBMITTING}), ["fence open"]),
        ("submitting", ({"fence": "f"}, {"state": SubmissionState.SUBMITTING}), ["submitting"]),
        ("unknown", ({"state": SubmissionState.SUBMITTING}, {"state": SubmissionState.UNKNOWN}), ["unknown"]),
        ("unknown", ({"state": SubmissionState.SUBMITTING}, {"state": SubmissionState.FOLLOWING}), ["following"]),
        ("following", ({"state": SubmissionState.UNKNOWN}, {"state": SubmissionState.SUBMITTING}), []),
        ("succeeded", ({"state": SubmissionState.FOLLOWING}, {"state": SubmissionState.CONCLUDED}), []),
    ],
)
async def test_one_is_cancelled_once_at_its_place_or_past_it(
    row: tuple[MemoryStore, Submission], wanted: str, comes_by: tuple[dict[str, Any], ...], at: list[str]
) -> None:
    store, claimed = row
    told: list[str] = []
    fickle = Fickle(store, {KEY: wanted}, told.append)

    for change in (*comes_by, comes_by[-1]):
        changed = replace(claimed, **change, provider_id="p")
        assert await fickle.save_submission(changed, "so", release=False)

    found = await fickle.submission(KEY)
    assert told == at
    assert found.cancel_wanted is bool(at)


async def test_what_is_not_saved_is_not_cancelled_and_others_are_left_alone(
    row: tuple[MemoryStore, Submission],
) -> None:
    store, claimed = row
    told: list[str] = []

    saved = await Fickle(store, {KEY: "intended"}, told.append).save_submission(
        replace(claimed, epoch=claimed.epoch - 1), "late", release=False
    )
    other = await Fickle(store, {UUID(int=8): "intended"}, told.append).save_submission(claimed, "so", release=False)

    assert (saved, other, told) == (False, True, [])
