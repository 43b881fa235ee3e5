"""Why a job went as it went, from its events: the decision, its numbers, what ran, and the story with durations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from queuebit_contracts import events as ev
from queuebit_domain.job.words import in_words, worth
from queuebit_gateway.read_model.models import AttemptTimes, Explanation, JobView, TimelineEntry
from queuebit_gateway.read_model.view import Happened


def explain(view: JobView, story: Sequence[Happened], *, timeline_after: int = 0) -> Explanation:
    """The explanation of a job, from its view (with the plan) and its events; its timeline is of those after a version."""
    plan = view.plan
    reasons = [*(plan.reasons or () if plan else ()), *view.reasons]
    return Explanation(
        job_id=view.id,
        state=view.state,
        summary=_summary(view),
        plan=plan.name if plan else None,
        rule=plan.rule if plan else None,
        policy_version=plan.policy_version if plan else None,
        inputs=(plan.inputs or {}) if plan else {},
        reasons=tuple(dict.fromkeys(reasons)),
        legs=plan.legs if plan else (),
        ran=view.ran,
        attempts=_times(view, story),
        fallbacks=view.fallbacks,
        timeline=_timeline(story, timeline_after),
    )


def _summary(view: JobView) -> str:
    """The outcome in one sentence."""
    if view.state == "completed" and view.ran is not None:
        gap = "" if view.gap is None else f", gap {view.gap:.3g}"
        proof = ", proved optimal" if view.proven_optimal else ""
        return (
            f"Answered by {view.ran.method} on {view.ran.backend} ({view.ran.lane} lane): "
            f"{worth(view.objective, f'{gap}{proof}, ')}verdict {view.verdict}."
        )
    if view.rejection is not None:
        return f"Refused ({view.rejection.code}): {view.rejection.detail}"
    if view.cancellation is not None:
        return f"Cancelled by {view.cancellation.actor}{': ' + view.cancellation.reason if view.cancellation.reason else '.'}"
    if view.failure is not None:
        return f"{view.state.capitalize()} ({view.failure.code}): {view.failure.detail}"
    if view.plan is None:
        return "Accepted; the control plane has not planned it yet."
    if view.approval is not None:
        until = f"{view.approval.expires_at:%Y-%m-%d %H:%M:%S %Z}" if view.approval.expires_at else "its deadline"
        then = f"the plan {view.approval.otherwise} is taken" if view.approval.otherwise else "it is cancelled"
        return f"Waits for {view.approval.role} to allow its plan, until {until}; then {then}. {view.approval.reason}"
    if view.held:
        return "; ".join(f"{held.leg} is held by {held.actor}: {held.reason}" for held in view.held)
    live = [leg for leg in view.plan.legs if leg.state in ("queued", "running", "validating")]
    doing = ", ".join(f"{leg.leg} is {leg.state} on the {leg.lane} lane" for leg in live)
    return f"Plan {view.plan.name}: {doing or 'between two attempts'}."


def _times(view: JobView, story: Sequence[Happened]) -> tuple[AttemptTimes, ...]:
    judged: dict[object, datetime] = {
        happened.event.attempt_id: happened.at
        for happened in story
        if isinstance(happened.event, ev.ResultValidated | ev.ResultRejected)
    }
    return tuple(
        AttemptTimes(
            attempt_id=attempt.attempt_id,
            leg=attempt.leg,
            number=attempt.number,
            state=attempt.state,
            queue_s=_between(attempt.queued_at, attempt.started_at),
            run_s=_between(attempt.started_at, attempt.finished_at),
            validate_s=_between(attempt.finished_at, judged.get(attempt.attempt_id)),
        )
        for attempt in view.attempts
    )


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round(max(0.0, (end - start).total_seconds()), 6)


def _timeline(story: Sequence[Happened], after: int) -> tuple[TimelineEntry, ...]:
    """The events after a version; their versions count from 1 without gaps."""
    entries = []
    previous = story[min(max(after, 1), len(story)) - 1].at if story else None
    for happened in story[after:]:
        assert previous is not None
        entries.append(
            TimelineEntry(
                version=happened.version,
                at=happened.at,
                since_start_s=round((happened.at - story[0].at).total_seconds(), 6),
                since_previous_s=round((happened.at - previous).total_seconds(), 6),
                event=happened.name,
                leg=getattr(happened.event, "leg", None),
                text=in_words(happened.event),
            )
        )
        previous = happened.at
    return tuple(entries)
