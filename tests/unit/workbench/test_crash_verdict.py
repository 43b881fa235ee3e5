"""The crash matrix judges by what the cloud accepted, not by what the ledger believes."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from queuebit_store.submissions.port import Submission, SubmissionState
from queuebit_workbench.clouds.crashes.verdict import counted, verdict
from queuebit_workbench.clouds.crashes.ways import Way

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows(*states: SubmissionState) -> list[Submission]:
    return [Submission(UUID(int=n), UUID(int=n), 0, "b", "h", state, NOW, NOW) for n, state in enumerate(states)]


def jobs(*times: int) -> dict[str, int]:
    """So many jobs of each submission."""
    return {str(UUID(int=n)): count for n, count in enumerate(times)}


ENDED, LOST = SubmissionState.CONCLUDED, SubmissionState.UNKNOWN


@pytest.mark.parametrize(
    ("way", "states", "times", "good"),
    [
        ("fence", (ENDED, ENDED), (1, 1), True),
        ("fence", (ENDED, ENDED), (1, 2), False),
        ("fence", (ENDED, ENDED), (1, 0), False),
        ("fence", (ENDED, LOST), (1, 1), False),
        ("fence", (ENDED, SubmissionState.FAILED), (1, 1), False),
        ("search", (ENDED, ENDED), (1, 2), True),
        ("search", (ENDED, SubmissionState.FAILED), (1, 1), False),
        ("label", (ENDED, ENDED), (1, 1), True),
        ("label", (ENDED, ENDED), (1, 2), False),
        ("label", (ENDED, LOST), (1, 1), False),
        ("token", (ENDED, ENDED), (1, 1), True),
        ("token", (ENDED, ENDED), (1, 2), False),
        ("forgotten", (ENDED, ENDED), (1, 2), False),
        ("control", (ENDED, ENDED), (1, 3), True),
        ("control", (ENDED, ENDED), (1, 1), False),
    ],
)
def test_it_wants_one_each_and_a_control_that_sees_more(
    way: Way, states: tuple[SubmissionState, ...], times: tuple[int, ...], good: bool
) -> None:
    assert verdict(counted(way, rows(*states), jobs(*times), {})) is good


def test_it_counts_how_they_got_there() -> None:
    notes = [
        "Nobody knows its fate: OSError",
        "It was found as job-1.",
        "It is not there: looked up 3 times.",
        "It has run.",
    ]

    told = counted("fence", rows(ENDED, ENDED), jobs(1, 2), {str(UUID(int=0)): notes})

    assert told["accepted"] == {"1": 1, "2": 1}
    assert (told["answers lost"], told["found again"], told["sent again after proof of absence"]) == (1, 1, 1)


def test_what_was_paid_twice_because_a_token_was_forgotten_must_have_been_found() -> None:
    notes = {str(UUID(int=1)): ["A late look found 1 more, which may have been paid: a."]}

    assert verdict(counted("forgotten", rows(ENDED, ENDED), jobs(1, 2), notes))
    assert not verdict(counted("forgotten", rows(ENDED, ENDED), jobs(2, 2), notes))
