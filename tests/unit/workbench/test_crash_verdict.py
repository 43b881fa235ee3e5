"""The crash matrix judges by what the cloud accepted, not by what the ledger believes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.submissions.port import Submission, SubmissionState
from queuebit_workbench.clouds.crashes.cancels import PLACES
from queuebit_workbench.clouds.crashes.verdict import FENCED, LONG_RUNS, counted, fences_of, verdict
from queuebit_workbench.clouds.crashes.ways import Way

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows(*states: SubmissionState) -> list[Submission]:
    return [Submission(UUID(int=n), UUID(int=n), 0, "b", "h", state, NOW, NOW) for n, state in enumerate(states)]


def jobs(*times: int, state: str = "COMPLETED") -> dict[str, list[str]]:
    """So many jobs of each submission."""
    return {str(UUID(int=n)): [state] * count for n, count in enumerate(times)}


def good(told: dict[str, Any], *places: str) -> bool:
    """The verdict, where processes died at these places, and cancels came everywhere."""
    deaths = {"at": dict.fromkeys(places, 1), "cancels": dict.fromkeys(PLACES, 1)}
    return verdict({"fences": fences_of((), {}), **told, "deaths": deaths})


ENDED, LOST = SubmissionState.CONCLUDED, SubmissionState.UNKNOWN


@pytest.mark.parametrize(
    ("way", "states", "times", "expected"),
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
    way: Way, states: tuple[SubmissionState, ...], times: tuple[int, ...], expected: bool
) -> None:
    assert good(counted(way, rows(*states), jobs(*times), {})) is expected


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


@pytest.mark.parametrize("open_", [True, False])
def test_a_fence_that_nobody_heard_of_must_have_been_closed(open_: bool) -> None:
    there = [{"id": "a", "accepting_jobs": False}, {"id": "b", "accepting_jobs": open_}]
    fences = fences_of(there, {str(UUID(int=0)): ["It is to be handed in.", "The fence a is open."]})

    assert fences == {"opened": 2, "heard of": 1, "left open": int(open_)}
    assert good(counted("fence", rows(ENDED), jobs(1), {}) | {"fences": fences}) is not open_


def test_what_was_paid_twice_because_a_token_was_forgotten_must_have_been_found() -> None:
    notes = {str(UUID(int=1)): ["A late look found 1 more, which may have been paid: a."]}

    assert good(counted("forgotten", rows(ENDED, ENDED), jobs(1, 2), notes))
    assert not good(counted("forgotten", rows(ENDED, ENDED), jobs(2, 2), notes))


@pytest.mark.parametrize(
    ("way", "state", "times", "expected"),
    [
        ("fence", SubmissionState.CANCELLED, 0, True),
        ("fence", SubmissionState.CANCELLED, 1, True),
        ("fence", SubmissionState.CONCLUDED, 1, True),
        ("token", SubmissionState.CANCELLED, 2, False),
        ("label", SubmissionState.CANCELLED, 2, False),
        ("label", SubmissionState.FAILED, 1, False),
        ("fence", SubmissionState.FAILED, 1, False),
        ("fence", SubmissionState.UNKNOWN, 1, False),
    ],
)
def test_what_nobody_wanted_any_more_was_paid_once_at_most_and_never_failed(
    way: Way, state: SubmissionState, times: int, expected: bool
) -> None:
    wanted, unwanted = rows(ENDED, state)

    gone = jobs(1, times, state="CANCELLED" if state is SubmissionState.CANCELLED else "COMPLETED")
    told = counted(way, [wanted, replace(unwanted, cancel_wanted=True)], gone, {})

    assert (told["runs"], told["unwanted"]["runs"]) == (1, 1)
    assert good(told) is expected


@pytest.mark.parametrize(
    ("state", "there", "held", "expected"),
    [
        (SubmissionState.CANCELLED, "CANCELLED", True, {"cancelled here alone": 0, "not cancelled in time": 0}),
        (SubmissionState.CANCELLED, "CANCELLING", True, {"cancelled here alone": 0, "not cancelled in time": 0}),
        (SubmissionState.CANCELLED, "QUEUED", True, {"cancelled here alone": 1, "not cancelled in time": 0}),
        (SubmissionState.CANCELLED, "COMPLETED", False, {"cancelled here alone": 1, "not cancelled in time": 0}),
        (SubmissionState.CONCLUDED, "COMPLETED", False, {"cancelled here alone": 0, "told as too late": 1}),
        (SubmissionState.CONCLUDED, "COMPLETED", True, {"not cancelled in time": 1, "told as too late": 1}),
    ],
)
def test_what_is_told_as_cancelled_is_so_at_the_cloud_and_what_could_be_was(
    state: SubmissionState, there: str, held: bool, expected: dict[str, int]
) -> None:
    wanted, unwanted = rows(ENDED, state)
    unwanted = replace(unwanted, cancel_wanted=True)
    found = jobs(1) | {str(unwanted.key): [there]}

    told = counted("fence", [wanted, unwanted], found, {}, [unwanted.key] if held else [])

    assert told["unwanted"] == told["unwanted"] | expected
    assert good(told) is not any(expected.get(name) for name in ("cancelled here alone", "not cancelled in time"))


@pytest.mark.parametrize(
    ("runs", "places", "expected"), [(LONG_RUNS, FENCED, True), (LONG_RUNS, FENCED[1:], False), (2, (), True)]
)
def test_a_long_run_in_which_nobody_died_at_some_step_proves_nothing(
    runs: int, places: tuple[str, ...], expected: bool
) -> None:
    told = counted("fence", rows(*[ENDED] * runs), jobs(*[1] * runs), {})

    assert good(told, *places) is expected


def test_a_long_run_in_which_no_cancel_came_to_some_place_proves_nothing() -> None:
    told = counted("fence", rows(*[ENDED] * LONG_RUNS), jobs(*[1] * LONG_RUNS), {}) | {"fences": fences_of((), {})}
    deaths = dict.fromkeys(FENCED, 1)

    assert verdict({**told, "deaths": {"at": deaths, "cancels": dict.fromkeys(PLACES, 1)}})
    assert not verdict({**told, "deaths": {"at": deaths, "cancels": dict.fromkeys(PLACES[2:], 1)}})
    assert verdict({**told, "way": "token", "deaths": {"at": deaths, "cancels": dict.fromkeys(PLACES[2:], 1)}})
