"""Several searches one after the other, each from the best answer so far, each with its share of the budget."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from queuebit_classical_solver.declaration import Turn
from queuebit_classical_solver.errors import InvalidModel, NothingFound, ProvedInfeasible, SearchFailed, SolverError
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.errors import ProblemError
from queuebit_problems.kind import Answer, S, tighter
from queuebit_problems.optimisation import Optimisation


@dataclass(frozen=True, slots=True)
class Rung:
    """A turn of a search, with the label of what it finds."""

    method: str
    turn: Turn

    def serves(self, kind: str, variables: int) -> bool:
        """Whether it is worth trying."""
        return self.turn.serves(kind, variables)


@dataclass(frozen=True, slots=True)
class Stages:
    """Tries the rungs that serve a problem, in order, until one proves the optimum. It is a solver itself."""

    rungs: Sequence[Rung]

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
        """See the port. `details["rungs"]` lists what each came to, also where a search failed inside; where none has an
        answer, the last failure is raised. Out of memory is the end of all.
        """
        variables, name = kind.size(statement).variables, kind.name if kind.known_by_name else ""
        serving = [rung for rung in self.rungs if rung.serves(name, variables)]
        began_s, work_left = time.perf_counter(), limits.work_share
        best: Solution | None = None
        failure: SolverError = NothingFound()
        account: list[dict[str, Any]] = []
        for place, rung in enumerate(serving):
            spent_s = limits.spent_s + time.perf_counter() - began_s
            last = place == len(serving) - 1
            given = _given(replace(limits, work_share=work_left, spent_s=spent_s), 1.0 if last else rung.turn.share)
            known = hint if best is None else best.answer
            try:
                found = _searched(rung, kind, statement, limits=given, hint=known, on_progress=on_progress, stop=stop)
            except ProvedInfeasible:
                raise
            except SolverError as error:
                failure = error
                account.append({"method": rung.method, "error": str(error)})
                work_left -= 0.0 if last else given.work_share
            else:
                account.append(
                    {
                        "method": found.method,
                        "objective": found.objective,
                        "iterations": found.iterations,
                        "cut_off_by": found.details.get("cut_off_by", ""),
                    }
                )
                work_left -= given.work_share * found.worked
                best = found if best is None else better_of(kind, best, found)
            if stop() or (best is not None and best.proven_optimal):
                break
        if best is None:
            raise failure
        return replace(best, details={**best.details, "rungs": account})


def _searched(rung: Rung, kind: Optimisation[S], statement: S, *, hint: Answer | None, **limits: Any) -> Solution:
    """What the search of a rung finds; whatever it raises is one of our errors, or MemoryError."""
    try:
        found = rung.turn.solver.solve(kind, statement, hint=hint, **limits)
    except (SolverError, ProblemError, MemoryError):
        raise
    except Exception as error:
        raise SearchFailed.of(rung.method, error) from error
    if kind.violations(statement, found.answer):
        raise InvalidModel(f"What {rung.method} takes for {kind.name} allows what the problem forbids.")
    return found


def better_of(kind: Optimisation[Any], floor: Solution, found: Solution) -> Solution:
    """The better answer with the tighter bound. Where both are equal it is `floor`'s, unless `found` comes with the proof."""
    bound = tighter(floor.bound, found.bound, kind.sense)
    equal = not kind.better(floor.objective, found.objective) and not kind.better(found.objective, floor.objective)
    if kind.better(found.objective, floor.objective) or (equal and bound == found.objective):
        return replace(found, bound=bound, proven_optimal=bound == found.objective)
    return replace(
        floor,
        bound=bound,
        proven_optimal=bound == floor.objective,
        iterations=found.iterations,
        details={**found.details, "search": "found nothing better"},
    )


def _given(limits: Limits, share: float) -> Limits:
    """That share of what is left: the rest of the time counts as spent."""
    kept_s = (1.0 - share) * limits.left_s
    return replace(limits, work_share=limits.work_share * share, spent_s=limits.spent_s + kept_s)
