"""What follows from where the legs stand: release what is ready, take a fallback, complete with the best answer, or fail."""

from __future__ import annotations

from queuebit_contracts import events as ev
from queuebit_contracts.failures import FAILURES, FailureCode
from queuebit_contracts.jobs import Trigger
from queuebit_domain.job.cached import COMPETES, competes, whose
from queuebit_domain.job.choosing import chosen_of, objective_text
from queuebit_domain.job.compensating import compensate
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.later import go_on_after_the_end, suggestions_of
from queuebit_domain.job.plans import SHADOW, starts_on
from queuebit_domain.job.quarantine import distrust
from queuebit_domain.job.rounds import goes_on
from queuebit_domain.job.state import (
    AT_WORK,
    Answered,
    EndedJob,
    Held,
    Idle,
    LegState,
    OpenJob,
    Resting,
    Spent,
    accepted,
    proved,
)
from queuebit_domain.job.timers import stage_end
from queuebit_domain.job.unpaid import UNPAID


def advance(draft: Draft) -> None:
    """Add every consequence that holds now."""
    standing = draft.job
    if type(standing) is not OpenJob:
        if isinstance(standing, EndedJob):
            go_on_after_the_end(draft)
        return
    if standing.denied is not None:
        _end_denied(draft, standing.denied)
        return
    if standing.awaited is not None:
        return
    if draft.gate.closed:
        distrust(draft)
    _release_ready(draft)
    job = draft.open
    late = draft.now >= job.latency_due_at
    good: list[LegState] = []
    pending: list[LegState] = []
    waits = kept = False
    for leg in job.legs:
        if leg.spec.role == SHADOW:
            if leg.spec.advises and isinstance(leg.status, AT_WORK):
                waits = True
        elif leg.spec.cached is not None and leg.spec.role == COMPETES:
            waits = waits or isinstance(leg.status, AT_WORK)
            kept = kept or accepted(leg)
        elif isinstance(leg.status, AT_WORK):
            pending.append(leg)
            waits = waits or leg.spec.after_end is None
        elif accepted(leg):
            good.append(leg)
    if good and not late and _refine(draft, good):
        return
    if (good and (late or job.hurried or not waits)) or (kept and late):
        complete(draft)
    elif not good and not pending:
        _fall_back_or_end(draft)
    elif not good and not job.hurried:
        hurry = _late_leg(pending) if late else _slow_leg(draft, pending)
        if hurry is not None:
            _start(draft, "latency_budget", *hurry)


def _late_leg(pending: list[LegState]) -> tuple[LegState, str]:
    waited = "was held" if isinstance(pending[0].status, Held) else "still worked"
    return pending[0], f"the latency budget ran out while it {waited}"


def _slow_leg(draft: Draft, pending: list[LegState]) -> tuple[LegState, str] | None:
    """The first leg of which a stage takes longer than its plan grants it."""
    for leg in pending:
        stage = stage_end(leg) if leg.spec.patience is not None else None
        if stage is not None and stage.at <= draft.now:
            return leg, f"its attempt {stage.doing} for more than {stage.budget_s:g} s"
    return None


def complete(draft: Draft, *, at_deadline: bool = False) -> bool:
    """End the job with its best checked answer, an accepted one before one that needs review; False where there is none.
    `at_deadline`: no leg goes on.
    """
    job = draft.open
    answered = [leg for leg in job.counted if isinstance(leg.status, Answered)]
    chosen = [leg for leg in answered if accepted(leg)] or answered
    if not chosen:
        return False
    best, reason = chosen_of(chosen, job.sense, job.thresholds)
    assert isinstance(best.status, Answered)
    draft.abandon_all("a checked answer was chosen", but_after_end=not at_deadline)
    job = draft.open  # abandoned attempts gave reasons
    execution, verdict = best.status.execution, best.status.verdict
    passed_over = _passed_over(job, best) if len(answered) > 1 else ()
    if best.spec.cached is not None:
        passed_over = (*whose(best.spec, execution), *passed_over)
    draft.add(
        ev.JobCompleted.model_construct(
            kind=job.request.problem.kind,
            answer=execution.answer,
            objective=verdict.objective,
            bound=verdict.bound,
            gap=verdict.gap,
            proven_optimal=verdict.proven_optimal,
            verdict=verdict.verdict,
            confidence=verdict.confidence,
            leg=best.spec.leg,
            attempt_id=execution.attempt_id,
            ran=execution.ran,
            cost=job.cost,
            usage=job.usage,
            reasons=(*job.reasons, *verdict.reasons, *((reason,) if reason else ()), *passed_over),
            elapsed_s=(draft.now - job.submitted_at).total_seconds(),
            origin=job.origin,
            suggestions=suggestions_of(job),
        )
    )
    if job.supersedes is not None:
        draft.add(ev.SupersessionRequested(superseded_job_id=job.supersedes))
    return True


