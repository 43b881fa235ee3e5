"""What makes a pair, when, and in which order: each rule is a way to be fooled less."""

from __future__ import annotations

import pytest

from queuebit_contracts.jobs import Cost
from queuebit_domain.paths.deciding import fold_ready
from queuebit_domain.paths.pairing import Unusable, difference, pair_of, prefix, settled
from tests.unit.paths.given import a_case, a_pair, a_path, an_arm, hours, registered, then

PAID = Cost(amount="0.50", currency="EUR")
BASE = an_arm(100.0, "classical", hours(1))


def test_both_answers_make_a_pair_with_the_relative_difference() -> None:
    ours = an_arm(98.0, at=hours(2), placebo=99.0, epoch="c1", took_s=3600.0, cost=PAID)
    case = a_case(1, ours, BASE, incumbent=102.0, eligible=7, propensity=0.1)

    assert pair_of(a_path(), case) == a_pair(
        1,
        -0.02,
        placebo_difference=-1 / 99,
        incumbent_difference=-4 / 102,
        epoch="c1",
        eligible=7,
        propensity=0.1,
        path_s=3600.0,
        cost=PAID,
    )


@pytest.mark.parametrize(
    ("ours", "other", "sense", "bound", "expected"),
    [
        (102.0, 100.0, "min", None, 0.02),
        (102.0, 100.0, "max", None, -0.02),
        (102.0, 100.0, "min", 80.0, 0.025),
        (0, 0, "min", None, 0.0),
        (3, 0, "min", None, 1.0),
        (-90, -100, "min", None, 0.1),
        (1e9, 1, "min", None, 1.0),
    ],
)
def test_a_difference_is_relative_to_the_bound_or_to_the_other(
    ours: float, other: float, sense: str, bound: float | None, expected: float
) -> None:
    assert difference(ours, other, sense, bound) == pytest.approx(expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        (None, "never came"),
        (an_arm(98.0, at=hours(12)), "came after the horizon"),
        (an_arm(None, at=hours(2), why="rejected"), "rejected"),
    ],
    ids=["missing", "late", "invalid"],
)
def test_what_failed_is_late_or_never_came_is_lost(ours: object, why: str) -> None:
    pair = pair_of(a_path(), a_case(1, ours, BASE))  # type: ignore[arg-type]

    assert not isinstance(pair, Unusable)
    assert (pair.difference, pair.placebo_difference, pair.path_ok, pair.deadline_hit, pair.why) == (
        1.0,
        1.0,
        False,
        False,
        why,
    )


def test_where_the_classical_way_fails_the_path_has_won_and_where_both_do_nobody_has() -> None:
    failed = an_arm(None, "classical", hours(2))
    alone = pair_of(a_path(), a_case(1, an_arm(98.0, at=hours(2)), failed))
    neither = pair_of(a_path(), a_case(1, an_arm(None, at=hours(2)), failed))

    assert not isinstance(alone, Unusable)
    assert not isinstance(neither, Unusable)
    assert (alone.difference, alone.base_ok) == (-1.0, False)
    assert (neither.difference, neither.path_ok, neither.placebo_difference) == (0.0, False, None)


def test_the_order_is_that_of_the_questions_and_a_lost_answer_delays_it_to_its_horizon_only() -> None:
    first, second = a_case(1, None, BASE), a_case(2, an_arm(98.0, at=hours(3)), BASE)

    assert prefix([first, second], registered(), hours(3)) == []
    assert prefix([first, second], registered(), hours(11)) == [first, second]
    assert settled(second, registered(), hours(3))
    assert settled(a_case(1, None, BASE), registered(spec={"horizon_s": 3600.0}), hours(2))


def test_a_problem_counts_once_an_epoch_and_is_paid_for_each_time() -> None:
    same = {"problem_fingerprint": "again"}
    cases = [a_case(nth, an_arm(98.0, at=hours(nth), epoch="c1", cost=PAID), BASE, **same) for nth in (1, 2)]
    cases.append(a_case(3, an_arm(98.0, at=hours(3), epoch="c2", cost=PAID), BASE, **same))
    events, path = fold_ready(a_path(), cases, hours(20))

    assert [event.counted for event in events if hasattr(event, "counted")] == [True, False, True]
    assert (path.gate.pairs, path.value.pairs, path.value.cost.amount) == (2, 2, "1.50")


