"""The solver port over PyVRP: routes and large tours by iterated local search, from a hint or from nothing; it proves nothing.

PyVRP and numpy are imported at the first solve. In a repeatable solve the iterations are counted and time is the backstop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound, Stopped
from queuebit_classical_solver.ports import Limits, OnProgress, Progress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

if TYPE_CHECKING:
    import pyvrp

METHOD = "pyvrp"
SEED_MAX = 2**31 - 1
ITERATIONS_EACH_PER_S = 100_000
"""Iterations for each second of budget times nodes. An idle core did 200,000 to 300,000, a busy one 60,000 to 120,000: in a
repeatable solve the iterations should run out before the time does."""
NODES_ADDED = 20
PATIENCE_EACH = 200
PATIENCE_MIN = 5_000
"""The search ends after this many iterations without a better answer, and PATIENCE_EACH more for each node."""
DISTANCE_TOTAL_MAX = 2**44
LOAD_TOTAL_MAX = 2**40
"""Above these, PyVRP's 64-bit costs (penalties are up to 100,000 for each unit of load) could overflow."""

CutOffBy = Literal["", "work", "time", "stop", "patience"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A problem as PyVRP knows it. Node 0 is the depot; `answer` and `routes` translate, routes without the depot."""

    distances: Sequence[Sequence[int]]
    demands: Sequence[int]
    capacity: int
    vehicles: int
    answer: Callable[[Sequence[Sequence[int]]], Answer]
    routes: Callable[[Answer], list[list[int]]]
    windows: Sequence[tuple[int, int]] = ()
    """When each node may be served, where there is such a time; distances are times then."""
    service: Sequence[int] = ()


def _of_routes(statement: Any) -> Delivery:
    fleet = statement.fleet
    return Delivery(
        fleet.d,
        fleet.demand,
        fleet.capacity,
        fleet.limit,
        answer=lambda routes: {
            "routes": [[node + 1 for node in route] for route in sorted(map(list, routes)) if route]
        },
        routes=lambda answer: [[node - 1 for node in route] for route in answer["routes"] if route],
    )


def _of_timed_routes(statement: Any) -> Delivery:
    fleet = statement.fleet
    windows = list(zip(fleet.ready, fleet.closing, strict=True))
    return replace(_of_routes(statement), windows=windows, service=fleet.service)


def _of_a_tour(statement: Any) -> Delivery:
    """One vehicle that carries everything; the first node is its depot."""

    def routes(answer: Answer) -> list[list[int]]:
        tour = [node - 1 for node in answer["tour"]]
        start = tour.index(0)
        return [tour[start + 1 :] + tour[:start]]

    return Delivery(
        statement.scaled[0],
        (),
        0,
        1,
        answer=lambda routes: {"tour": [1, *(node + 1 for route in routes for node in route)]},
        routes=routes,
    )


DELIVERIES: Mapping[str, Callable[[Any], Delivery]] = {
    "cvrp": _of_routes,
    "tsp": _of_a_tour,
    "vrptw": _of_timed_routes,
}
"""How each kind that PyVRP can search becomes a delivery."""


class PyVrpSolver:
    """Iterated local search over the kinds in DELIVERIES."""

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
        """See the port. Raises NothingFound also where the numbers are too large for PyVRP."""
        import pyvrp

        began_s = time.perf_counter()
        delivery = DELIVERIES[kind.name](statement)
        _check_range(delivery)
        data = _data(delivery)
        rule = _Rule(limits, len(delivery.distances), began_s, stop)
        start = None if hint is None else pyvrp.Solution(data, _visits(delivery.routes(hint)))
        listener = _listener(kind, statement, delivery, on_progress)
        found = pyvrp.solve(
            data,
            rule,
            seed=limits.seed % SEED_MAX,
            collect_stats=False,
            params=pyvrp.SolveParams(ils=pyvrp.IteratedLocalSearchParams(callbacks=listener)),
            initial_solution=start,
        )
        if not found.is_feasible():
            raise Stopped if rule.cut_off_by == "stop" else NothingFound("PyVRP found no feasible routes.")
        answer = delivery.answer(_routes(found.best))
        objective, bound = kind.objective(statement, answer), kind.trivial_bound(statement)
        return Solution(
            answer=answer,
            objective=objective,
            bound=bound,
            proven_optimal=objective == bound,
            method=METHOD,
            iterations=rule.iterations,
            worked=rule.worked,
            details={"status": "FEASIBLE", "cut_off_by": rule.cut_off_by},
        )


class _Rule:
    """PyVRP's stopping criterion: it is asked before each iteration."""

    def __init__(self, limits: Limits, nodes: int, began_s: float, stop: Stop) -> None:
        self.iterations = 0
        self.cut_off_by: CutOffBy = ""
        self._iterations_max = max(1, int(limits.work_s * ITERATIONS_EACH_PER_S / (nodes + NODES_ADDED)))
        self._counted = limits.repeatable
        self._patience = PATIENCE_MIN + PATIENCE_EACH * nodes
        self._ends_s = began_s + limits.left_s
        self._stop = stop
        self._best: float | None = None
        self._better_at = 0

    @property
    def worked(self) -> float:
        return min(1.0, self.iterations / self._iterations_max) if self._counted else 1.0

    def __call__(self, best_cost: float) -> bool:
        if self._best is None or best_cost < self._best:
            self._best, self._better_at = best_cost, self.iterations
        self.cut_off_by = self._reason()
        if self.cut_off_by:
            return True
        self.iterations += 1
        return False

    def _reason(self) -> CutOffBy:
        if self._counted and self.iterations >= self._iterations_max:
            return "work"
        if self.iterations - self._better_at >= self._patience:
            return "patience"
        if self._stop():
            return "stop"
        return "time" if time.perf_counter() >= self._ends_s else ""


def _check_range(delivery: Delivery) -> None:
    if sum(map(max, delivery.distances)) > DISTANCE_TOTAL_MAX or sum(delivery.demands) > LOAD_TOTAL_MAX:
        raise NothingFound("The distances or demands have more digits than PyVRP takes.")
    if sum(delivery.service) > DISTANCE_TOTAL_MAX or any(early > DISTANCE_TOTAL_MAX for early, _ in delivery.windows):
        raise NothingFound("The times have more digits than PyVRP takes.")


def _data(delivery: Delivery) -> pyvrp.ProblemData:
    import numpy as np
    import pyvrp

    distances: Any = np.array(delivery.distances, dtype=np.int64)
    loads = [[demand] for demand in delivery.demands] or [[] for _ in delivery.distances]
    early, late = zip(*delivery.windows or [(0, np.iinfo(np.int64).max)] * len(loads), strict=True)
    service = delivery.service or [0] * len(loads)
    clients = [
        pyvrp.Client(node, load, service_duration=service[node], tw_early=early[node], tw_late=late[node])
        for node, load in enumerate(loads)
        if node
    ]
    return pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in loads],
        clients,
        [pyvrp.Depot(0, tw_early=early[0], tw_late=late[0])],
        [pyvrp.VehicleType(delivery.vehicles, capacity=[delivery.capacity] if delivery.demands else [])],
        [distances],
        [distances if delivery.windows else 0 * distances],
    )


