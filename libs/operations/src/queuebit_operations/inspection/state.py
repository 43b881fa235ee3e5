"""A job's state as a document: everything that the rules look at, and nothing of what the customer asked or got."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, assert_never

from queuebit_contracts.jobs import Cost
from queuebit_domain.job.label import label
from queuebit_domain.job.state import (
    Answered,
    EndedJob,
    Held,
    Idle,
    Job,
    LegState,
    LegStatus,
    NoJob,
    OpenJob,
    Resting,
    Spent,
    Working,
)
from queuebit_domain.job.timers import next_wake


def state_of(job: Job) -> dict[str, Any]:
    """The document of a state; each value is JSON."""
    match job:
        case NoJob():
            return {"state": "nothing"}
        case EndedJob():
            told = {"state": label(job), "kind": job.kind, "tier": job.tier, "lane": job.lane}
            return (
                told
                if job.later is None
                else {**told, "goes_on": {each.spec.leg: _leg(each) for each in job.later.legs}}
            )
        case OpenJob():
            return _open(job)
        case _:
            assert_never(job)


def _open(job: OpenJob) -> dict[str, Any]:
    request = job.request
    return {
        "state": label(job),
        "kind": request.problem.kind,
        "tier": request.tier,
        "lane": request.lane,
        "plan": job.plan or None,
        "legs": {leg.spec.leg: _leg(leg) for leg in job.legs},
        "hurried": job.hurried,
        "denied": job.denied is not None,
        "cost": _cost(job.cost),
        "deadline": moment(job.deadline),
        "latency_due_at": moment(job.latency_due_at),
        "wake_at": moment(next_wake(job)),
        "reasons": list(job.reasons),
    }


def _leg(leg: LegState) -> dict[str, Any]:
    return {"role": leg.spec.role, "lane": leg.spec.lane, **_status(leg.status)}


def _status(status: LegStatus) -> dict[str, Any]:
    match status:
        case Idle():
            return {"status": "idle"}
        case Working():
            return {
                "status": "working",
                "attempt": status.number,
                "attempt_id": str(status.attempt_id),
                "started": status.started,
                "executed": status.execution is not None,
                "backend": None if status.execution is None else status.execution.ran.backend,
                "validated": status.verdict is not None,
                "moved_at": moment(status.moved_at),
            }
        case Resting():
            return {"status": "resting", "attempt": status.number, "until": moment(status.until)}
        case Held():
            return {"status": "held", "attempt": status.number, "hold": status.hold, "since": moment(status.since)}
        case Answered():
            verdict, ran = status.verdict, status.execution.ran
            told = {"backend": ran.backend, "method": ran.method, "verdict": verdict.verdict}
            return {"status": "answered", **told, "objective": verdict.objective}
        case Spent():
            return {"status": "spent", "reason": status.reason}
        case _:
            assert_never(status)


def _cost(cost: Cost) -> dict[str, Any]:
    return cost.model_dump(mode="json", exclude_defaults=True)


def moment(at: datetime | None) -> str | None:
    """A time as JSON has it, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
