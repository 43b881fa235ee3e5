"""How a job wants its circuits fitted: read from its parameters, done by a device, refused where nothing is fitted."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.errors import InvalidParam
from queuebit_quantum_adapter.ports import AS_USUAL, Transpilation
from queuebit_quantum_adapter.providers.aer.offer import aer, noisy_aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.transpilation import transpilation_of
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_order

TEXT = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[3] c; h q[0]; cx q[0], q[1]; cx q[0], q[2]; c = measure q;'
)
_NUMBERS = itertools.count(701)
"""Far from those of other files: one process keeps what was handed in by its key."""
GHZ = Problem(kind="circuit_sampling", statement={"qasm": TEXT, "shots": 200})


async def done(problem: Problem, *, noisy: bool = True, **params: Any) -> Any:
    """What becomes of an order of its own: a key that was used for another request is refused."""
    pytest.importorskip("qiskit_ibm_runtime", reason="the extra `noise` is not installed")
    spec = noisy_aer(LIMITS, snapshot_of("fake_manila")) if noisy else aer(LIMITS)
    executor = QuantumExecutor(InlinePool(), Backends([spec]), LIMITS, SystemClock(), worker="w")
    return await executor.run(an_order(problem, params=params, number=next(_NUMBERS)), lambda _: None, asyncio.Event())


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({}, AS_USUAL),
        ({"level": 0}, Transpilation(level=0)),
        ({"layout": "4, 3,2"}, Transpilation(layout=(4, 3, 2))),
        ({"layout": 2}, Transpilation(layout=(2,))),
        ({"level": 3, "layout": "0"}, Transpilation(3, (0,))),
    ],
)
def test_it_is_read_from_the_parameters(params: dict[str, Any], asked: Transpilation) -> None:
    assert transpilation_of(params) == asked


@pytest.mark.parametrize("params", [{"level": 4}, {"level": True}, {"level": "2"}, {"layout": "1,1"}, {"layout": "a"},
                                    {"layout": "1,,2"}, {"layout": -1}, {"layout": True}])  # fmt: skip
def test_what_is_neither_is_refused_by_name(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidParam, match=rf"params\.{next(iter(params))} is"):
        transpilation_of(params)


async def test_a_layout_is_kept_and_the_level_is_told() -> None:
    usual, chosen = await done(GHZ), await done(GHZ, level=0, layout="2,1,3")

    assert isinstance(usual, ExecutionSucceeded)
    assert isinstance(chosen, ExecutionSucceeded)
    assert usual.provenance["transpiler"] == {"passes": ["preset"], "optimization_level": 2, "seed": 7}
    assert chosen.provenance["transpiler"] == {
        "passes": ["preset"], "optimization_level": 0, "seed": 7, "initial_layout": [2, 1, 3],
    }  # fmt: skip
    (circuit,) = chosen.evidence["target"]["circuits"]
    assert circuit["layout"] == [2, 1, 3]
    assert chosen.evidence["equivalence"]["forms"] == 1


@pytest.mark.parametrize(
    ("params", "noisy", "said"),
    [
        ({"level": 1}, False, "runs circuits as they are"),
        ({"layout": "0,1"}, True, "The circuit has 3 qubits, and params.layout names 2"),
        ({"layout": "0,1,5"}, True, "has those from 0 to 4"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_can(params: dict[str, Any], noisy: bool, said: str) -> None:
    told = await done(GHZ, noisy=noisy, **params)

    assert isinstance(told, ExecutionFailed)
    assert told.code is FailureCode.PROBLEM_UNSUPPORTED
    assert said in told.detail
    assert told.remedy


async def test_an_optimisation_may_have_a_level_and_no_layout() -> None:
    levelled = await done(a_maxcut(4), level=1, layers=1, shots=64)
    placed = await done(a_maxcut(4), layout="0,1,2,3")

    assert isinstance(levelled, ExecutionSucceeded)
    assert levelled.provenance["transpiler"]["optimization_level"] == 1
    assert isinstance(placed, ExecutionFailed)
    assert "params.layout is for a circuit that is stated" in placed.detail