def _visits(routes: Sequence[Sequence[int]]) -> list[list[int]]:
    """PyVRP counts clients from 0: node 1 is the first."""
    return [[node - 1 for node in route] for route in routes]


def _routes(solution: pyvrp.Solution) -> list[list[int]]:
    return [[each.idx + 1 for each in route if each.is_client()] for route in solution.routes()]


def _listener(kind: Optimisation[S], statement: S, delivery: Delivery, on_progress: OnProgress) -> Any:
    """A callback that reports each better answer. Its class needs PyVRP, so it is made here."""
    from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks

    class Listener(IteratedLocalSearchCallbacks):
        def on_best(self, best: pyvrp.Solution) -> None:
            if best.is_feasible():
                answer = delivery.answer(_routes(best))
                on_progress(Progress(kind.objective(statement, answer), None, answer, METHOD))

    return Listener()


ROUTES = frozenset({"cvrp", "vrptw"})
SEARCH = Search(
    METHOD,
    "pyvrp",
    (
        Turn(PyVrpSolver(), 0.2, 1, ROUTES, variables_max=30),
        Turn(PyVrpSolver(), 0.7, 1, ROUTES, variables_min=31, variables_max=130),
        Turn(PyVrpSolver(), 0.9, 1, ROUTES, variables_min=131),
    ),
)
"""It seldom finds shorter symmetric tours than the heuristic does: those are not its own."""
