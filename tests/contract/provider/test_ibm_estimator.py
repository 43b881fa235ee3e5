"""Expectation values by IBM's estimator, on a device of its cloud and in its local mode: right signs and qubits, corrected and
uncorrected beside each other, and what was applied told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from uuid import uuid4

import pytest

from queuebit_circuits.circuit import Bound, Branch, Circuit, Gate, Measure, Register, opened
from queuebit_circuits.operators import expectation
from queuebit_circuits.simulator import statevector
from queuebit_contracts.events import ExecutionSucceeded, ResultValidated
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.errors import UnusableProblem
from queuebit_quantum_adapter.ports import Mitigation, Provider, Request, Result
from queuebit_quantum_adapter.providers.ibm.offer import backends
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.submissions.local import run_to_end
from queuebit_quantum_adapter.submissions.running import open_provider
from queuebit_result_validation.measured import validate_measurement
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from queuebit_workbench.clouds.ibm.server import Server
from tests.unit.quantum_adapter.models import LIMITS, NOW, an_order

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider
from tests.contract.provider.ibm_asked import OBSERVABLE, SHOTS, STATE, asked
from tests.contract.provider.ibm_on_loopback import both, provider, server
from tests.contract.provider.patience import patient

__all__ = ["both", "patient", "provider", "server"]

LOCAL = {"QUEUEBIT_IBM_BACKENDS": "local:fake_manila"}
Places = dict[str, Callable[[], Provider]]


@pytest.fixture
def places(provider: IbmProvider) -> Places:
    (spec,) = backends(LOCAL)
    return {"remote": lambda: provider, "local": lambda: open_provider(spec)}


def estimated(provider: Provider, request: Request) -> Result:
    provider.preflight(request)
    return run_to_end(provider, request, uuid4(), lambda: time.sleep(0.01))


@pytest.mark.parametrize("place", ["remote", "local"])
def test_a_value_is_corrected_and_the_uncorrected_one_stands_beside_it(places: Places, place: str) -> None:
    exact = expectation(statevector(STATE), OBSERVABLE)

    found = estimated(places[place](), asked("trex"))

    (value,), (told,) = found.values, found.estimated
    assert abs(value - exact) < 5 * told.std_error + 0.03
    assert told.raw < value - 2 * told.std_error, "readouts that err draw values to zero"
    assert 0.5 < told.raw_std_error / (1 / SHOTS**0.5) < 2
    assert found.record["mitigation"] == {
        "twirling": {"enable_gates": False, "enable_measure": True, "group": "pauli", "strategy": "active-accum"},
        "trex": {"readout": "calibrated in the same job"},
    }
    assert found.record["runs"] == 4 * SHOTS, "three bases, and the readout"


def test_all_methods_at_once_are_one_program_that_ibm_s_schema_takes(server: Server, provider: IbmProvider) -> None:
    exact = expectation(statevector(STATE), OBSERVABLE)
    request = asked("dd", "twirling", "trex", "zne", shots=512, dd_sequence="XY4", zne_factors=(1.0, 2.0, 3.0))
    request = replace(request, mitigation=replace(request.mitigation, zne_extrapolators=("linear",)))

    found = estimated(provider, request)

    (job,) = server.cloud.jobs.values()
    assert (job.program, len(job.params["quantum_program"]["items"])) == ("executor", 4)
    (value,), (told,) = found.values, found.estimated
    assert abs(value - exact) < 5 * told.std_error + 0.05
    assert told.std_error > told.raw_std_error
    assert found.record["mitigation"]["dd"] == {"sequence_type": "XY4", "scheduling_method": "alap"}
    assert found.record["mitigation"]["zne"] == {
        "amplifier": "gate_folding",
        "noise_factors": [1.0, 2.0, 3.0],
        "extrapolators": ["linear"],
    }
    assert found.record["mitigation"]["twirling"]["enable_gates"] is True


@pytest.mark.parametrize("place", ["remote", "local"])
def test_one_form_with_several_angles_is_one_program_and_its_values_come_in_order(places: Places, place: str) -> None:
    template = opened(STATE)
    angles = [template.angles, (-3.0, 0.2, 0.1), (2.8, 1.9, 2.6)]
    circuits = tuple(replace(template, angles=each) for each in angles)
    request = Request(circuits, (1, 2, 3), 1024, OBSERVABLE, mitigation=Mitigation(("trex",)))

    found = estimated(places[place](), request)

    exact = [expectation(statevector(each.filled), OBSERVABLE) for each in circuits]
    assert min(abs(one - other) for one, other in combinations(exact, 2)) > 0.3
    assert found.values == pytest.approx(exact, abs=0.15)


def test_samples_are_decoupled_and_twirled_too(server: Server, provider: IbmProvider) -> None:
    operations = (Gate("x", (0,)), Gate("cx", (0, 2)), Measure(0, 0), Measure(1, 1), Measure(2, 2))
    circuit = Circuit(3, (Register("c", 3),), operations)
    request = Request((Bound(circuit),), (1,), 400, mitigation=Mitigation(("dd", "twirling")))

    found = estimated(provider, request)

    (counts,) = found.counts
    assert counts[0b101] > 0.6 * sum(counts.values())
    assert sum(counts.values()) >= 400
    assert set(found.record["mitigation"]) == {"dd", "twirling"}


@pytest.mark.parametrize("place", ["remote", "local"])
def test_what_the_client_cannot_do_is_refused_by_name_and_nothing_is_sent(
    server: Server, places: Places, place: str
) -> None:
    provider = places[place]()
    branching = Circuit(1, (Register("c", 1),), (Measure(0, 0), Branch((0,), (1,), (Gate("x", (0,)),), ())))
    sampled = Request((Bound(branching),), (1,), 10, mitigation=Mitigation(("dd",)))
    for request, said in (
        (asked("pea"), "no pea here: it needs a model"),
        (asked("pec"), "no pec here: it needs a model"),
        (replace(sampled, mitigation=Mitigation(("zne",))), "zne corrects expectation values"),
        (sampled, "no dd in circuits with conditions"),
        (replace(asked(), shots=None), "no exact expectation values"),
    ):
        with pytest.raises(UnusableProblem, match=said):
            provider.preflight(request)
    assert server.cloud.jobs == {}


async def test_a_job_has_both_values_in_its_answer_and_the_validator_takes_it() -> None:
    terms = [[coefficient, letters] for coefficient, letters in (*OBSERVABLE.terms, (1.5, "III"))]
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; ry(0.7) q[0]; cx q[0], q[1]; rx(1.1) q[2]; cx q[1], q[2];'
    statement = {
        "observable": {"qubits": 3, "terms": terms},
        "circuit": text + " rz(0.4) q[2]; h q[1];",
        "shots": 2000,
    }
    executor = QuantumExecutor(InlinePool(), Backends(backends(LOCAL)), LIMITS, SystemClock(), worker="w")
    order = an_order(
        Problem(kind="expectation", statement=statement),
        params={"mitigation": "trex,zne", "zne_factors": "1,2,3", "zne_extrapolator": "linear"},
        number=3,
    )

    told = await executor.run(order, lambda stage: None, asyncio.Event())

    assert isinstance(told, ExecutionSucceeded), told
    exact = 1.5 + expectation(statevector(STATE), OBSERVABLE)
    answer = told.answer
    assert abs(answer["value"] - exact) < 5 * answer["std_error"] + 0.05
    assert answer["raw_value"] < answer["value"]
    assert 0 < answer["raw_std_error"] < answer["std_error"]
    assert set(told.provenance["mitigation"]) == {"trex", "twirling", "zne"}
    assert told.ran.backend == "ibm_local_fake_manila"
    verdict = validate_measurement(told, NOW)
    assert isinstance(verdict, ResultValidated), verdict
    assert verdict.verdict == "accepted"
