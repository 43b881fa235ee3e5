"""Paths that go by what acting on answers brought: what is compared, what is waited for, and what is missing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from queuebit_contracts.canonical import canonical_json
from queuebit_contracts.events import OutcomeReported
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.outcomes import Brought
from queuebit_contracts.paths import PathPairRecorded
from queuebit_domain.paths.case import Case
from queuebit_domain.paths.deciding import fold_ready
from queuebit_domain.paths.outcomes import Report, Reports
from queuebit_domain.paths.pairing import pair_of, settled
from queuebit_domain.paths.report import report_of
from queuebit_domain.paths.state import Path
from queuebit_operations.paths.telling import document_of
from tests.unit.paths.given import a_case, a_path, an_arm, hours, then

DAY_S = 86_400.0
MOST = "9" * 15
"""As much as a report may say."""


def said(nth: float = 3, objective: float | None = None, value: str | None = None, currency: str = "EUR") -> Report:
    return Report(hours(nth), objective, None if value is None else Brought(amount=value, currency=currency))


def by(measure: str, **changes: Any) -> Path:
    return a_path(measure=measure, outcome_horizon_s=DAY_S, **changes)


def a_measured(path: tuple[Report, ...] = (), base: tuple[Report, ...] = (), **changes: Any) -> Case:
    """Both answers are valid; by the objectives that were recomputed, the path's is much better."""
    ours = an_arm(50.0, at=hours(2), reports=path)
    return a_case(1, ours, an_arm(100.0, "classical", hours(1), reports=base), **changes)


def paired(path: Path, case: Case) -> PathPairRecorded:
    made = pair_of(path, case)
    assert isinstance(made, PathPairRecorded)
    return made


@pytest.mark.parametrize(
    ("measure", "ours", "base", "expected"),
    [
        ("outcome_objective", (said(objective=104),), (said(objective=100),), 0.04),
        ("outcome_objective", (said(objective=999), said(4, objective=98)), (said(objective=100),), -0.02),
        ("outcome_value", (said(value="90"), said(4, value="20")), (said(value="100"),), -0.1),
        ("outcome_value", (said(value="-5"),), (said(value="100"),), 1.0),
    ],
)
def test_what_was_reported_is_compared_and_not_what_was_recomputed(
    measure: str, ours: tuple[Report, ...], base: tuple[Report, ...], expected: float
) -> None:
    made = paired(by(measure), a_measured(ours, base))

    assert made.difference == pytest.approx(expected)
    assert (made.counted, made.missing) == (True, None)


@pytest.mark.parametrize(
    ("ours", "base", "missing", "why"),
    [
        ((), (said(value="1"),), "path", "no outcome of the path's answer was reported in time"),
        ((said(value="1"),), (), "base", "no outcome of the classical answer was reported in time"),
        ((), (), "both", "no outcome of either answer was reported in time"),
        ((said(26, value="1"),), (said(value="1"),), "path", "no outcome of the path's answer was reported in time"),
        ((said(objective=1),), (said(value="1"),), "path", "no outcome of the path's answer was reported in time"),
        ((said(value="1"),), (said(value="1", currency="USD"),), "both", "the outcomes are in different currencies"),
        (
            (said(value=MOST), said(value="1")),
            (said(value="1"),),
            "path",
            "what was reported of the path's answer cannot be compared",
        ),
        (
            (said(value="1"),),
            (said(value="1"), said(value="1", currency="USD")),
            "base",
            "what was reported of the classical answer cannot be compared",
        ),
    ],
    ids=["path", "base", "both", "late", "another number", "currencies", "more than is told", "currencies of one"],
)
def test_a_pair_whose_outcome_is_missing_shows_nothing_and_says_whose(
    ours: tuple[Report, ...], base: tuple[Report, ...], missing: str, why: str
) -> None:
    path = by("outcome_value")

    made = paired(path, a_measured(ours, base))
    after = then(path, [made])

    assert (made.counted, made.missing, made.why) == (False, missing, why)
    assert (after.gate.shown, after.value.pairs, after.value.untold) == ({}, 0, 1)
    assert "of 1 pairs an outcome is missing" in report_of(after)


def test_a_number_that_is_no_measure_of_anything_stops_no_path() -> None:
    made = paired(by("outcome_objective"), a_measured((said(objective=10**400),), (said(objective=1),)))

    why = "what was reported of the path's answer cannot be compared"
    assert (made.counted, made.missing, made.why) == (False, "path", why)


