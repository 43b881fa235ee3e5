"""Legs beside the answer: those that go on when the job has ended, to improve it or to be measured, and those that advise."""

from __future__ import annotations

from queuebit_contracts import events as ev
from queuebit_domain.job.choosing import doubt_of, gain_ppm
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.state import Answered, EndedJob, LegState, OpenJob, Resting, accepted, proved


def suggestions_of(job: OpenJob) -> tuple[ev.Suggestion, ...] | None:
    """The checked answers of the legs that advise."""
    found: list[ev.Suggestion] = []
    for leg in job.legs:
        if leg.spec.advises and isinstance(leg.status, Answered):
            found.append(_suggestion(leg, leg.status))
    return tuple(found) if found else None


def _suggestion(leg: LegState, status: Answered) -> ev.Suggestion:
    execution, verdict = status.execution, status.verdict
    return ev.Suggestion(
        leg=leg.spec.leg,
        attempt_id=execution.attempt_id,
        ran=execution.ran,
        answer=execution.answer,
        objective=verdict.objective,
        verdict=verdict.verdict,
        confidence=verdict.confidence.value,
    )


def go_on_after_the_end(draft: Draft) -> None:
    """What follows for the legs of a job that has ended: they are tried again where due, and a better answer is said."""
    job = draft.job
    if not isinstance(job, EndedJob) or job.later is None:
        return
    for leg in job.later.legs:
        match leg.status:
            case Resting(number=number, until=until) if until <= draft.now:
                draft.release(leg, number + 1)
            case Answered() if leg.spec.after_end == "improve" and accepted(leg):
                _improve(draft, leg, leg.status)
            case _:
                pass


def _improve(draft: Draft, leg: LegState, status: Answered) -> None:
    """Say a better answer once. Of one that is suspect nothing is said: an operator has it in hand; nor of one whose place
    another job's answer has taken, as what was done by it is undone.
    """
    job, later = draft.job, draft.open
    assert isinstance(job, EndedJob)
    objective = status.verdict.objective
    gained = gain_ppm(objective, job.objective, later.sense)
    if gained is None or gained <= 0 or job.suspect or job.superseded:
        return
    assert objective is not None
    assert job.objective is not None
    if doubt_of(objective, job.objective, later.sense, later.thresholds, proof=proved(leg)) is not None:
        return
    draft.add(
        ev.JobImproved(
            answer=status.execution.answer,
            objective=objective,
            previous_objective=job.objective,
            verdict=status.verdict.verdict,
            confidence=status.verdict.confidence,
            leg=leg.spec.leg,
            attempt_id=status.execution.attempt_id,
            ran=status.execution.ran,
            origin=later.origin,
        )
    )
