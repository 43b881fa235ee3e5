"""Measurements on the classical lane: the exact reference answers, and says where it cannot."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queuebit_classical_solver.shell.executor import ClassicalExecutor
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Lane, Problem
from queuebit_problems.kinds.circuits import circuit_sampling
from queuebit_problems.kinds.circuits.expectation import KIND as EXPECTATION
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.measuring import coins, tosses
from tests.unit.classical_solver.orders import an_order

__all__ = ["coins"]

HYDROGEN = Problem(kind="expectation", statement=EXPECTATION.example().model_dump(mode="json"))


async def done(problem: Problem, lane: Lane = "classical") -> ExecutionSucceeded | ExecutionFailed:
    executor = ClassicalExecutor(InlinePool(), SystemClock(), worker="w")
    order = an_order(problem, lane=lane)
    if executor.is_small(order):
        return executor.run_small(order)
    return await executor.run(order, lambda progress: None, asyncio.Event())


async def test_the_reference_answers_by_its_own_name(coins: Any) -> None:
    told = await done(tosses(0.4, 2.0))

    assert isinstance(told, ExecutionSucceeded)
    assert (told.ran.method, told.ran.backend, told.objective) == ("exact simulation", "queuebit-problems", None)
    assert sum(told.answer["counts"].values()) == told.usage.shots == 1000


async def test_a_least_energy_comes_with_its_proof() -> None:
    told = await done(HYDROGEN)

    assert isinstance(told, ExecutionSucceeded)
    assert told.ran.method == "exact diagonalisation"
    assert told.objective == pytest.approx(-1.137117, abs=1e-5)
    assert told.bound == pytest.approx(told.objective)
    assert told.proven_optimal


@pytest.mark.parametrize(
    ("problem", "lane", "code", "detail"),
    [
        (tosses(*[0.1] * 6), "classical", FailureCode.PROBLEM_TOO_LARGE, "--tier batch (field tier: batch)"),
        (tosses(0.1), "rule", FailureCode.NO_ANSWER_FOUND, "No tosses is answered without a measurement."),
        (tosses(), "classical", FailureCode.PROBLEM_INVALID, "angles"),
    ],
)
async def test_what_has_no_answer_is_told_with_its_reason(
    coins: Any, problem: Problem, lane: Lane, code: FailureCode, detail: str
) -> None:
    told = await done(problem, lane)

    assert isinstance(told, ExecutionFailed)
    assert told.code is code
    assert detail in told.detail
    assert f"{lane} lane" not in told.remedy


async def test_no_circuit_is_read_where_there_is_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule lane answers on the event loop, and reading a circuit may take long."""
    read: list[str] = []
    monkeypatch.setattr(circuit_sampling, "read_circuit", lambda text, **_: read.append(text))

    told = await done(Problem(kind="circuit_sampling", statement={"qasm": circuit_sampling.BELL}), "rule")

    assert isinstance(told, ExecutionFailed)
    assert (told.code, read) == (FailureCode.NO_ANSWER_FOUND, [])


@pytest.mark.parametrize(("lane", "small"), [("classical", False), ("rule", True)])
def test_nothing_is_computed_on_the_event_loop(coins: Any, lane: Lane, small: bool) -> None:
    executor = ClassicalExecutor(InlinePool(), SystemClock(), worker="w")

    assert executor.is_small(an_order(tosses(0.1), lane=lane)) is small
