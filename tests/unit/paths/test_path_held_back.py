"""Attempts of a path that wait: what a window or an operator keeps until the job is over has neither won nor lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queuebit_contracts.jobs import Leg
from queuebit_contracts.model import copy_with
from queuebit_contracts.windows import Window
from queuebit_domain.holds.gate import OPEN, Gate
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Message, Submit, Wake
from queuebit_domain.job.state import Job, NoJob
from queuebit_domain.paths.case import Case
from queuebit_domain.paths.cases import Told, case_of
from queuebit_domain.paths.deciding import fold_ready
from queuebit_domain.paths.pairing import Unusable, pair_of, prefix
from tests.builders import JOB_ID, a_submit
from tests.unit.control_plane.holding import a_hold, holds
from tests.unit.control_plane.planned import answers
from tests.unit.paths.given import a_path, registered
from tests.unit.paths.measured_jobs import a_leg, a_plan

FRIDAY = datetime(2026, 6, 5, 12, tzinfo=UTC)
EVENING = datetime(2026, 6, 5, 20, tzinfo=UTC)
EVENINGS = Window(opens="20:00", closes="23:00", zone="UTC")
HOUR = {"horizon_s": 3600.0}
LEG = "path-quantum"


def case_in(
    *told: tuple[Message, datetime],
    windows: tuple[Window, ...] | None = (EVENINGS,),
    gate: Gate = OPEN,
    **request: Any,
) -> Case:
    """The case of a job in whose canary the path has an attempt on a lane with these windows."""
    planned, path = a_plan(), copy_with(a_leg(LEG, "primary", "quantum"), windows=windows)
    legs: tuple[Leg, ...] = (planned.legs[0], path)
    wanted: dict[str, Any] = {"tier": "scheduled", "deadline": FRIDAY + timedelta(days=7), **request}
    asked = a_submit("auto", **wanted)
    submit = Submit(asked.job_id, asked.event, asked.inputs, copy_with(planned, legs=legs))
    job: Job = NoJob()
    happened: list[Told] = []
    messages: Sequence[tuple[Message, datetime]] = ((submit, FRIDAY), *told)
    for message, now in messages:
        events, job = decide(job, message, now, JOB_ID, gate)
        happened += [Told(now, event) for event in events]
    case = case_of(JOB_ID, happened, 1)
    assert case is not None
    return case


def at_once(leg: str, objective: float, now: datetime) -> list[tuple[Message, datetime]]:
    return [(message, now) for message in answers(leg, objective)]


def test_time_is_counted_from_when_its_lane_opens_and_an_answer_of_then_is_a_pair() -> None:
    base = at_once("primary-classical", 100.0, FRIDAY)
    waiting = case_in(*base)
    answered = case_in(*base, (Wake(), EVENING), *at_once(LEG, 98.0, EVENING + timedelta(minutes=50)))

    assert waiting.horizon(3600) == EVENING + timedelta(hours=1)
    assert prefix([waiting], registered(spec=HOUR), EVENING + timedelta(minutes=59)) == []
    pair = pair_of(a_path(spec=HOUR), answered)
    assert not isinstance(pair, Unusable)
    assert (pair.difference, pair.path_ok, pair.base_ok) == (-0.02, True, True)


def test_what_never_came_by_then_is_lost_as_ever() -> None:
    case = case_in(*at_once("primary-classical", 100.0, FRIDAY), (Wake(), EVENING))

    assert prefix([case], registered(spec=HOUR), EVENING + timedelta(hours=1)) == [case]
    pair = pair_of(a_path(spec=HOUR), case)
    assert not isinstance(pair, Unusable)
    assert (pair.difference, pair.path_ok) == (1.0, False)


OPERATOR = a_hold("lane", "quantum")


@pytest.mark.parametrize(
    ("how", "patience", "why"),
    [
        (
            {"latency_budget_s": 60.0},
            timedelta(minutes=1),
            "window: the quantum lane opens at 2026-06-05 20:00 UTC.",
        ),
        ({"windows": None, "gate": Gate(holds(OPERATOR))}, timedelta(hours=12), OPERATOR.reason),
    ],
    ids=["window", "operator"],
)
def test_what_was_never_let_out_is_no_pair_and_holds_up_nobody(
    how: dict[str, Any], patience: timedelta, why: str
) -> None:
    """Given a caller whose patience ends while the attempt waits, then the job ends and the case shows nothing."""
    base = at_once("primary-classical", 100.0, FRIDAY)
    end = FRIDAY + patience
    case = case_in(*base, (Wake(), end), **how)
    told = f"the path's attempt was never let out: {why}"

    assert (case.path, case.never_out) == (None, told)
    assert prefix([case], registered(), end) == [case]
    assert pair_of(a_path(), case) == Unusable(case, told)
    assert fold_ready(a_path(), [case], end) == ([], a_path())
