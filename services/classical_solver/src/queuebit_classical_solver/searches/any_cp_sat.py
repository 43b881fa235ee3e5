"""The solver port over CP-SAT: the kind's own formulation, one thread, anytime, repeatable.

OR-Tools is imported at the first solve, so that a process that never searches never pays for it. Parameters follow
measurement: one worker with `linearization_level` 2 proves what the default level misses in most kinds; with a seed it is
repeatable.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from queuebit_classical_solver.cascade.bounds import contradicts
from queuebit_classical_solver.declaration import LAST, Search, Turn
from queuebit_classical_solver.errors import InvalidModel, NothingFound, Stopped
from queuebit_classical_solver.ports import Limits, OnProgress, Progress, Solution, Stop
from queuebit_classical_solver.searches.cp_sat.stopping import stopping
from queuebit_classical_solver.searches.infeasibility.believing import believed
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.kind import Answer, S, tighter
from queuebit_problems.optimisation import CpReading, Optimisation

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

METHOD = "cp-sat"


@dataclass(frozen=True, slots=True)
class Tuning:
    """What suits a kind. `units_per_s`: CP-SAT's units of counted work for each second of budget, so few that in a repeatable
    solve the work runs out before the time does: one took 0.9 to 2.5 s on a two-core machine.
    """

    linearization_level: int = 2
    units_per_s: float = 0.4


TUNING = Tuning()
TUNINGS: Mapping[str, Tuning] = {"job_shop": Tuning(linearization_level=0, units_per_s=0.15)}
"""By kind where it is not the usual one. Without linear relaxations ft10 is proved optimal in three seconds, and the schedules
of swv01 and ta21 are 5 to 11 % shorter after eight; the other kinds lose bounds by it and find nothing better. A unit of work
then takes 3 to 6 s."""

PARTS_PER_S = 40_000
"""Variables and constraints of a model for each second of budget: an idle machine states two to four times as many."""
PARTS_EACH_POLL = 16
TIME_S_MIN = 0.05
FLOAT_ROUNDING = Fraction(1, 10**12)
"""Relative: an objective that is no integer reaches us as the nearest float."""
SEED_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class CpSatSolver:
    """Fills the kind's model and searches it, starting from the hint.

    `neighbourhoods`: it only searches around the best answer (large neighbourhoods), which proves nothing and finds more.
    """

    neighbourhoods: bool = False

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
        """See the port. INFEASIBLE with a hint in hand means that the model is wrong: it is reported as InvalidModel."""
        from ortools.sat.python import cp_model

        began_s = time.perf_counter()
        model = _bounded_model(int(PARTS_PER_S * limits.budget_s), began_s + limits.left_s)
        reading = kind.cp_model(statement, model)
        if hint is not None:
            for variable, value in reading.hint(hint):
                model.add_hint(variable, value)
        complaint = model.validate()
        if complaint:
            raise InvalidModel(f"CP-SAT refuses the model of {kind.name}: {complaint}")
        search = _Search(kind, statement, model, reading)
        time_s = max(TIME_S_MIN, limits.left_s - (time.perf_counter() - began_s))
        parameters = _parameters(kind.name, limits, neighbourhoods=self.neighbourhoods)
        if not reading.presolve:
            parameters["cp_model_presolve"] = False
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = time_s
        for name, value in parameters.items():
            setattr(solver.parameters, name, value)
        listener = _listener(search, on_progress)
        solver.best_bound_callback = search.reporting_bound(on_progress)
        with stopping(solver, stop) as stopped:
            status = solver.solve(model, listener)
        if status == cp_model.INFEASIBLE:
            if math.isinf(reading.error):
                raise NothingFound("No answer fits the constraints as CP-SAT can state them, rounded to the safe side.")
            if hint is not None:
                raise InvalidModel(f"CP-SAT calls {kind.name} infeasible, but a feasible answer is known.")
            left_s = max(TIME_S_MIN, limits.left_s - (time.perf_counter() - began_s))
            raise believed(kind, statement, model, parameters, left_s, stop)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise Stopped if stopped.is_set() else NothingFound(f"No feasible answer in {limits.budget_s:g} s.")
        cut_off_by = "" if status == cp_model.OPTIMAL else _cut_off_by(solver, parameters, stopped.is_set())
        return search.solution(solver, status.name, cut_off_by, parameters)


class _Search:
    """One filled model and how to read it."""

    def __init__(self, kind: Optimisation[Any], statement: Any, model: cp_model.CpModel, reading: CpReading) -> None:
        self.kind = kind
        self.statement = statement
        self.reading = reading
        self.model_fingerprint = fingerprint(str(model.proto))

    def bound_of(self, model_bound: float) -> Number | None:
        """The model's bound in the problem's own unit, rounded to the safe side; None where it proves none."""
        return self.reading.bound(model_bound, self.kind.sense)

    def agrees(self, model_objective: float, objective: Number) -> bool:
        """Whether the model gives an answer the objective that the problem gives it: else its proof is about something else."""
        if not math.isfinite(self.reading.error):
            return False
        missed = abs(round(model_objective) * Fraction(exact(self.reading.scale)) - exact(objective))
        rounding = 0 if isinstance(objective, int) else FLOAT_ROUNDING * abs(Fraction(exact(objective)))
        return missed <= exact(self.reading.error) + rounding

    def reporting_bound(self, on_progress: OnProgress) -> Callable[[float], None]:
        """What CP-SAT calls at every better bound."""

        def report(value: float) -> None:
            on_progress(Progress(bound=self.bound_of(value), method=METHOD))

        return report

    def solution(
        self, solver: cp_model.CpSolver, status: str, cut_off_by: str, parameters: Mapping[str, Any]
    ) -> Solution:
        """The answer with its objective recomputed. A bound stands only where model and problem agree on the objective."""
        sense = self.kind.sense
        answer = self.reading.answer(solver.value)
        objective = self.kind.objective(self.statement, answer)
        agrees = self.agrees(solver.objective_value, objective)
        bound: Number | None = None
        if agrees:
            exactly_proved = status == "OPTIMAL" and self.reading.error == 0
            bound = objective if exactly_proved else self.bound_of(solver.best_objective_bound)
        if bound is not None and contradicts(bound, objective, sense):
            bound = None
        bound = tighter(bound, self.kind.trivial_bound(self.statement), sense)
        return Solution(
            answer=answer,
            objective=objective,
            bound=bound,
            proven_optimal=bound == objective,
            method=METHOD,
            iterations=solver.num_branches,
            details={
                "status": status,
                "model_objective_agrees": agrees,
                "model_error": float(self.reading.error) if math.isfinite(self.reading.error) else None,
                "model_fingerprint": self.model_fingerprint,
                "parameters": parameters,
                "deterministic_time": round(solver.deterministic_time, 6),
                "conflicts": solver.num_conflicts,
                "cut_off_by": cut_off_by,
            },
        )


def _bounded_model(parts_max: int, ends_s: float) -> Any:
    """A model that refuses to grow beyond so many variables and constraints, which would take longer to state than to search,
    and once the time is up.
    """
    from ortools.sat.python import cp_model

    class Bounded(cp_model.CpModel):  # type: ignore[misc]
        parts = 0

        def _count(self) -> None:
            self.parts += 1
            if self.parts > parts_max:
                raise NothingFound(f"The model has more than the {parts_max} parts that the budget allows.")
            if self.parts % PARTS_EACH_POLL == 0 and time.perf_counter() >= ends_s:
                raise NothingFound("There is no time to state the model.")

        def new_bool_var(self, *args: Any) -> Any:
            self._count()
            return super().new_bool_var(*args)

        def new_int_var(self, *args: Any) -> Any:
            self._count()
            return super().new_int_var(*args)

        def add(self, *args: Any) -> Any:
            self._count()
            return super().add(*args)

        def add_bool_or(self, *args: Any) -> Any:
            self._count()
            return super().add_bool_or(*args)

        def add_implication(self, *args: Any) -> Any:
            self._count()
            return super().add_implication(*args)

        def add_at_most_one(self, *args: Any) -> Any:
            self._count()
            return super().add_at_most_one(*args)

    return Bounded()


def _tuning(kind: str) -> Tuning:
    return TUNINGS.get(kind, TUNING)


def _parameters(kind: str, limits: Limits, *, neighbourhoods: bool) -> dict[str, Any]:
    """What decides the answer; the time that is left does not, unless it runs out before the work does."""
    parameters: dict[str, Any] = {
        "num_workers": 1,
        "linearization_level": _tuning(kind).linearization_level,
        "random_seed": limits.seed % SEED_MAX,
    }
    if neighbourhoods:
        parameters["use_lns_only"] = True
    if limits.repeatable:
        parameters["max_deterministic_time"] = limits.work_s * _tuning(kind).units_per_s
    return parameters


def _cut_off_by(solver: cp_model.CpSolver, parameters: Mapping[str, Any], stopped: bool) -> str:
    """What ended the search: only counted work ends it at the same place again."""
    if stopped:
        return "stop"
    return "work" if solver.deterministic_time >= parameters.get("max_deterministic_time", math.inf) else "time"


def _listener(search: _Search, on_progress: OnProgress) -> Any:
    """A solution callback that reports each better answer. Its class needs OR-Tools, so it is made here."""
    from ortools.sat.python import cp_model

    class Listener(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
        def on_solution_callback(self) -> None:
            answer = search.reading.answer(self.value)
            objective = search.kind.objective(search.statement, answer)
            bound = search.bound_of(self.best_objective_bound)
            on_progress(Progress(objective=objective, bound=bound, answer=answer, method=METHOD))

    return Listener()


SEARCH = Search(
    METHOD,
    "ortools",
    (
        Turn(CpSatSolver(), 0.25, 1, frozenset({"graph_colouring"}), variables_max=300),
        Turn(CpSatSolver(neighbourhoods=True), 0.6, 2, frozenset({"job_shop"}), variables_min=200),
        Turn(CpSatSolver(), 0.2, 1, frozenset({"binary_program"})),
        Turn(CpSatSolver(), 1.0, LAST),
    ),
)
"""Last it serves every kind: it starts from the best answer and may prove it. Above 130 nodes its model of routes has only the
ways to near nodes, above 250 that of tours, so that it proves nothing there."""
