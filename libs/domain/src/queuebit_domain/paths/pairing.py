"""From jobs to pairs: what may be compared with what, when, and in which order.

Each rule stands for a way to fool oneself. Pairs count in the order in which the problems were asked, never in that in which
answers came, as fast answers are other answers. What failed, is late or never came is lost, and counts. A lost answer holds the
others up until its horizon, no longer. What was taken from a cache, given by another lane than the path's, or held back by an
operator or a window until its job had ended, is no pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from queuebit_contracts.jobs import Cost, Number, Sense
from queuebit_contracts.outcomes import Brought
from queuebit_contracts.paths import Measure, PathPairRecorded, PathRegistered, Side
from queuebit_domain.job.money import NO_COST
from queuebit_domain.paths.case import Arm, Case
from queuebit_domain.paths.outcomes import Report, brought, measured
from queuebit_domain.paths.state import ANEW, Path, is_repeat

LOST: Final = 1.0
WON: Final = -1.0
TOLERANCE: Final = 1e-9
"""By so much of a bound an objective may be better than it: numbers are rounded."""
CALIBRATED: Final = " "
"""Stands in the name of an epoch between backend and calibration, and in none that is a day."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A case that shows nothing. `invalid`: as something is wrong with how it was measured, which a person must look at.
    `paid`: the pair that it is all the same, which does not count, where it cost something.
    """

    case: Case
    why: str
    invalid: bool = False
    paid: PathPairRecorded | None = None


def settled(case: Case, registered: PathRegistered, now: datetime) -> bool:
    """Whether the pair is made. Where the path goes by outcomes, they are waited for until what it goes by was told of both
    answers: a report may first say no more than that one was acted on.
    """
    if case.never_out:
        return True
    if case.path is None or case.base is None:
        return now >= case.horizon(registered.spec.horizon_s)
    measure, outcomes_s = registered.measure, registered.outcomes_s
    if measure is None or outcomes_s is None or not (case.path.ok and case.base.ok):
        return True
    if all(measured(arm.reports, measure) is not None for arm in (case.path, case.base)):
        return True
    return now >= case.since + timedelta(seconds=outcomes_s)


def prefix(cases: Sequence[Case], registered: PathRegistered, now: datetime) -> list[Case]:
    """Of cases in the order in which they were asked, those before the first that is still open."""
    found: list[Case] = []
    for case in cases:
        if not settled(case, registered, now):
            break
        found.append(case)
    return found


def in_order(cases: Iterable[Case]) -> list[Case]:
    """As they were asked."""
    return sorted(cases, key=lambda case: (case.planned_at, case.job_id.int))


def pair_of(path: Path, case: Case) -> PathPairRecorded | Unusable:
    """The next pair of the path, made of a case that is settled."""
    if case.never_out:
        return Unusable(case, case.never_out)
    registered = path.registered
    limit = case.horizon(registered.spec.horizon_s)
    ours, base = _in_time(case.path, limit), _in_time(case.base, limit)
    for arm, lanes in ((ours, (registered.lane,)), (base, ("classical", "rule"))):
        if arm is not None and arm.ok and arm.lane not in lanes:
            why = f"an answer of the {arm.lane} lane stands where one of {lanes[0]} should"
            return Unusable(case, why, invalid=True, paid=_only_paid(path, case, why))
    if any(arm is not None and arm.reused for arm in (ours, base)):
        why = "an answer was there before"
        return Unusable(case, why, paid=_only_paid(path, case, why))
    path_ok, base_ok = ours is not None and ours.ok, base is not None and base.ok
    epoch = _epoch(path, case)
    bound = next((arm.bound for arm in (base, ours) if arm is not None and arm.bound is not None), None)
    incumbent = case.incumbent if case.incumbent is not None and _possible(case.incumbent, bound, case.sense) else None
    found = _by_outcomes(registered, case, ours, base)
    counted = not (is_repeat(path, case.problem_fingerprint, epoch) or _before_stage(path, case))
    return PathPairRecorded(
        seq=path.seq + 1,
        job_id=case.job_id,
        planned_at=case.planned_at,
        problem_fingerprint=case.problem_fingerprint,
        stage=case.stage,
        propensity=case.propensity,
        eligible=case.eligible,
        difference=found.difference if found.difference is not None else _beside(ours, base, case.sense),
        path_ok=path_ok,
        base_ok=base_ok,
        placebo_difference=_beside_placebo(ours, base, case.sense),
        incumbent_difference=None if incumbent is None else _beside_number(ours, incumbent, base, case.sense),
        deadline_hit=path_ok,
        taken=case.taken,
        counted=counted and found.missing is None,
        drawn_before=case.drawn_before,
        cost=_cost(case),
        epoch=epoch,
        path_s=None if ours is None else ours.took_s,
        base_s=None if base is None else base.took_s,
        why=found.why or _why(case, ours),
        path_brought=found.path or None,
        base_brought=found.base or None,
        missing=found.missing,
    )


def difference(ours: Number, other: Number, sense: Sense, bound: Number | None = None) -> float:
    """By how much `ours` is worse, relative to the bound where there is one, else to the other; better is below zero."""
    worse = other - ours if sense == "max" else ours - other
    if worse == 0:
        return 0.0
    scale = next((abs(each) for each in (bound, other, ours) if each), 1.0)
    return max(-1.0, min(1.0, worse / scale))


def _in_time(arm: Arm | None, limit: datetime) -> Arm | None:
    return None if arm is None or arm.at > limit else arm


def _beside(ours: Arm | None, base: Arm | None, sense: Sense) -> float:
    if ours is None or ours.objective is None:
        return LOST if base is not None and base.ok else 0.0
    if base is None or base.objective is None:
        # Who was stopped has not lost: a job ends with the first good answer, and gives the other way up.
        return 0.0 if base is not None and base.stopped else WON
    return difference(ours.objective, base.objective, sense, base.bound if base.bound is not None else ours.bound)


class _Outcomes(NamedTuple):
    """What outcomes say of a pair: what each answer brought, by how much the path's was worse, or whose is missing."""

    path: tuple[Brought, ...]
    base: tuple[Brought, ...]
    difference: float | None = None
    missing: Side | None = None
    why: str = ""


