"""Measurements on the classical lane: what an ideal device would give, computed exactly, by the kind's own reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.errors import NoDefaultAnswer, TooLargeForReference
from queuebit_classical_solver.ports import Limits
from queuebit_contracts.jobs import Problem
from queuebit_problems.errors import ProblemError
from queuebit_problems.measurement import Effort, Measured, Measurement
from queuebit_problems.registry import kind_of


@dataclass(frozen=True, slots=True)
class Reference:
    """What the reference gave, with the seed and the time that it had."""

    measured: Measured
    limits: Limits


def measurement_of(problem: Problem) -> Measurement[Any] | None:
    """The kind of a problem in which circuits are measured; None where the problem is of another family or unknown."""
    try:
        kind = kind_of(problem.kind, problem.version)
    except ProblemError:
        return None
    return kind if isinstance(kind, Measurement) else None


def computed(kind: Measurement[Any], problem: Problem, limits: Limits, *, default: bool) -> Reference:
    """The exact answer. Raises ProblemError, NoDefaultAnswer (no measurement has one) or TooLargeForReference.

    No circuit is read to say that there is no default.
    """
    if default:
        raise NoDefaultAnswer(f"No {kind.name} is answered without a measurement.")
    statement = kind.parse(problem.statement)
    found = kind.exact(statement, Effort(limits.budget_s, limits.seed))
    if found is None:
        size = kind.size(statement)
        raise TooLargeForReference(
            f"{size.qubits} qubits and {size.terms} terms are more than the exact reference takes. The simulator takes "
            "what its tier allows: --tier batch (field tier: batch) more than interactive, --tier scheduled most. "
            "Else state a smaller problem."
        )
    return Reference(found, limits)
