"""Executions of measurements."""

from __future__ import annotations

from typing import Any

from queuebit_contracts.events import ExecutionSucceeded
from queuebit_contracts.jobs import Lane, Problem, Ran, Usage
from tests.measuring import tosses
from tests.unit.result_validation.executions import an_execution

PROBLEM = tosses(0.4, 2.0)


CONVERTED = {"shots": 1000, "equivalence": {"fidelity": 1.0, "inputs": 3}}


def a_measurement(
    counts: dict[str, int], problem: Problem = PROBLEM, *, lane: Lane = "simulator", **changes: Any
) -> ExecutionSucceeded:
    values: dict[str, Any] = {
        "lane": lane,
        "ran": Ran(lane=lane, method="tosses", backend="aer_simulator"),
        "answer": {"counts": counts, "shots": sum(counts.values())},
        "objective": None,
        "bound": None,
        "proven_optimal": False,
        "usage": Usage(shots=1000),
        "evidence": CONVERTED,
        "provenance": {"circuit_fingerprint": "abc"},
        **changes,
    }
    return an_execution(problem, **values)
