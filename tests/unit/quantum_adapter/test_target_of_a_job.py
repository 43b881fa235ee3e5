"""The target of one job: its noise is its answer, with how far that is from the exact one and what is known taken out."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from queuebit_circuits.circuit import Circuit, Gate
from queuebit_circuits.pauli import PauliSum, bases, measured
from queuebit_circuits.readout import Misread, mended_estimate
from queuebit_circuits.simulator import outcomes
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, ResultValidated
from queuebit_contracts.jobs import Problem
from queuebit_domain.job.routing import alone_of, wish_of
from queuebit_problems.measuring.readout_mitigation import deviation, mitigated
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import Setup
from queuebit_quantum_adapter.backends.targets import Targets
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_result_validation.measured import validate_measurement
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, NOW, an_order

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `noise` is not installed")
CROSSED = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[4] q; bit[2] a; bit[2] b; x q[0]; ry(0.4) q[1]; ry(2.0) q[2];'
    "cx q[1], q[3]; cx q[0], q[2]; a[0] = measure q[3]; a[1] = measure q[1]; b[1] = measure q[0]; b[0] = measure q[2];"
)
"""Four bits with different means in two registers, measured across each other."""
SAMPLED = Problem(kind="circuit_sampling", statement={"qasm": CROSSED, "shots": 20_000})
NUMBERS = itertools.count(1_000)
"""Of attempts: devices are shared by all tests of a process, and know the keys that they saw."""
TURNED = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; ry(0.7) q[0]; cx q[0], q[1]; x q[2];'
OBSERVABLE: dict[str, Any] = {
    "qubits": 3,
    "terms": [[0.5, "III"], [0.3, "ZII"], [0.7, "XXI"], [-0.2, "IZZ"], [0.1, "YYZ"]],
}


async def done(problem: Problem, **params: Any) -> ExecutionSucceeded | ExecutionFailed:
    targets = Targets(["aer"], Setup(LIMITS))
    executor = QuantumExecutor(
        InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w", targets=targets
    )
    return await executor.run(
        an_order(problem, params=params, number=next(NUMBERS)), lambda progress: None, asyncio.Event()
    )


async def test_two_jobs_have_two_targets_and_each_tells_its_own() -> None:
    noisy, plain = await done(SAMPLED, target="fake_manila"), await done(SAMPLED)

    assert isinstance(noisy, ExecutionSucceeded)
    assert isinstance(plain, ExecutionSucceeded)
    assert (noisy.ran.backend, plain.ran.backend) == ("aer_simulator (simulated noise of fake_manila)", "aer_simulator")
    assert plain.answer.keys() == {"counts", "shots"}
    away = noisy.answer["deviation"]
    assert 0 < away["mitigated"] < 0.8 * away["counts"]
    assert deviation(noisy.answer["model"], noisy.answer["counts"]) < 0.02 < away["model"]
    assert abs(away["model"] - away["counts"]) < 0.02
    told = validate_measurement(noisy, NOW)
    assert isinstance(told, ResultValidated)
    assert told.verdict == "accepted"
    passed = {line.split(" ")[0] for line in told.reasons if line.endswith("passed.")}
    assert passed >= {"deviation", "mitigated", "noise"}
    strict = validate_measurement(noisy.model_copy(update={"params": {"reference": "ideal"}}), NOW)
    assert getattr(strict, "code", strict) == "test_failed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"deviation": {"counts": 0.0, "mitigated": 0.0, "model": 0.0}}, "test_failed"),
        ({"model": {"11 11": 1.0}}, "test_failed"),
        ({"model": {"11 11": 0.5}}, "answer_malformed"),
        ({"deviation": {"counts": 0.1}}, "answer_malformed"),
        ({"mitigated": None}, "answer_malformed"),
    ],
)
async def test_a_deviation_that_is_not_so_is_no_noise(change: dict[str, Any], code: str) -> None:
    noisy = await done(SAMPLED, target="fake_manila")
    assert isinstance(noisy, ExecutionSucceeded)

    told = validate_measurement(noisy.model_copy(update={"answer": {**noisy.answer, **change}}), NOW)

    assert getattr(told, "code", told) == code


async def test_a_value_tells_its_deviation_and_what_is_left_without_readout_errors() -> None:
    problem = Problem(
        kind="expectation",
        statement={"observable": OBSERVABLE, "circuit": TURNED, "shots": 20_000, "per_term": True},
    )

    noisy = await done(problem, target="fake_manila")

    assert isinstance(noisy, ExecutionSucceeded)
    answer = noisy.answer
    exact, mended = answer["value"] - answer["deviation"], answer["mitigated"]
    assert abs(mended["value"] - exact) < 0.6 * abs(answer["deviation"])
    assert abs(mended["value"] - exact) < mended["bias_max"] + 3 * mended["std_error"]
    assert mended["bias_max"] < answer["bias_max"]
    assert [each["string"] for each in answer["terms"]] == [letters for _, letters in OBSERVABLE["terms"]]
    told = validate_measurement(noisy, NOW)
    assert isinstance(told, ResultValidated)
    assert told.verdict == "accepted"


async def test_a_target_that_is_not_known_ends_the_job_with_the_nearest_names() -> None:
    unknown, wrong = await done(SAMPLED, target="fake_mnila"), await done(SAMPLED, target=7)

    assert isinstance(unknown, ExecutionFailed)
    assert isinstance(wrong, ExecutionFailed)
    assert (unknown.detail, "fake_manila" in unknown.remedy) == ("There is no target 'fake_mnila'.", True)
    assert wrong.detail == "params.target is '7'."


def test_a_target_asks_for_the_simulator_and_for_no_other_answer() -> None:
    target: dict[str, Any] = {"target": "fake_manila"}

    wishes = [wish_of("auto", target), wish_of("quantum", target), wish_of("auto", {})]
    alone = [alone_of(target), alone_of({**target, "fallback": True}), alone_of({}), alone_of({"fallback": False})]
    assert wishes == ["simulator", "quantum", "auto"]
    assert alone == [True, False, False, True]


def test_readout_errors_that_are_known_are_taken_out_exactly() -> None:
    """Counts as a machine gives them on average: every outcome of every run, read with every error, by its probability."""
    circuit = Circuit(3, (), (Gate("ry", (0,), (0.7,)), Gate("cx", (0, 1)), Gate("ry", (2,), (2.0,))))
    observable = PauliSum(3, ((0.5, "III"), (0.3, "ZII"), (0.7, "XXI"), (-0.2, "IZZ"), (0.1, "YYZ")))
    readout = {0: Misread(0.02, 0.07), 1: Misread(0.1, 0.04), 2: Misread(0.0, 0.2)}
    read = [_as_read(outcomes(measured(circuit, basis)).as_dict(), readout, 10**9) for basis in bases(observable)]

    value, _ = mended_estimate(observable, read, [readout] * len(read))

    z0, z2 = 0.7648421872844885, -0.4161468365471424
    assert value == pytest.approx(
        0.5 + 0.3 * z0 + 0.7 * 0.644217687237691 - 0.2 * z0 * z2 - 0.1 * 0.644217687237691 * z2
    )
    last = measured(circuit, bases(PauliSum(3, ((1.0, "ZZZ"),)))[0])
    exact = outcomes(last).as_dict()
    undone = mitigated(last, _as_read(exact, readout, 10**9), readout)
    assert undone is not None
    assert deviation(exact, undone["probabilities"]) < 1e-6


def _as_read(exact: dict[str, float], readout: dict[int, Misread], runs: int) -> dict[str, int]:
    told: dict[str, float] = {}
    for key, share in exact.items():
        for seen in itertools.product("01", repeat=3):
            weight = share
            for qubit in range(3):
                was, now = key[2 - qubit], seen[2 - qubit]
                wrong = readout[qubit].one if was == "1" else readout[qubit].zero
                weight *= wrong if was != now else 1 - wrong
            told["".join(seen)] = told.get("".join(seen), 0.0) + weight
    return {key: round(runs * share) for key, share in told.items() if round(runs * share)}
