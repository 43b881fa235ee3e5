"""What the validator remembers of earlier verdicts: bounded, each attempt once, sampled lanes only."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.events import ExecutionSucceeded, Verdict
from queuebit_contracts.ids import attempt_id_of, derive_id
from queuebit_contracts.jobs import Ran
from queuebit_result_validation.history import NO_TRACK, RECENT, VERDICTS_MAX, History, Track
from tests.unit.result_validation.executions import JOB_ID, PACK, unproved


def an_answer(number: int, *, backend: str = "aer", **changes: Any) -> ExecutionSucceeded:
    job_id = derive_id(JOB_ID, str(number))
    ran = Ran(lane="simulator", method="LR-QAOA p=10", backend=backend)
    return unproved(
        **{"attempt_id": attempt_id_of(job_id, "primary-simulator", 1), "lane": "simulator", "ran": ran, **changes}
    )


def fed(verdicts: list[Verdict]) -> History:
    history = History()
    for number, verdict in enumerate(verdicts):
        history.note(an_answer(number), verdict)
    return history


def test_it_counts_what_was_accepted_of_the_same_kind_lane_and_backend() -> None:
    history = fed(["accepted", "needs_review", "rejected", "accepted"])
    assert history.track(an_answer(9)) == Track(4, 2, 4, 2)
    assert history.track(an_answer(9, backend="fake_torino")) == NO_TRACK
    assert history.track(an_answer(9, lane="quantum")) == NO_TRACK
    assert history.track(unproved(PACK, lane="simulator")) == NO_TRACK


def test_an_attempt_counts_once_and_never_for_itself() -> None:
    history = fed(["accepted", "accepted"])
    history.note(an_answer(1), "accepted")
    assert history.track(an_answer(1)) == Track(1, 1, 1, 1)


def test_solvers_and_missing_problems_are_not_remembered() -> None:
    history = History()
    for execution in (unproved(), an_answer(1, problem=None)):
        history.note(execution, "accepted")
        assert history.track(execution) == NO_TRACK


def test_only_the_last_verdicts_are_kept() -> None:
    rejected: list[Verdict] = ["rejected"] * 50
    accepted: list[Verdict] = ["accepted"] * VERDICTS_MAX
    history = fed(rejected + accepted)
    assert history.track(an_answer(10_000)) == Track(VERDICTS_MAX, VERDICTS_MAX, RECENT, RECENT)


@pytest.mark.parametrize(
    ("track", "dropped"),
    [
        (Track(100, 84, 20, 8), True),
        (Track(100, 92, 20, 12), True),
        (Track(100, 84, 20, 16), False),
        (Track(39, 20, 20, 1), False),
        (Track(100, 20, 20, 20), False),
        (NO_TRACK, False),
    ],
)
def test_when_the_share_of_acceptance_has_dropped(track: Track, dropped: bool) -> None:
    """The two intervals are apart for 76 of 80 and then 8 of 20, and for 80 and 12; not for 68 of 80 and then 16 of 20."""
    assert track.dropped is dropped
