"""Attempts that run together: each answers what it answers alone, and circuits of one structure run in one execution."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from types import NoneType
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobQueued, ProblemSize
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.pipelines.joined import run_joined
from queuebit_quantum_adapter.ports import Request, Result
from queuebit_quantum_adapter.providers.aer import ideal
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.joiner import ATTEMPTS, OrderJoiner
from queuebit_quantum_adapter.shell.task import Ended, Failed, Outcome, Task, shares
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolCrashed
from queuebit_runtime.processes.pool import InlinePool
from queuebit_runtime.worker.orders import Alike
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, a_task, an_order

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'
BROKEN = Problem(kind="circuit_sampling", statement={"qasm": f"{HEAD}nonsense;", "shots": 10})


def a_chain(angle: float, *, shots: int = 300, gate: str = "rx", tail: str = "") -> Problem:
    body = f"h q[0];\ncx q[0], q[1];\n{gate}({angle}) q[1];\ncx q[1], q[2];\n{tail}c = measure q;\n"
    return Problem(kind="circuit_sampling", statement={"qasm": HEAD + body, "shots": shots})


def told(ended: Ended | None) -> Any:
    """All that does not depend on when and beside what it ran."""
    if not isinstance(ended, Outcome):
        return ended
    provenance = {name: value for name, value in ended.provenance.items() if name != "run"}
    return replace(ended, cpu_s=0.0, provenance=provenance)


def alone(task: Task) -> Outcome:
    return frame.run(task, lambda stage: None)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> AerProvider:
    """A provider that has run nothing before."""
    fresh = AerProvider(IdealTarget(qubits_max=20, memory_bytes_max=2**30))
    monkeypatch.setattr(ideal, "open_provider", lambda **_: fresh)
    return fresh


def test_the_answer_of_a_job_does_not_depend_on_what_ran_beside_it() -> None:
    problems = [
        a_chain(0.3),
        a_chain(0.7),
        a_chain(0.3, shots=50),
        a_chain(1.1, gate="p"),
        a_chain(0.3, tail="cp(0.4) q[0], q[2];\n"),
        a_chain(0.3, tail="cp(0.9) q[0], q[2];\n"),
    ]
    tasks = [a_task(problem, seed=seed) for problem in problems for seed in (7, 8)]

    together = run_joined(tasks)
    backwards = run_joined(tasks[::-1])[::-1]

    expected = [told(alone(task)) for task in tasks]
    assert [told(each) for each in together] == expected
    assert [told(each) for each in backwards] == expected
    assert expected[0].answer != expected[1].answer


def test_circuits_of_one_structure_are_transpiled_once_and_run_in_one_execution(provider: AerProvider) -> None:
    tasks = [a_task(a_chain(0.01 * number), seed=number) for number in range(100)]

    run_joined(tasks)

    assert provider.counted == {"transpilations": 1, "executions": 1}


def test_those_of_another_structure_take_an_execution_more_and_a_known_one_is_not_transpiled_again(
    provider: AerProvider,
) -> None:
    first = [a_task(a_chain(0.1 * number, gate=gate)) for number in range(4) for gate in ("rx", "rz", "p")]

    run_joined(first)
    run_joined([a_task(a_chain(2.0, gate="rz")), a_task(a_chain(2.1, gate="rz"))])

    assert provider.counted == {"transpilations": 3, "executions": 4}


def test_what_takes_many_times_what_its_size_says_keeps_nobody_waiting() -> None:
    shot_by_shot = a_chain(0.5, tail="reset q[0];\nh q[0];\n")
    in_order = a_chain(0.5).model_copy(update={"statement": {**a_chain(0.5).statement, "memory": True}})
    problems = [a_chain(0.1), shot_by_shot, in_order, a_chain(0.5, shots=1_000_000), a_chain(0.2)]

    found = run_joined([a_task(problem) for problem in problems])

    assert [type(each) for each in found] == [Outcome, NoneType, NoneType, NoneType, Outcome]
    assert run_joined([a_task(shot_by_shot), a_task(in_order)]) == (None, None)


def test_what_is_asked_with_other_seeds_and_shots_alone_is_simulated_once(provider: AerProvider) -> None:
    simulated: list[int] = []
    target = provider._target
    honest = target.probabilities
    target.probabilities = lambda *of: simulated.append(len(of[2])) or honest(*of)  # type: ignore[method-assign, func-returns-value]

    found = run_joined([a_task(a_chain(0.4, shots=10 + seed), seed=seed) for seed in range(5)])

    assert simulated == [1]
    assert [each.shots for each in found if isinstance(each, Outcome)] == [10, 11, 12, 13, 14]


def test_the_place_in_the_batch_is_recorded() -> None:
    tasks = [a_task(a_chain(0.1)), a_task(BROKEN), a_task(a_chain(0.2))]

    first, _, last = run_joined(tasks)

    assert isinstance(first, Outcome)
    assert isinstance(last, Outcome)
    assert first.provenance["run"]["batch"] == {**last.provenance["run"]["batch"], "index": 0}
    assert (last.provenance["run"]["batch"]["index"], last.provenance["run"]["batch"]["size"]) == (1, 2)
    assert "batch" not in alone(tasks[0]).provenance["run"]


def test_a_bad_member_fails_alone() -> None:
    found = run_joined([a_task(a_chain(0.1)), a_task(BROKEN), a_task(a_chain(0.2))])

    assert [type(each) for each in found] == [Outcome, Failed, Outcome]
    assert isinstance(found[1], Failed)
    assert found[1].code is FailureCode.PROBLEM_INVALID


def test_what_fails_for_all_at_once_is_the_failure_of_none(
    provider: AerProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_requests: Sequence[Request]) -> list[Result]:
        raise MemoryError

    monkeypatch.setattr(provider, "run_together", fail)

    assert run_joined([a_task(a_chain(0.1)), a_task(a_chain(0.2))]) == (None, None)


def test_the_processor_time_is_shared_to_the_nanosecond(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((1_000, 1_000 + 1_000_000_007))
    monkeypatch.setattr(time, "process_time_ns", lambda: next(moments))

    found = run_joined([a_task(a_chain(0.1 * number)) for number in range(3)])

    parts = [round(each.cpu_s * 1e9) for each in found if isinstance(each, Outcome)]
    assert parts == shares(1_000_000_007, 3)
    assert sum(parts) == 1_000_000_007


class FirstFails(InlinePool):
    """Loses its process whenever several tasks run together."""

    def __init__(self, *, fails: bool = False) -> None:
        self.calls: list[str] = []
        self._fails = fails

    async def run(self, function_path: str, argument: Any, **options: Any) -> Any:
        self.calls.append(function_path)
        if self._fails and function_path == ATTEMPTS:
            raise PoolCrashed
        return await super().run(function_path, argument, **options)


def a_joiner(pool: InlinePool, count_max: int = 64) -> OrderJoiner:
    executor = QuantumExecutor(pool, Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="worker-1")
    return OrderJoiner(executor, pool, LIMITS, SystemClock(), count_max=count_max)


def sized(problem: Problem, number: int, **changes: Any) -> JobQueued:
    order = an_order(problem, number=number, **changes)
    return order.model_copy(update={"size": ProblemSize(variables=3, qubits=3, terms=7)})


def test_a_member_that_is_cancelled_changes_nothing_for_the_others() -> None:
    pool = FirstFails()
    orders = [sized(a_chain(0.1 * number), number) for number in range(1, 4)]
    stops = [asyncio.Event() for _ in orders]
    stops[1].set()

    found = asyncio.run(a_joiner(pool).run_joined(orders, stops))

    assert pool.calls == [ATTEMPTS]
    assert [type(each) for each in found] == [ExecutionSucceeded, ExecutionFailed, ExecutionSucceeded]
    assert isinstance(found[1], ExecutionFailed)
    assert found[1].code is FailureCode.CANCELLED
    assert [each.attempt_id for each in found if each is not None] == [order.attempt_id for order in orders]


def test_where_the_process_is_lost_each_is_to_run_alone() -> None:
    pool = FirstFails(fails=True)
    orders = [sized(a_chain(0.1 * number), number) for number in range(1, 4)]

    found = asyncio.run(a_joiner(pool).run_joined(orders, [asyncio.Event() for _ in orders]))

    assert pool.calls == [ATTEMPTS]
    assert found == [None, None, None]


def test_an_order_that_is_refused_is_no_member() -> None:
    orders = [sized(a_chain(0.1), 1), sized(a_chain(0.1), 2, params={"mitigation": "zne"}), sized(a_chain(0.2), 3)]

    found = asyncio.run(a_joiner(FirstFails()).run_joined(orders, [asyncio.Event() for _ in orders]))

    assert [type(each) for each in found] == [ExecutionSucceeded, ExecutionFailed, ExecutionSucceeded]


@pytest.mark.parametrize(
    ("order", "joins"),
    [
        (sized(a_chain(0.1), 1), True),
        (an_order(a_chain(0.1)), False),  # nobody knows its size
        (sized(a_maxcut(3), 1), False),
        (sized(a_chain(0.1), 1, params={"target": "exact"}), True),
        (sized(a_chain(0.1), 1, params={"artifacts": True}), False),
        (sized(a_chain(0.1), 1, lane="quantum"), False),
        (
            sized(a_chain(0.1), 1).model_copy(update={"size": ProblemSize(variables=20, qubits=20, terms=7)}),
            False,
        ),
        (
            sized(a_chain(0.1), 1).model_copy(update={"size": ProblemSize(variables=16, qubits=16, terms=9000)}),
            False,
        ),
    ],
)
def test_small_samplings_of_known_size_join(order: JobQueued, joins: bool) -> None:
    found = a_joiner(FirstFails()).alike(order, "acme", "a job")

    assert found == (Alike(("circuit_sampling", 1, 3, 3, 7, "aer_simulator"), 64) if joins else None)


def test_one_at_a_time_is_no_joining() -> None:
    assert a_joiner(FirstFails(), count_max=1).alike(sized(a_chain(0.1), 1), "acme", "a job") is None


def test_the_attempts_of_a_batch_name_it_in_every_process_alike() -> None:
    first = run_joined([a_task(a_chain(0.1), number=1), a_task(a_chain(0.2), number=2)])
    again = run_joined([a_task(a_chain(0.1), number=1), a_task(a_chain(0.2), number=2)])

    names = [each.provenance["run"]["batch"]["id"] for each in (*first, *again) if isinstance(each, Outcome)]
    assert len(set(names)) == 1
    assert names[0] != str(UUID(int=0))
