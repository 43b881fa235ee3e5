"""Plans in which paths took part, as the keeper has them in mind."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from queuebit_contracts.paths import PathDraw
from queuebit_domain.paths.case import Case
from queuebit_domain.paths.state import Path
from queuebit_store.ports import Position


@dataclass(order=True, slots=True)
class Plan:
    """A plan in which a path took part. `before`: where the log is read again from, to see it once more."""

    planned_at: datetime
    job: int
    job_id: UUID = field(compare=False)
    draw: PathDraw = field(compare=False)
    before: Position = field(compare=False)
    version: int = field(default=0, compare=False)
    case: Case | None = field(default=None, compare=False)


@dataclass(slots=True)
class Behind:
    """Of a path more plans were made than are kept in mind: where the log is read again from, before which moment none was
    passed over, and how many of those that were are measured.
    """

    position: Position
    since: datetime
    measured: int = 0


def folded(plan: Plan, path: Path) -> bool:
    """Whether the path holds this plan, or one that was asked later, already."""
    last = path.folded
    return last is not None and (plan.planned_at, plan.job) <= (last.planned_at, last.job_id.int)


def without_repeats(plans: Sequence[Plan], drawn: Container[str]) -> list[Plan]:
    """Those that are measured, or count as a draw: the same problem again does not, nor does one that is `drawn` already."""
    kept: list[Plan] = []
    seen: set[str] = set()
    for plan in plans:
        problem = plan.draw.problem
        if plan.draw.measured or problem is None or not (problem in seen or problem in drawn):
            kept.append(plan)
        if problem is not None:
            seen.add(problem)
    return kept
