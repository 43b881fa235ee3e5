"""The crash matrix judges by what the cloud accepted, not by what the ledger believes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.submissions.port import Submission, SubmissionState
from queuebit_workbench.clouds.crashes.verdict import counted, verdict
from queuebit_workbench.clouds.crashes.ways import Way

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows(*states: SubmissionState) -> list[Submission]:
    return [Submission(UUID(int=n), UUID(int=n), 0, "b", "h", state, NOW, NOW) for n, state in enumerate(states)]


def jobs(*times: int) -> list[dict[str, Any]]:
    """So many jobs of each submission."""
    return [{"tags": [f"queuebit:{UUID(int=n)}"]} for n, count in enumerate(times) for _ in range(count)]


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
        ("control", (ENDED, ENDED), (1, 3), True),
        ("control", (ENDED, ENDED), (1, 1), False),
    ],
)
def test_it_wants_one_each_and_a_control_that_sees_more(
    way: Way, states: tuple[SubmissionState, ...], times: tuple[int, ...], good: bool
) -> None:
    assert verdict(counted(way, rows(*states), jobs(*times), [])) is good


def test_it_counts_how_they_got_there() -> None:
    notes = [
        "Nobody knows its fate: OSError",
        "It was found as job-1.",
        "It is not there: looked up 3 times.",
        "It has run.",
    ]

    told = counted("fence", rows(ENDED, ENDED), jobs(1, 2), notes)

    assert told["accepted"] == {"1": 1, "2": 1}
    assert (told["answers lost"], told["found again"], told["sent again after proof of absence"]) == (1, 1, 1)
