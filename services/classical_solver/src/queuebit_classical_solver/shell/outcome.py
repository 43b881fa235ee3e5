"""From an outcome to the event that tells it: pure, the words of the contract."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any, assert_never

from queuebit_classical_solver.cascade.rungs import package_of_method
from queuebit_classical_solver.ports import Limits, Solution
from queuebit_classical_solver.shell.reference import Reference
from queuebit_classical_solver.shell.task import Measured, Meter, Outcome, Solved, Unsolved
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobQueued
from queuebit_contracts.jobs import Lane, Ran, Usage
from queuebit_runtime.worker.reports import failed

OWN_PACKAGES = ("queuebit-classical-solver", "queuebit-problems")


@cache
def package_versions() -> dict[str, str]:
    """The versions of what decides an answer, looked up once."""
    return {name: version(name) for name in sorted({*package_of_method().values(), *OWN_PACKAGES})}


@lru_cache(maxsize=256)
def _ran(lane: Lane, method: str) -> Ran:
    """What really ran a method: the package that searched, else our own code."""
    name = package_of_method().get(method, "queuebit-problems")
    return Ran(lane=lane, method=method, backend=name, backend_version=package_versions()[name])


def told(
    order: JobQueued, outcome: Outcome, limits: Limits, *, started_at: datetime, finished_at: datetime, worker: str
) -> ExecutionSucceeded | ExecutionFailed:
    """The event that ends the attempt."""
    match outcome:
        case Solved(solution, meter):
            return succeeded(
                order, solution, meter, limits, started_at=started_at, finished_at=finished_at, worker=worker
            )
        case Measured(reference, meter):
            return computed(order, reference, meter, started_at=started_at, finished_at=finished_at, worker=worker)
        case Unsolved(code, detail, meter):
            return failed(order, code, detail, usage=_usage(meter, 0))
        case _:
            assert_never(outcome)


def succeeded(
    order: JobQueued,
    solution: Solution,
    meter: Meter,
    limits: Limits,
    *,
    started_at: datetime,
    finished_at: datetime,
    worker: str,
) -> ExecutionSucceeded:
    """There is an answer. The problem is echoed, so that the validator needs nothing else. What was there before says from
    where.
    """
    status = {"status": solution.details.get("status", "FEASIBLE")}
    return ExecutionSucceeded(
        attempt_id=order.attempt_id,
        leg=order.leg,
        lane=order.lane,
        ran=_ran(order.lane, solution.method),
        answer=solution.answer,
        objective=solution.objective,
        bound=solution.bound,
        proven_optimal=solution.proven_optimal,
        started_at=started_at,
        finished_at=finished_at,
        worker=worker,
        usage=_usage(meter, solution.iterations),
        provenance=_provenance(solution, limits),
        evidence=status if order.from_job is None else {**status, "from_job": str(order.from_job)},
        problem=order.problem,
        params=order.params,
    )


def computed(
    order: JobQueued,
    reference: Reference,
    meter: Meter,
    *,
    started_at: datetime,
    finished_at: datetime,
    worker: str,
) -> ExecutionSucceeded:
    """The exact answer of a measurement: our own code computed it, nothing was sampled on a device."""
    found = reference.measured
    return ExecutionSucceeded(
        attempt_id=order.attempt_id,
        leg=order.leg,
        lane=order.lane,
        ran=_ran(order.lane, found.method),
        answer=found.answer,
        objective=found.objective,
        bound=found.bound,
        proven_optimal=found.proven_optimal,
        started_at=started_at,
        finished_at=finished_at,
        worker=worker,
        usage=_usage(meter, found.iterations).model_copy(update={"shots": found.shots}),
        provenance={
            "packages": package_versions(),
            "seed": reference.limits.seed,
            "budget_s": reference.limits.budget_s,
            "circuits": len(found.circuits),
        },
        evidence=dict(found.evidence),
        problem=order.problem,
        params=order.params,
    )


def _usage(meter: Meter, iterations: int) -> Usage:
    return Usage(wall_s=meter.wall_s, cpu_s=meter.cpu_s, iterations=iterations)


def _provenance(solution: Solution, limits: Limits) -> dict[str, Any]:
    return {
        "packages": package_versions(),
        "seed": limits.seed,
        "budget_s": limits.budget_s,
        "repeatable": limits.repeatable,
        **solution.details,
    }
