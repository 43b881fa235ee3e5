"""Problems answered by an annealer: spins in, samples out, and the same checks as for circuits."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Measure, Register
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded
from queuebit_contracts.failures import FailureCode
from queuebit_problems.registry import parse_optimisation
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import NoBackend
from queuebit_quantum_adapter.ports import Request, Spins
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.providers.dwave.offer import VARIABLE, backends
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.submissions.codec import decode_request, encode_request
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_order

pytest.importorskip("dwave.samplers", reason="the extra `dwave` is not installed")

SHOTS = 20


def spec_of(sampler: str) -> BackendSpec:
    (spec,) = backends({VARIABLE: sampler})
    return spec


def test_a_request_of_spins_survives_the_ledger_and_one_of_circuits_is_written_as_before() -> None:
    request = Request((), (3,), SHOTS, spins=Spins(2, ((1, 0.5),), ((0, 1, -1.0),)))
    circuit = Request((Bound(Circuit(1, (Register("c", 1),), (Measure(0, 0),))),), (1,), 10)

    assert decode_request(encode_request(request)) == request
    assert b"spins" not in encode_request(circuit)


async def answered(*specs: BackendSpec, **fields: Any) -> ExecutionSucceeded | ExecutionFailed:
    executor = QuantumExecutor(InlinePool(), Backends(specs), LIMITS, SystemClock(), worker="w")
    return await executor.run(an_order(**fields), lambda stage: None, asyncio.Event())


async def test_an_order_that_asks_for_an_annealer_is_answered_by_one_and_others_are_not() -> None:
    problem, specs = a_maxcut(11), (spec_of("annealing"), aer(LIMITS))
    kind, statement = parse_optimisation(problem)
    best = max(
        kind.objective(statement, kind.encoding(statement).decode(bits))
        for bits in itertools.product((0, 1), repeat=kind.encoding(statement).qubo.n)
    )

    told = await answered(*specs, problem=problem, params={"method": "anneal", "shots": SHOTS})
    other = await answered(*specs, problem=problem, params={"layers": 1, "shots": SHOTS})

    assert isinstance(told, ExecutionSucceeded), told
    assert isinstance(other, ExecutionSucceeded), other
    assert (told.ran.backend, told.ran.method, other.ran.backend) == (
        "dwave_annealing",
        "simulated annealing",
        "aer_simulator",
    )
    assert (told.objective, told.usage.shots) == (best, SHOTS)
    assert told.evidence["shots"] == SHOTS
    assert told.evidence["placebo_best"] is not None
    assert told.provenance["method"] == "simulated annealing"


async def test_an_annealer_is_also_asked_by_its_name() -> None:
    specs = (spec_of("descent"), aer(LIMITS))

    told = await answered(*specs, problem=a_maxcut(6), params={"backend": "dwave_descent", "shots": SHOTS})

    assert isinstance(told, ExecutionSucceeded), told
    assert told.ran.backend == "dwave_descent"


async def test_more_spins_than_any_circuit_here_has_qubits_are_sampled() -> None:
    told = await answered(
        spec_of("tabu"), problem=a_maxcut(120, density=0.05), params={"method": "anneal", "shots": 10}
    )

    assert isinstance(told, ExecutionSucceeded), told
    assert told.ran.method.startswith("tabu search")


async def test_without_an_annealer_the_order_fails_with_the_remedy() -> None:
    told = await answered(aer(LIMITS), problem=a_maxcut(5), params={"method": "anneal"})

    assert isinstance(told, ExecutionFailed)
    assert told.code is FailureCode.NO_BACKEND
    assert told.detail is not None
    assert told.detail.startswith("No annealer is configured for the simulator lane")


def test_a_sampler_that_is_not_known_is_named() -> None:
    with pytest.raises(NoBackend, match="'oracle'"):
        backends({VARIABLE: "annealing, oracle"})