def _by_outcomes(path: PathRegistered, case: Case, ours: Arm | None, base: Arm | None) -> _Outcomes:
    """Of answers that are both valid; what failed or is late is lost whatever anybody reports."""
    limit = case.since + timedelta(seconds=path.outcomes_s or path.spec.horizon_s)
    path_said, base_said = ([each for each in arm.reports if each.at <= limit] if arm else [] for arm in (ours, base))
    known = _Outcomes(tuple(brought(path_said)), tuple(brought(base_said)))
    if path.measure is None or not (ours is not None and ours.ok and base is not None and base.ok):
        return known
    one, other = measured(path_said, path.measure), measured(base_said, path.measure)
    if isinstance(one, Brought) and isinstance(other, Brought) and one.currency != other.currency:
        return known._replace(missing="both", why="the outcomes are in different currencies")
    if one is None or other is None:
        missing: Side = "both" if one is None and other is None else "path" if one is None else "base"
        whose = {"both": "either answer", "path": "the path's answer", "base": "the classical answer"}[missing]
        lacking = [*(path_said if one is None else ()), *(base_said if other is None else ())]
        if any(_told(each, path.measure) for each in lacking):
            return known._replace(missing=missing, why=f"what was reported of {whose} cannot be compared")
        return known._replace(missing=missing, why=f"no outcome of {whose} was reported in time")
    if isinstance(one, Brought) and isinstance(other, Brought):
        return known._replace(difference=difference(float(one.amount), float(other.amount), "max"))
    assert not isinstance(one, Brought)
    assert not isinstance(other, Brought)
    return known._replace(difference=difference(one, other, case.sense))


def _told(report: Report, measure: Measure) -> bool:
    return (report.objective if measure == "outcome_objective" else report.value) is not None


def _beside_placebo(ours: Arm | None, base: Arm | None, sense: Sense) -> float | None:
    """What is lost is lost to the placebo too, where the classical way shows that there is an answer. None where no placebo
    ran.
    """
    if ours is None or not ours.ok:
        return LOST if base is not None and base.ok else None
    return None if ours.placebo is None else _beside_number(ours, ours.placebo, base, sense)


def _beside_number(ours: Arm | None, other: Number, base: Arm | None, sense: Sense) -> float:
    if ours is None or ours.objective is None:
        return LOST
    return difference(ours.objective, other, sense, base.bound if base is not None else None)


def _before_stage(path: Path, case: Case) -> bool:
    return path.stage in ANEW and case.planned_at < path.since


def _epoch(path: Path, case: Case) -> str:
    """That of the calibration, where one is known. What failed tells none: it is of the one that the path told last, or of
    the day on which it was asked where none was ever told.
    """
    known = case.path.epoch if case.path is not None else ""
    last = path.epoch if CALIBRATED in path.epoch else ""
    return known or last or case.planned_at.date().isoformat()


def _cost(case: Case) -> Cost:
    return case.cost if case.path is None else case.path.cost


def _only_paid(path: Path, case: Case, why: str) -> PathPairRecorded | None:
    if _cost(case) == NO_COST:
        return None
    return PathPairRecorded(
        seq=path.seq + 1,
        job_id=case.job_id,
        planned_at=case.planned_at,
        problem_fingerprint=case.problem_fingerprint,
        stage=case.stage,
        propensity=case.propensity,
        eligible=case.eligible,
        difference=0.0,
        path_ok=False,
        base_ok=False,
        deadline_hit=False,
        counted=False,
        drawn_before=case.drawn_before,
        cost=_cost(case),
        epoch=_epoch(path, case),
        why=why,
    )


def _possible(objective: Number, bound: Number | None, sense: Sense) -> bool:
    """Whether what a caller says to reach can be: nothing is better than a bound that the validator holds for proved."""
    if bound is None:
        return True
    beyond = objective - bound if sense == "max" else bound - objective
    return beyond <= TOLERANCE * max(1.0, abs(bound))


def _why(case: Case, ours: Arm | None) -> str:
    if ours is not None:
        return ours.why
    return "never came" if case.path is None else "came after the horizon"
