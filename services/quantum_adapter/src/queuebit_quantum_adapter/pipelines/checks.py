"""Whether an order fits. Nothing heavy is loaded for it."""

from __future__ import annotations

from queuebit_contracts.events import JobQueued
from queuebit_contracts.jobs import Problem
from queuebit_problems.kind import Size
from queuebit_problems.measurement import Measurement
from queuebit_problems.registry import kind_of, optimisation_of, parse_problem
from queuebit_quantum_adapter.backends.limits import Limits, check_circuit_size, check_size
from queuebit_quantum_adapter.backends.registry import check_backend
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import BudgetTooSmall, TooManyOperations, TooManyQubits
from queuebit_quantum_adapter.shell.task import Recipe

OPERATIONS_MAX = 100_000
"""Of all circuits of one statement, as its kind counts them."""


def is_measurement(problem: Problem) -> bool:
    """Whether circuits are to be measured. Raises ProblemError where the kind is not known."""
    return isinstance(kind_of(problem.kind, problem.version), Measurement)


def check_measurement(order: JobQueued, backend: BackendSpec, limits: Limits) -> None:
    """Raises AdapterError or ProblemError where the circuits of an order cannot be measured."""
    size = order.size or read_size(order.problem)
    check_backend(backend, size.qubits)
    check_circuit_size(limits, order.tier, size.qubits)
    check_operations(limits, order.budget_s, size.qubits, size.terms)


def check_optimisation(order: JobQueued, backend: BackendSpec, limits: Limits) -> None:
    """Raises AdapterError or ProblemError where a problem that may not be cut into cores has no room."""
    optimisation_of(order.problem.kind, order.problem.version)
    if backend.annealer:
        spins = (order.size or read_size(order.problem)).qubits
        if spins > backend.qubits_max:
            raise TooManyQubits(
                f"The problem needs {spins} spins; {backend.name} takes at most {backend.qubits_max}.",
                remedy="State a smaller problem, or use the classical lane.",
            )
        return
    if not Recipe.of(order.params).rounds:
        qubits = (order.size or read_size(order.problem)).qubits
        check_backend(backend, qubits)
        check_size(limits, order.tier, qubits)


def read_size(problem: Problem) -> Size:
    """How large a problem is, where its order does not say it. Raises ProblemError."""
    kind, statement = parse_problem(problem)
    return kind.size(statement)


def check_operations(limits: Limits, budget_s: float, qubits: int, operations: int, runs: int = 1) -> None:
    """Raises TooManyOperations or BudgetTooSmall where so many operations, each done `runs` times, would not end in time."""
    if operations > OPERATIONS_MAX:
        raise TooManyOperations(
            f"The circuits have {operations} operations; the simulator takes at most {OPERATIONS_MAX}."
        )
    needed_s = runs * operations * limits.gate_amplitude_s * (1 << qubits)
    share_s = budget_s * limits.circuit_share
    if needed_s > share_s:
        times = f", {runs} times each," if runs > 1 else ""
        raise BudgetTooSmall(
            f"{operations} operations{times} on {qubits} qubits take about {needed_s:.3g} s; "
            f"{share_s:.3g} s of the budget are for them."
        )