def _release_ready(draft: Draft) -> None:
    for leg in draft.open.legs:
        match leg.status:
            case Idle() if not leg.spec.starts:
                draft.release(leg, 1)
            case Resting(number=number, until=until) if until <= draft.now:
                draft.release(leg, number + 1)
            case Held(number=number, hold=hold) if hold <= draft.gate.version:
                draft.release(leg, number)
            case _:
                pass


def _end_denied(draft: Draft, denied: ev.ApprovalDenied) -> None:
    draft.abandon_all("the plan was not approved")
    job = draft.open
    reason = denied.reason or "the plan was not approved"
    draft.add(ev.JobCancelled(actor=denied.actor, reason=reason, cost=job.cost, origin=job.origin))
    compensate(draft, "cancelled")


def _refine(draft: Draft, good: list[LegState]) -> bool:
    """Whether a leg that improves answers was sent on from a good one without a proof."""
    for leg in good:
        if proved(leg):
            return False
    return _start(draft, "refine", good[0], "its answer is the start of a search")


def _fall_back_or_end(draft: Draft) -> None:
    spent = _last_spent(draft.open)
    if spent is not None and isinstance(spent.status, Spent):
        if _start(draft, _trigger_of(spent.status), spent, spent.status.reason):
            return
    elif reviewed := _doubtful(draft.open):
        last = reviewed[-1]
        if _start(draft, "exhausted", last, f"its answer needs review: {_doubts(last)}"):
            return
    if any(competes(leg.spec) and isinstance(leg.status, AT_WORK) for leg in draft.open.legs):
        return
    if not complete(draft):
        _fail(draft)


def _start(draft: Draft, trigger: Trigger, source: LegState, reason: str) -> bool:
    """Whether there is a leg that starts on the trigger: the first of them goes on where `source` stands."""
    target = _starting(draft.open, trigger)
    if target is None:
        return False
    draft.add(ev.FallbackTaken(from_leg=source.spec.leg, to_leg=target.spec.leg, trigger=trigger, reason=reason))
    draft.release(target, 1)
    return True


def fallback_of(job: OpenJob) -> LegState | None:
    """The leg that goes on for one that is spent, where none is at work; None where the plan has none."""
    spent = _last_spent(job)
    return _starting(job, _trigger_of(spent.status)) if spent is not None and isinstance(spent.status, Spent) else None


def _trigger_of(spent: Spent) -> Trigger:
    return "failed" if spent.failure is not None else "rejected"


def _starting(job: OpenJob, trigger: Trigger) -> LegState | None:
    """The first leg that the trigger lets start."""
    for leg in job.legs:
        if type(leg.status) is Idle and starts_on(leg.spec, trigger) and (leg.spec.round is None or goes_on(job, leg)):
            return leg
    return None


def _fail(draft: Draft) -> None:
    draft.abandon_all("no leg gave an answer")
    job = draft.open
    failures = [leg.status.failure for leg in job.counted if isinstance(leg.status, Spent) and leg.status.failure]
    told = next(
        (each for each in failures if each.code is FailureCode.PROBLEM_INFEASIBLE or each.reason == UNPAID), None
    )
    code = told.code if told else FailureCode.ALL_LEGS_FAILED
    draft.add(
        ev.JobFailed(
            code=code,
            detail=told.detail if told else FAILURES[code].meaning,
            remedy=told.remedy if told else FAILURES[code].remedy,
            reasons=job.reasons,
            cost=job.cost,
            usage=job.usage,
            elapsed_s=(draft.now - job.submitted_at).total_seconds(),
            origin=job.origin,
        )
    )


def _last_spent(job: OpenJob) -> LegState | None:
    spent = (leg for leg in reversed(job.counted) if isinstance(leg.status, Spent))
    return next((leg for leg in spent if not competes(leg.spec)), None)


def _doubtful(job: OpenJob) -> list[LegState]:
    """The legs whose answer is feasible, but for a person to look at."""
    return [leg for leg in job.counted if isinstance(leg.status, Answered) and not accepted(leg)]


def _doubts(leg: LegState) -> str:
    """Why the answer of a leg needs review."""
    assert isinstance(leg.status, Answered)
    return "; ".join(leg.status.verdict.reasons) or "the validator gave no reason"


def _passed_over(job: OpenJob, chosen: LegState) -> tuple[str, ...]:
    """What was not chosen because it needs review, and why it does, where no fallback has told it."""
    return tuple(
        f"{leg.spec.leg} {objective_text(leg)} needs review: {_doubts(leg)}"
        for leg in _doubtful(job)
        if leg is not chosen and not any(_doubts(leg) in told for told in job.reasons)
    )
