"""One solve, whole: what is asked, what came of it. Plain values that travel to a worker process and back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, assert_never

from queuebit_classical_solver.cascade import ladder
from queuebit_classical_solver.errors import DETAIL_MAX, DoesNotFit, NoDefaultAnswer, SolverError
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Solver, Stop
from queuebit_classical_solver.shell.reference import Reference, computed, measurement_of
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Problem
from queuebit_problems.errors import ProblemError, UnknownKind
from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import parse_optimisation

Way = Literal["search", "default", "cached"]
CACHED = "cached"
_SIZED = (list, tuple, dict, str)


@dataclass(frozen=True, slots=True)
class Task:
    """A problem and what may be used for it. `default`: no search, the kind's conservative answer; `cached`: the hint as it is,
    where it fits.
    """

    problem: Problem
    way: Way
    limits: Limits
    hint: Answer | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """What a solve used."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Solved:
    """It has an answer."""

    solution: Solution
    meter: Meter


@dataclass(frozen=True, slots=True)
class Measured:
    """It has the exact answer of a measurement."""

    reference: Reference
    meter: Meter


@dataclass(frozen=True, slots=True)
class Unsolved:
    """It has none, and why. `detail` may name what is wrong with the problem."""

    code: FailureCode
    detail: str
    meter: Meter


Outcome = Solved | Measured | Unsolved
Parsed = tuple[Optimisation[Any], Any]


def perform(task: Task, solver: Solver, *, parsed: Parsed | None, on_progress: OnProgress, stop: Stop) -> Outcome:
    """Do the task in this thread. Never raises for what is wrong with the problem, the model or the kind: it says so."""
    wall, cpu = time.perf_counter(), time.thread_time()

    def meter() -> Meter:
        return Meter(time.perf_counter() - wall, time.thread_time() - cpu)

    try:
        measurement = measurement_of(task.problem)
        if measurement is not None:
            reference = computed(measurement, task.problem, task.limits, default=task.way == "default")
            return Measured(reference, meter())
        kind, statement = parsed if parsed is not None else parse_optimisation(task.problem)
        solution = _solution(task, kind, statement, solver, on_progress, stop)
    except SolverError as error:
        return Unsolved(error.code, str(error), meter())
    except ProblemError as error:
        return Unsolved(problem_code(error), f"{error.detail} {error.remedy}", meter())
    except MemoryError:
        return Unsolved(FailureCode.MEMORY_EXHAUSTED, "The solver ran out of memory.", meter())
    except Exception as error:
        return Unsolved(FailureCode.INTERNAL, f"{type(error).__name__}: {error}"[:DETAIL_MAX], meter())
    return Solved(solution, meter())


def problem_code(error: ProblemError) -> FailureCode:
    """The failure code of a problem that cannot be read."""
    return FailureCode.PROBLEM_UNSUPPORTED if isinstance(error, UnknownKind) else FailureCode.PROBLEM_INVALID


def _solution(
    task: Task, kind: Optimisation[Any], statement: Any, solver: Solver, on_progress: OnProgress, stop: Stop
) -> Solution:
    match task.way:
        case "search":
            return solver.solve(kind, statement, limits=task.limits, hint=task.hint, on_progress=on_progress, stop=stop)
        case "default":
            found = ladder.default(kind, statement)
            if found is None:
                raise NoDefaultAnswer
            return found
        case "cached":
            return _as_it_is(task.hint, kind, statement)
        case _:
            assert_never(task.way)


def _as_it_is(answer: Answer | None, kind: Optimisation[Any], statement: Any) -> Solution:
    """An earlier answer. Raises DoesNotFit, with what keeps it from being one now."""
    if answer is None:
        raise DoesNotFit
    wrong = kind.answer_errors(statement, answer) or kind.violations(statement, answer)
    if wrong:
        raise DoesNotFit(f"The earlier answer does not fit this statement: {wrong[0]}"[:DETAIL_MAX])
    return ladder.unsearched(kind, statement, answer, CACHED)


def statement_weight(statement: Mapping[str, Any]) -> int:
    """A quick measure of a statement that is not checked yet: how many items its collections hold."""
    return sum([len(value) for value in statement.values() if isinstance(value, _SIZED)])
