"""Work orders done: the tiny ones at once, the others in a process that can be killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from queuebit_classical_solver.cascade.ladder import Ladder
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, Progress, Solution, Solver, ignore_progress, never_stop
from queuebit_classical_solver.shell import child
from queuebit_classical_solver.shell.outcome import told
from queuebit_classical_solver.shell.reference import measurement_of
from queuebit_classical_solver.shell.task import Meter, Outcome, Parsed, Solved, Task, Way, perform, statement_weight
from queuebit_contracts.alike import REPEATABLE_PARAM
from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed, ExecutionSucceeded, JobQueued
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Lane, Usage
from queuebit_contracts.statement_text import StatementText
from queuebit_problems.errors import ProblemError
from queuebit_problems.kind import gap_of, tighter
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import parse_optimisation
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.processes.hops import AnyHop
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.worker.reports import cancelled, failed, pool_code, progressed

RESCUED = "rescued"
"""What the provenance of an answer says that a process had found when it was killed: another run may find a better one."""

PARSED_MAX = 4096
"""How many statements are kept between `is_small` and `run_small`. Orders that are withdrawn in between leave theirs behind; at
the bound all are forgotten, and read again where they are needed."""

OUR_LANES: frozenset[Lane] = frozenset({"classical", "rule"})


@dataclass(frozen=True, slots=True)
class SmallBounds:
    """What is small: so little work that a whole batch of it takes a few milliseconds."""

    weight_max: int = 300
    variables_max: int = 12
    default_terms_max: int = 300


class ClassicalExecutor:
    """Runs the orders of the lanes `classical` and `rule`."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        *,
        worker: str,
        small: SmallBounds = SmallBounds(),
        grace_s: float = 10.0,
        hop: AnyHop = asyncio.to_thread,
    ) -> None:
        """`grace_s`: how long past its budget a process may take to read the problem and to hand over its answer. `hop` checks
        what a killed process had found, off the event loop.
        """
        self._pool = pool
        self._clock = clock
        self._worker = worker
        self._small = small
        self._grace_s = grace_s
        self._hop = hop
        self._inline: Solver = Ladder(_NoSearch(), enumerated_variables_max=small.variables_max)
        self._parsed: dict[int, Parsed] = {}

    def is_small(self, order: JobQueued) -> bool:
        """Whether it is done within well under a millisecond. What was read to know it is kept for `run_small`."""
        if order.lane not in OUR_LANES:
            return True
        if measurement_of(order.problem) is not None:
            return order.lane == "rule"
        if self._is_surely_large(order):
            return False
        try:
            kind, statement = parse_optimisation(order.problem)
            size = kind.size(statement)
        except ProblemError:
            return True
        if order.lane == "rule":
            small = size.terms <= self._small.default_terms_max
        else:
            small = size.variables <= self._small.variables_max and kind.enumerates(statement)
            if small and kind.__class__.named_rows is not Optimisation.named_rows:
                small = not _has_to_be_refuted(kind, statement)
        if small:
            if len(self._parsed) >= PARSED_MAX:
                self._parsed.clear()
            self._parsed[order.attempt_id.int] = (kind, statement)
        return small

    def _is_surely_large(self, order: JobQueued) -> bool:
        """What is told without reading the problem."""
        statement = order.problem.statement
        if isinstance(statement, StatementText) or statement_weight(statement) > self._small.weight_max:
            return True
        if order.size is None:
            return False
        if order.lane == "rule":
            return order.size.terms > self._small.default_terms_max
        return order.size.variables > self._small.variables_max

    def run_small(self, order: JobQueued) -> ExecutionSucceeded | ExecutionFailed:
        """Do a small order here and now."""
        if order.lane not in OUR_LANES:
            return _not_ours(order)
        started_at = self._clock.now()
        task = task_of(order)
        outcome = perform(
            task,
            self._inline,
            parsed=self._parsed.pop(order.attempt_id.int, None),
            on_progress=ignore_progress,
            stop=never_stop,
        )
        return told(
            order,
            outcome,
            task.limits,
            started_at=started_at,
            finished_at=self._clock.now(),
            worker=self._worker,
        )

    async def run(
        self, order: JobQueued, progress: Callable[[ExecutionProgressed], None], stop: asyncio.Event
    ) -> ExecutionSucceeded | ExecutionFailed:
        """Do an order in a process. One that dies or is killed still answers with the best that it had told of."""
        if order.lane not in OUR_LANES:
            return _not_ours(order)
        task = task_of(order)
        started_at, began_s = self._clock.now(), self._clock.monotonic_s()
        best = _Best(order, task, progress, self._clock, began_s)
        outcome: Outcome | None = None
        code, detail = FailureCode.INTERNAL, ""
        try:
            outcome = await self._pool.run(
                child.FUNCTION,
                task,
                timeout_s=task.limits.budget_s + self._grace_s,
                on_progress=best.hear,
                stop=stop,
            )
        except PoolError as error:
            code, detail = pool_code(error), str(error)
        wall_s = self._clock.monotonic_s() - began_s
        if stop.is_set() or code is FailureCode.CANCELLED:
            return cancelled(order, Usage(wall_s=wall_s))
        if outcome is None:
            rescued = await self._hop(partial(best.rescued, detail))
            if rescued is None:
                return failed(order, code, detail, usage=Usage(wall_s=wall_s))
            outcome = Solved(rescued, Meter(wall_s, 0.0))
        return told(
            order,
            outcome,
            task.limits,
            started_at=started_at,
            finished_at=self._clock.now(),
            worker=self._worker,
        )


