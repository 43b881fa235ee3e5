"""Small whole values for tests: each builder takes only what differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import Confidence, ConfidencePart, JobRequest, Lane, LaneWish, Problem, Ran
from queuebit_domain.job.messages import Submit
from queuebit_domain.policy.facts import Facts

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JOB_ID = uuid7(int(NOW.timestamp() * 1000), 7)


def at(seconds: float) -> datetime:
    """`seconds` after NOW."""
    return NOW + timedelta(seconds=seconds)


def a_problem(**changes: Any) -> Problem:
    """A ring of six nodes: its best cut is 6."""
    statement = {"nodes": 6, "edges": [[0, 1, 1], [1, 2, 1], [2, 3, 1], [3, 4, 1], [4, 5, 1], [0, 5, 1]], **changes}
    return Problem(kind="maxcut", statement=statement)


BEST_SIDE = [0, 1, 0, 1, 0, 1]


def a_request(**changes: Any) -> JobRequest:
    return JobRequest(**{"tenant": "acme", "problem": a_problem(), "lane": "classical", **changes})


def inputs(request: JobRequest, **changes: Any) -> Facts:
    values: dict[str, Any] = {
        "kind": request.problem.kind,
        "sense": "max",
        "wish": request.lane,
        "tier": request.tier,
        "variables": 6,
        "qubits": 6,
        "terms": 6,
        "budget_s": 10.0,
        "quantum_available": False,
        "simulator_available": True,
        **changes,
    }
    return Facts(**values)


def a_submit(lane: LaneWish = "classical", job_id: UUID = JOB_ID, **changes: Any) -> Submit:
    routing = {
        name: changes.pop(name)
        for name in ("quantum_available", "simulator_available", "qubits", "refine", "alone")
        if name in changes
    }
    request = a_request(lane=lane, **changes)
    event = ev.JobSubmitted(request=request, idempotency_key="k", fingerprint=fingerprint(request))
    return Submit(job_id, event, inputs(request, **routing))


def a_start(leg: str = "primary-classical", number: int = 1) -> ev.JobStarted:
    return ev.JobStarted(attempt_id=attempt_id_of(JOB_ID, leg, number), leg=leg, worker="w1", started_at=NOW)


def a_success(leg: str = "primary-classical", number: int = 1, **changes: Any) -> ev.ExecutionSucceeded:
    lane: Lane = leg.split("-")[1]  # type: ignore[assignment]
    values: dict[str, Any] = {
        "attempt_id": attempt_id_of(JOB_ID, leg, number),
        "leg": leg,
        "lane": lane,
        "ran": Ran(lane=lane, method="enumeration", backend="test"),
        "answer": {"side": BEST_SIDE},
        "objective": 6,
        "bound": 6,
        "proven_optimal": True,
        "started_at": NOW,
        "finished_at": NOW,
        "worker": "w1",
        "problem": a_problem(),
        **changes,
    }
    return ev.ExecutionSucceeded(**values)


def a_failure(leg: str = "primary-classical", number: int = 1, **changes: Any) -> ev.ExecutionFailed:
    values: dict[str, Any] = {
        "attempt_id": attempt_id_of(JOB_ID, leg, number),
        "leg": leg,
        "code": "no_answer_found",
        "detail": "nothing found",
        "remedy": "Raise budget_s.",
        **changes,
    }
    return ev.ExecutionFailed(**values)


def a_verdict(leg: str = "primary-classical", number: int = 1, **changes: Any) -> ev.ResultValidated:
    values: dict[str, Any] = {
        "attempt_id": attempt_id_of(JOB_ID, leg, number),
        "leg": leg,
        "verdict": "accepted",
        "objective": 6,
        "bound": 6,
        "gap": 0.0,
        "proven_optimal": True,
        "confidence": Confidence(value=1.0, parts=(ConfidencePart(name="optimality", value=1.0, weight=1.0),)),
        "reasons": ("recomputed",),
        "problem_fingerprint": fingerprint(a_problem()),
        "answer_fingerprint": fingerprint({"side": BEST_SIDE}),
        **changes,
    }
    return ev.ResultValidated(**values)


def a_refusal(leg: str = "primary-classical", number: int = 1) -> ev.ResultRejected:
    return ev.ResultRejected(
        attempt_id=attempt_id_of(JOB_ID, leg, number),
        leg=leg,
        code="infeasible",
        reasons=("two items too many",),
        problem_fingerprint=fingerprint(a_problem()),
        answer_fingerprint="0",
    )