def test_an_answer_that_failed_is_lost_whatever_was_reported() -> None:
    case = a_case(1, an_arm(None, at=hours(2), why="rejected"), an_arm(100.0, "classical", hours(1)))

    made = paired(by("outcome_value"), case)

    assert (made.difference, made.counted, made.why) == (1.0, True, "rejected")


@pytest.mark.parametrize(
    ("case", "until_h"),
    [
        (a_measured((said(value="1"),), (said(value="2"),)), 0),
        (a_measured((said(value="1"),), ()), 25),
        (a_measured(), 25),
        (a_measured((said(),), (said(value="2"),)), 25),
        (a_measured((said(objective=1),), (said(objective=2),)), 25),
        (a_case(1, an_arm(None), an_arm(100.0, "classical")), 0),
    ],
    ids=["both told", "one told", "none told", "no more than acted on", "another number", "failed"],
)
def test_outcomes_are_waited_for_until_both_are_there_or_their_time_is_over(case: Case, until_h: float) -> None:
    def at(nth: float) -> bool:
        return settled(case, by("outcome_value").registered, hours(nth))

    assert at(until_h)
    assert until_h == 0 or not at(until_h - 0.01)
    assert settled(case, a_path().registered, hours(0))


def test_a_gate_that_goes_by_objectives_waits_for_no_outcome_and_tells_those_that_are_there() -> None:
    value, base = (said(value="30"),), (said(value="25"),)
    path = a_path()

    made = paired(path, a_measured(value, base))
    after = then(path, [made])

    assert (made.difference, made.counted) == (-0.5, True)
    assert (made.path_brought, made.base_brought) == (
        (Brought(amount="30", currency="EUR"),),
        (Brought(amount="25", currency="EUR"),),
    )
    assert "30 EUR by the path, 25 by the classical way, +5 more" in report_of(after)
    assert document_of(after, hours(5), 0)["outcomes"] == {
        "measure": None, "told": 1, "untold": 0, "path": {"EUR": "30"}, "base": {"EUR": "25"},
    }  # fmt: skip


def test_money_is_added_up_exactly_and_by_currency() -> None:
    value = then(
        a_path(),
        [
            paired(a_path(), a_measured((said(value="0.1"),), (said(value="0.2"),))),
            paired(a_path(), a_measured((said(value="0.2"),), (said(value="1", currency="USD"),))).model_copy(
                update={"seq": 2}
            ),
        ],
    ).value

    assert (value.told, value.path_brought, value.base_brought) == (
        2,
        {"EUR": Decimal("0.3")},
        {"EUR": Decimal("0.2"), "USD": Decimal(1)},
    )


def test_a_path_that_brings_less_is_shown_to_harm_though_its_objectives_are_better() -> None:
    """A story of pairs: the model says half the cost, reality says a tenth less money."""
    path = by("outcome_value")
    for nth in range(1, 400):
        ours = an_arm(50.0, at=hours(nth + 1), reports=(said(nth + 2, value="90"),))
        base = an_arm(100.0, "classical", hours(nth + 1), reports=(said(nth + 2, value="100"),))
        case = a_case(nth, ours, base)
        _, path = fold_ready(path, [case], hours(nth + 3))
        if "harm" in path.gate.shown:
            break

    assert "harm" in path.gate.shown


def test_a_report_that_names_no_answer_is_of_the_one_that_was_chosen_last() -> None:
    one, other = (attempt_id_of(a_case().job_id, "leg", nth) for nth in (1, 2))
    reports, at = Reports(), datetime.fromisoformat("2026-03-02T00:00:00Z")
    reports.hear(at, OutcomeReported(acted=True, objective=0))
    reports.last = one
    reports.hear(at, OutcomeReported(acted=True, objective=1))
    reports.last = other
    reports.hear(at + timedelta(1), OutcomeReported(acted=True, objective=2))
    reports.hear(at + timedelta(2), OutcomeReported(acted=False, attempt_id=one, objective=3))

    assert [each.objective for each in reports.of(one)] == [1, 3]
    assert [each.objective for each in reports.of(other)] == [2]


def test_what_came_later_changes_no_digest_of_a_path_that_does_not_use_it() -> None:
    path = a_path()
    fields = {
        name: value for name, value in path.registered.__dict__.items() if name not in ("measure", "outcome_horizon_s")
    }

    assert path.digest == hashlib.sha256(b" PathRegistered " + canonical_json(fields)).hexdigest()
