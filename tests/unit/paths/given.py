"""Paths, cases and pairs for tests: each takes only what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_contracts.jobs import Cost, Money
from queuebit_contracts.paths import GateSpec, PathEvent, PathKey, PathPairRecorded, PathRegistered, Stage
from queuebit_domain.paths.case import Arm, Case
from queuebit_domain.paths.state import NoPath, Path, evolve_path

T0 = datetime(2026, 3, 2, tzinfo=UTC)
KEY = PathKey(kind="maxcut", size_band="m", tier="batch", version="0123456789abcdef")


def hours(nth: float) -> datetime:
    return T0 + timedelta(hours=nth)


def registered(**changes: Any) -> PathRegistered:
    values: dict[str, Any] = {
        "key": KEY,
        "name": "QAOA",
        "lane": "quantum",
        "spec": GateSpec(**changes.pop("spec", {})),
        "budget": Money(amount="100", currency="EUR"),
        "start": "shadow",
        "owner": "ada",
        "reason": "A new template.",
        **changes,
    }
    return PathRegistered(**values)


def a_path(*events: PathEvent, at: datetime = T0, **changes: Any) -> Path:
    path = evolve_path(NoPath(), registered(**changes), T0)
    return then(path, events, at)


def then(path: Path, events: Sequence[PathEvent], at: datetime = T0) -> Path:
    for event in events:
        path = evolve_path(path, event, at)
    return path


def in_stage(stage: Stage, percent: int = 0, **changes: Any) -> Path:
    """A path that came to a stage at the beginning, without any evidence."""
    return replace(a_path(**changes), stage=stage, percent=percent)


def a_pair(seq: int = 1, difference: float = 0.0, **changes: Any) -> PathPairRecorded:
    values: dict[str, Any] = {
        "seq": seq,
        "job_id": UUID(int=seq),
        "planned_at": hours(seq),
        "problem_fingerprint": f"problem {seq}",
        "stage": "shadow",
        "difference": difference,
        "path_ok": True,
        "base_ok": True,
        "placebo_difference": difference,
        "deadline_hit": True,
        "cost": Cost(amount="0.50", currency="EUR"),
        "epoch": f"day {seq // 24}",
        **changes,
    }
    return PathPairRecorded(**values)


def an_arm(objective: float | None = 100.0, lane: Any = "quantum", at: datetime = T0, **changes: Any) -> Arm:
    return Arm(lane, at, objective, **changes)


def a_case(nth: int = 1, path: Arm | None = None, base: Arm | None = None, **changes: Any) -> Case:
    values: dict[str, Any] = {
        "job_id": UUID(int=nth),
        "planned_at": hours(nth),
        "deadline": hours(nth + 10),
        "problem_fingerprint": f"problem {nth}",
        "sense": "min",
        "stage": "shadow",
        **changes,
    }
    return Case(path=path, base=base, **values)
