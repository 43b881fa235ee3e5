"""The body of a submission, from arguments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from queuebit_contracts.jobs import LaneWish, ParamValue, Tier


def request_body(
    problem: Mapping[str, Any] | BaseModel,
    *,
    lane: LaneWish | None = None,
    tier: Tier | None = None,
    budget_s: float | None = None,
    latency_budget_s: float | None = None,
    deadline: datetime | str | None = None,
    seed: int | None = None,
    params: Mapping[str, ParamValue] | None = None,
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What POST /v1/jobs takes: the problem and the wishes that were stated. The server checks it."""
    statement = problem.model_dump(mode="json") if isinstance(problem, BaseModel) else dict(problem)
    wishes = {
        "lane": lane,
        "tier": tier,
        "budget_s": budget_s,
        "latency_budget_s": latency_budget_s,
        "deadline": deadline.isoformat() if isinstance(deadline, datetime) else deadline,
        "seed": seed,
        "params": dict(params) if params else None,
        "labels": dict(labels) if labels else None,
    }
    return {"problem": statement, **{name: value for name, value in wishes.items() if value is not None}}
