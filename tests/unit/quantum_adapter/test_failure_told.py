"""What an attempt that failed tells the plan: where it failed, and what another attempt would have to be like."""

from __future__ import annotations

import asyncio
import pickle
from dataclasses import replace
from typing import Any

import pytest

from queuebit_contracts.events import ExecutionFailed, JobQueued
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import NoBackend, ProviderUnavailable, SubmissionEnded, TooMuchMemory
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.task import Failed
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolMemory
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_order

ONE = BackendSpec("one", "1", "quantum", "nowhere:open", 5)
TWO = replace(ONE, name="two")


class Failing:
    """A pool in which every attempt ends so."""

    def __init__(self, ended: Failed | PoolMemory) -> None:
        self._ended = ended

    async def run(self, function_path: str, argument: Any, **_: Any) -> Any:
        del function_path, argument
        if isinstance(self._ended, PoolMemory):
            raise self._ended
        return self._ended

    async def close(self) -> None:
        return


async def told(ended: Failed | PoolMemory, order: JobQueued) -> ExecutionFailed:
    executor = QuantumExecutor(Failing(ended), Backends([ONE, TWO]), LIMITS, SystemClock(), worker="w")
    found = await executor.run(order, lambda _: None, asyncio.Event())
    assert isinstance(found, ExecutionFailed)
    return found


async def test_the_plan_hears_where_it_failed_why_and_what_to_do() -> None:
    error = ProviderUnavailable("gone", retry_after_s=3.0, action="reroute", reason="1007")

    found = await told(Failed.of(error), an_order(a_maxcut(4), lane="quantum"))

    assert (found.code, found.action, found.backend, found.reason, found.retry_after_s) == (
        FailureCode.BACKEND_UNAVAILABLE,
        "reroute",
        "one",
        "1007",
        3.0,
    )


@pytest.mark.parametrize("ended", [Failed.of(TooMuchMemory()), PoolMemory()])
@pytest.mark.parametrize(("params", "action"), [({}, "degrade"), ({"rounds": 0}, "fail_fast")])
async def test_what_needs_too_much_memory_is_made_smaller_where_it_may_be(
    ended: Failed | PoolMemory, params: dict[str, Any], action: str
) -> None:
    found = await told(ended, an_order(a_maxcut(4), lane="quantum", params=params))

    assert (found.code, found.action) == (FailureCode.MEMORY_EXHAUSTED, action)


def test_another_backend_is_another_one_and_where_there_is_none_that_is_said() -> None:
    backends = Backends([ONE, TWO])

    assert backends.of("quantum", not_on=("one",)) is TWO
    assert backends.of("quantum", avoid=("one", "two")) is ONE
    with pytest.raises(NoBackend, match="no backend but one, two, where it failed"):
        backends.of("quantum", not_on=("one", "two"))


def test_a_backend_that_is_asked_for_is_the_only_one() -> None:
    executor = QuantumExecutor(Failing(PoolMemory()), Backends([ONE, TWO]), LIMITS, SystemClock(), worker="w")

    asked = executor.task_of(an_order(a_maxcut(4), lane="quantum", params={"backend": "two"}))

    assert asked.backend is TWO
    with pytest.raises(NoBackend, match="has no backend 'three'") as refused:
        executor.task_of(an_order(a_maxcut(4), lane="quantum", params={"backend": "three"}))
    assert refused.value.remedy == "Set params.backend to one of: one, two; or to none."
    with pytest.raises(NoBackend, match="no backend but two, where it failed"):
        Backends([ONE, TWO]).of("quantum", not_on=("two",), only="two")


def test_a_smaller_attempt_has_smaller_circuits_and_says_so() -> None:
    executor = QuantumExecutor(Failing(PoolMemory()), Backends([ONE]), LIMITS, SystemClock(), worker="w")
    order = an_order(a_maxcut(14), lane="quantum", params={"layers": 8, "shots": 1000, "method": "trained"})

    whole, smaller = executor.task_of(order), executor.task_of(order.model_copy(update={"degraded": 2}))

    assert (whole.recipe.layers, whole.recipe.shots, whole.limits) == (8, 1000, LIMITS)
    assert (smaller.recipe.layers, smaller.recipe.shots, smaller.recipe.method) == (2, 250, "lr")
    assert smaller.limits.qubits_max == {"interactive": 12, "batch": 16, "scheduled": 18}


def test_a_problem_that_was_too_large_is_cut_into_cores() -> None:
    from queuebit_quantum_adapter.providers.aer.offer import aer

    executor = QuantumExecutor(Failing(PoolMemory()), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w")
    order = an_order(a_maxcut(14), params={"shots": 200, "rounds": 1}).model_copy(update={"degraded": 3})

    outcome = frame.run(executor.task_of(order), lambda _: None)

    assert "made smaller, 3 times" in " ".join(outcome.evidence["reasons"])
    assert "cores of up to 4" in " ".join(outcome.evidence["reasons"])


def test_errors_travel_between_processes_whole() -> None:
    errors = [
        ProviderUnavailable("gone", remedy="Wait.", retry_after_s=2.0, action="reroute", reason="1007"),
        SubmissionEnded("ran too long", FailureCode.BUDGET_EXHAUSTED, remedy="Less.", action="degrade", reason="1305"),
    ]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert (Failed.of(again), type(again)) == (Failed.of(error), type(error))