def test_what_was_there_before_makes_no_pair() -> None:
    reused = a_case(1, an_arm(98.0, at=hours(2)), an_arm(100.0, "classical", hours(1), reused=True))

    assert pair_of(a_path(), reused) == Unusable(reused, "an answer was there before")
    assert fold_ready(a_path(), [reused], hours(20)) == ([], a_path())


def test_what_shows_nothing_is_paid_for_all_the_same() -> None:
    ours = an_arm(98.0, at=hours(2), cost=PAID)
    reused = a_case(1, ours, an_arm(100.0, "classical", hours(1), reused=True))
    swapped = a_case(2, ours, an_arm(100.0, "quantum", hours(1)))
    never = a_case(3, None, BASE, cost=PAID)
    events, path = fold_ready(a_path(), [reused, swapped, never], hours(20))

    assert [(type(event).__name__, getattr(event, "counted", None)) for event in events] == [
        ("PathPairRecorded", False),
        ("PathPairRecorded", False),
        ("PathFrozen", None),
        ("PathPairRecorded", True),
    ]
    assert (path.value.cost.amount, path.gate.pairs) == ("1.50", 1)


def test_who_was_stopped_has_not_lost() -> None:
    """Given a job that ended with the quantum answer and gave the classical way up, then nobody has won."""
    stopped = an_arm(None, "classical", hours(2), stopped=True, why="abandoned: a checked answer was chosen")
    alone = pair_of(a_path(), a_case(1, an_arm(98.0, at=hours(2)), stopped))
    failed = pair_of(a_path(), a_case(1, an_arm(98.0, at=hours(2)), an_arm(None, "classical", hours(2))))
    neither = pair_of(a_path(), a_case(1, an_arm(None, at=hours(2)), stopped))

    assert [pair.difference for pair in (alone, failed, neither) if not isinstance(pair, Unusable)] == [0.0, -1.0, 0.0]


def test_epochs_that_take_turns_hide_no_repeat() -> None:
    """Given a path with two backends, of which each job takes another, then the same problem counts once with each."""
    arms = [an_arm(98.0, at=hours(nth), epoch=f"device-{nth % 2} today") for nth in range(1, 7)]
    cases = [a_case(nth, arm, BASE, problem_fingerprint="again") for nth, arm in enumerate(arms, start=1)]
    events, path = fold_ready(a_path(), cases, hours(20))

    assert [event.counted for event in events if hasattr(event, "counted")] == [True, True, False, False, False, False]
    assert path.gate.pairs == 2


def test_what_failed_is_of_the_epoch_that_was_told_last() -> None:
    cases = [
        a_case(1, an_arm(None, at=hours(1)), BASE),
        a_case(2, an_arm(98.0, at=hours(2), epoch="device today"), BASE),
        a_case(3, an_arm(None, at=hours(3)), BASE),
    ]
    _, path = fold_ready(a_path(), cases, hours(20))

    assert path.epochs == {"2026-03-02", "device today"}


@pytest.mark.parametrize(("said", "expected"), [(95.0, -0.02 + 0.05), (79.0, None)])
def test_what_a_caller_says_to_reach_is_not_believed_where_it_cannot_be(said: float, expected: float | None) -> None:
    base = an_arm(100.0, "classical", hours(1), bound=80.0)
    pair = pair_of(a_path(), a_case(1, an_arm(98.0, at=hours(2)), base, incumbent=said))

    assert not isinstance(pair, Unusable)
    assert pair.incumbent_difference == (None if expected is None else pytest.approx(3 / 80))


def test_an_answer_of_another_lane_in_its_place_stops_all_measuring() -> None:
    swapped = a_case(1, an_arm(98.0, "classical", hours(2)), an_arm(100.0, "quantum", hours(1)))
    events, path = fold_ready(a_path(), [swapped], hours(20))

    assert [type(event).__name__ for event in events] == ["PathFrozen"]
    assert not path.measures
    assert path.gate.pairs == 0


def test_what_was_asked_before_the_stage_shows_nothing_in_it() -> None:
    early = a_case(1, an_arm(98.0, at=hours(2), cost=PAID), BASE)
    path = then(a_path(), [])
    path = path.__class__(**{**path.__dict__, "since": hours(2)})
    pair = pair_of(path, early)

    assert not isinstance(pair, Unusable)
    assert (pair.counted, pair.cost) == (False, PAID)
