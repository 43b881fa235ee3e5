"""The body of a submission, from arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from pydantic import BaseModel

from queuebit_client.errors import InvalidRequest
from queuebit_contracts.compensations import Compensation
from queuebit_contracts.jobs import LaneWish, ParamValue, Tier


class Wishes(TypedDict, total=False):
    """What a submission may say of its problem."""

    lane: LaneWish | None
    tier: Tier | None
    budget_s: float | None
    latency_budget_s: float | None
    deadline: datetime | str | None
    seed: int | None
    params: Mapping[str, ParamValue] | None
    labels: Mapping[str, str] | None
    kind: str | None
    statement: Mapping[str, Any] | None
    compensations: Sequence[Mapping[str, Any] | Compensation] | None
    supersedes: UUID | str | None


def request_body(
    problem: Mapping[str, Any] | BaseModel | object,
    *,
    lane: LaneWish | None = None,
    tier: Tier | None = None,
    budget_s: float | None = None,
    latency_budget_s: float | None = None,
    deadline: datetime | str | None = None,
    seed: int | None = None,
    params: Mapping[str, ParamValue] | None = None,
    labels: Mapping[str, str] | None = None,
    kind: str | None = None,
    statement: Mapping[str, Any] | None = None,
    compensations: Sequence[Mapping[str, Any] | Compensation] | None = None,
    supersedes: UUID | str | None = None,
) -> dict[str, Any]:
    """What POST /v1/jobs takes: the problem and the wishes that were stated. The server checks it."""
    stated = _problem(problem, kind, statement)
    wishes = {
        "lane": lane,
        "tier": tier,
        "budget_s": budget_s,
        "latency_budget_s": latency_budget_s,
        "deadline": deadline.isoformat() if isinstance(deadline, datetime) else deadline,
        "seed": seed,
        "params": dict(params) if params else None,
        "labels": dict(labels) if labels else None,
        "compensations": [_plain(each) for each in compensations] if compensations else None,
        "supersedes": str(supersedes) if supersedes else None,
    }
    return {"problem": stated, **{name: value for name, value in wishes.items() if value is not None}}


def _plain(compensation: Mapping[str, Any] | Compensation) -> dict[str, Any]:
    return compensation.model_dump(mode="json") if isinstance(compensation, Compensation) else dict(compensation)


def _problem(problem: Any, kind: str | None, statement: Mapping[str, Any] | None) -> dict[str, Any]:
    if not isinstance(problem, BaseModel | Mapping):
        from queuebit_client.objects import problem_of

        return problem_of(problem, kind, statement)
    if kind is not None or statement is not None:
        raise InvalidRequest(
            "The problem says itself of which kind it is and what it states.", remedy="Leave out kind and statement."
        )
    return problem.model_dump(mode="json") if isinstance(problem, BaseModel) else dict(problem)