class _Best:
    """The best that a process has told of, and who is to hear of it."""

    def __init__(
        self,
        order: JobQueued,
        task: Task,
        progress: Callable[[ExecutionProgressed], None],
        clock: Clock,
        began_s: float,
    ) -> None:
        self._order = order
        self._task = task
        self._progress = progress
        self._clock = clock
        self._began_s = began_s
        self._best = Progress()

    def hear(self, item: Any) -> None:
        """Keep what is better, and pass it on."""
        assert isinstance(item, Progress)
        self._best = Progress(
            objective=item.objective if item.objective is not None else self._best.objective,
            bound=item.bound if item.bound is not None else self._best.bound,
            answer=item.answer if item.answer is not None else self._best.answer,
            method=item.method or self._best.method,
        )
        best = self._best
        gap = None if best.objective is None or best.bound is None else gap_of(best.objective, best.bound)
        elapsed_s = self._clock.monotonic_s() - self._began_s
        self._progress(
            progressed(self._order, elapsed_s, best.method, objective=best.objective, bound=best.bound, gap=gap)
        )

    def rescued(self, cause: str) -> Solution | None:
        """The best answer so far as a solution, checked here; None where there is none."""
        answer = self._best.answer
        if answer is None:
            return None
        kind, statement = parse_optimisation(self._task.problem)
        if kind.answer_errors(statement, answer) or kind.violations(statement, answer):
            return None
        objective = kind.objective(statement, answer)
        bound = tighter(self._best.bound, kind.trivial_bound(statement), kind.sense)
        return Solution(
            answer,
            objective,
            bound,
            bound == objective,
            self._best.method,
            details={"status": "FEASIBLE", "search": cause, RESCUED: True},
        )


class _NoSearch:
    """The last rung of the inline ladder: what is small is enumerated above it, so here the heuristic's answer stands."""

    def solve(self, *_: Any, **__: Any) -> Solution:
        raise NothingFound("A small order is not searched.")


def _has_to_be_refuted(kind: Optimisation[Any], statement: Any) -> bool:
    """Whether nothing is feasible: a kind that names what allows none searches for that. Most have an answer at once."""
    return kind.default_answer(statement) is None and kind.enumerated(statement) is None


def task_of(order: JobQueued) -> Task:
    """What a work order asks of the solver."""
    way: Way = "search" if order.lane != "rule" else "default" if order.from_job is None else "cached"
    repeatable = order.params.get(REPEATABLE_PARAM, True) is not False
    return Task(order.problem, way, Limits(order.budget_s, order.seed, repeatable), order.hint)


def _not_ours(order: JobQueued) -> ExecutionFailed:
    return failed(order, FailureCode.PROBLEM_UNSUPPORTED, f"The classical solver does not serve the lane {order.lane}.")
