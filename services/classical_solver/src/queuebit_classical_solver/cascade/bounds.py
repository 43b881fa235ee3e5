"""Which bound cannot be one, and which news are good ones."""

from __future__ import annotations

from queuebit_classical_solver.ports import OnProgress, Progress
from queuebit_contracts.jobs import Number, Sense
from queuebit_problems.kind import tighter


def contradicts(bound: Number, objective: Number, sense: Sense) -> bool:
    """Whether a feasible objective lies beyond the bound, so that it is none."""
    return objective > bound if sense == "max" else objective < bound


def only_better(sense: Sense, on_progress: OnProgress) -> OnProgress:
    """Passes on what is better than all that came before, so that what was heard last is the best that is known."""
    best: Number | None = None
    bound: Number | None = None

    def hear(item: Progress) -> None:
        nonlocal best, bound
        objective = item.objective
        better = objective is not None and (best is None or (objective > best if sense == "max" else objective < best))
        stronger = item.bound is not None and tighter(bound, item.bound, sense) != bound
        if better:
            best = objective
        if stronger:
            bound = item.bound
        if better:
            on_progress(Progress(best, bound, item.answer, item.method))
        elif stronger:
            on_progress(Progress(None, bound, None, item.method))

    return hear
