"""The ladder: the cheapest way that proves the optimum first, a search with a floor under it where none does.

1. An answer that needs no search and meets a bound that needs none is optimal.
2. Few variables: every assignment is tried.
3. Otherwise a quick heuristic gives an answer, and the search starts from it: the rungs that serve the kind and the size, one
   after the other, CP-SAT last. Whatever then happens to the search, the answer is never worse than the heuristic's, and never
   missing where the heuristic had one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from queuebit_classical_solver.cascade.bounds import only_better
from queuebit_classical_solver.cascade.stages import better_of
from queuebit_classical_solver.errors import InvalidModel, NothingFound, SearchFailed, Stopped
from queuebit_classical_solver.ports import Limits, OnProgress, Progress, Solution, Solver, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

ENUMERATED_VARIABLES_MAX = 24
HEURISTIC = "greedy + local search"
DEFAULT = "default answer"
ENUMERATION = "enumeration"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs in the order in which they are tried. It is a solver itself."""

    search: Solver
    enumerated_variables_max: int = ENUMERATED_VARIABLES_MAX

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
        """See the port."""
        began_s = time.perf_counter()
        found = enumerated(kind, statement, variables_max=self.enumerated_variables_max)
        if found is not None:
            return found
        on_progress = only_better(kind.sense, on_progress)
        floor = quick(kind, statement, hint=hint, seed=limits.seed)
        if floor is not None:
            if floor.proven_optimal:
                return floor
            on_progress(Progress(floor.objective, floor.bound, floor.answer, floor.method))
        if stop():
            return _or_raise(floor, Stopped())
        left = replace(limits, spent_s=limits.spent_s + time.perf_counter() - began_s)
        return self._searched(kind, statement, floor, limits=left, on_progress=on_progress, stop=stop)

    def _searched(
        self,
        kind: Optimisation[S],
        statement: S,
        floor: Solution | None,
        *,
        limits: Limits,
        on_progress: OnProgress,
        stop: Stop,
    ) -> Solution:
        hint = None if floor is None else floor.answer
        try:
            found = self.search.solve(kind, statement, limits=limits, hint=hint, on_progress=on_progress, stop=stop)
        except (NothingFound, Stopped, InvalidModel, SearchFailed) as error:
            return replace(_or_raise(floor, error), details={"status": "UNKNOWN", "search": str(error)})
        infeasible = bool(kind.violations(statement, found.answer))
        if infeasible:
            return replace(
                _or_raise(floor, InvalidModel(f"The model of {kind.name} allows what the problem forbids.")),
                details={**found.details, "search": "answered infeasibly"},
            )
        return found if floor is None else better_of(kind, floor, found)


def enumerated(kind: Optimisation[S], statement: S, *, variables_max: int) -> Solution | None:
    """The optimum, proved by trying every assignment; None where there are too many or the kind cannot."""
    variables = kind.size(statement).variables
    if variables > variables_max:
        return None
    found = kind.enumerated(statement)
    if found is None:
        return None
    return Solution(
        answer=found.answer,
        objective=found.objective,
        bound=found.objective,
        proven_optimal=True,
        method=ENUMERATION,
        iterations=2**variables,
        details={"status": "OPTIMAL", "optima": found.optima},
    )


def quick(kind: Optimisation[S], statement: S, *, hint: Answer | None, seed: int) -> Solution | None:
    """The better of the hint and the heuristic's answer, or None where neither is feasible."""
    candidates = [
        (HEURISTIC, kind.heuristic(statement, seed)),
        ("hint", hint),
    ]
    best: Solution | None = None
    for method, answer in candidates:
        if answer is None or kind.answer_errors(statement, answer) or kind.violations(statement, answer):
            continue
        objective = kind.objective(statement, answer)
        if best is None or kind.better(objective, best.objective):
            best = unsearched(kind, statement, answer, method)
    return best


def default(kind: Optimisation[S], statement: S) -> Solution | None:
    """The kind's conservative default answer, without any search; None where it has none."""
    answer = kind.default_answer(statement)
    return None if answer is None else unsearched(kind, statement, answer, DEFAULT)


def unsearched(kind: Optimisation[S], statement: S, answer: Answer, method: str) -> Solution:
    """A feasible answer with the bound that needs no search: it is optimal where it meets it."""
    objective = kind.objective(statement, answer)
    bound = kind.trivial_bound(statement)
    optimal = objective == bound
    return Solution(answer, objective, bound, optimal, method, details={"status": "OPTIMAL" if optimal else "FEASIBLE"})


def _or_raise(floor: Solution | None, error: Exception) -> Solution:
    if floor is None:
        raise error
    return floor
