"""The solver port: what it means to answer a problem classically, whatever does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from queuebit_contracts.jobs import Number
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation


@dataclass(frozen=True, slots=True)
class Progress:
    """The best so far. `answer` is there where it is new, so that whoever listens keeps it should the solver be killed."""

    objective: Number | None = None
    bound: Number | None = None
    answer: Answer | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class Solution:
    """A feasible answer.

    `objective` is recomputed by the kind. `bound` is proved (upper for max, lower for min), rounded outward, or None.
    `method` says in a few words what found the answer; `iterations` counts its steps (assignments tried, branches).
    `details` is for the provenance: the solver's status, parameters and limits. `worked`: the share of the counted work it was
    given that it did; what it left may be given to another search.
    """

    answer: Answer
    objective: Number
    bound: Number | None
    proven_optimal: bool
    method: str
    iterations: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)
    worked: float = 1.0


OnProgress = Callable[[Progress], None]
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one solve may use.

    `repeatable`: cut off by counted work before time runs out, so that a repeat gives the same answer. `spent_s`: how much of
    the budget is gone already or kept for others; it shortens the time, never the counted work. `work_share`: the share of the
    budget's counted work that may be done.
    """

    budget_s: float
    seed: int
    repeatable: bool = True
    spent_s: float = 0.0
    work_share: float = 1.0

    @property
    def left_s(self) -> float:
        """The time that is left."""
        return max(0.0, self.budget_s - self.spent_s)

    @property
    def work_s(self) -> float:
        """The seconds of budget whose counted work may be done."""
        return self.budget_s * self.work_share


class Solver(Protocol):
    """Answers a problem. Blocks; runs in one thread; gives up soon after `stop` says so.

    Raises ProvedInfeasible, NothingFound, Stopped (where it was stopped before it had an answer) or InvalidModel.
    """

    def solve(
        self,
        kind: Optimisation[S],
        statement: S,
        *,
        limits: Limits,
        hint: Answer | None,
        on_progress: OnProgress,
        stop: Stop,
    ) -> Solution:
        """The best answer within the limits, never worse than a feasible `hint`."""
        ...


def ignore_progress(progress: Progress) -> None:
    """For whoever does not listen."""
    del progress


def never_stop() -> bool:
    """For whoever cannot be stopped."""
    return False
