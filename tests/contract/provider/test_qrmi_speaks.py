"""A second client that nobody modified, `qrmi`, takes the cloud on loopback for IBM Quantum: its verbs, and its fence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_quantum_adapter.ports import Request
from queuebit_workbench.clouds.faults import Fault
from queuebit_workbench.clouds.ibm.cloud import Behaviour
from queuebit_workbench.clouds.ibm.server import Server, started
from tests.waiting import wait_until

qrmi = pytest.importorskip("qrmi", reason="qrmi is not installed")
pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

BACKEND = "fake_manila"
CIRCUIT = Circuit(2, (Register("c", 2),), (Gate("x", (1,)), Measure(0, 0), Measure(1, 1)))
SHOTS = 40


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = started(BACKEND)
    env = server.env()
    theirs = {
        "ENDPOINT": env["QISKIT_IBM_URL"],
        "IAM_ENDPOINT": env["IAM_URL"],
        "IAM_APIKEY": "loopback",
        "SERVICE_CRN": env["QISKIT_IBM_INSTANCE"],
        "SESSION_MODE": "batch",
        "SESSION_MAX_TTL": "600",
        "TIMEOUT_SECONDS": "60",
    }
    for name, value in {**env, **{f"{BACKEND}_QRMI_IBM_QCS_{name}": value for name, value in theirs.items()}}.items():
        monkeypatch.setenv(name, value)
    yield server
    server.close()


def a_resource() -> Any:
    return qrmi.QuantumResource(BACKEND, qrmi.ResourceType.IBMQuantumComputeService)


def a_program(server: Server) -> Any:
    """The parameters that IBM's own client sends."""
    from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider

    provider = IbmProvider(backend=BACKEND, lag_s=1.0, deadline_s=20.0)
    job = provider.submit(Request((Bound(CIRCUIT),), (1,), SHOTS), UUID(int=7), None)
    params = server.cloud.jobs.pop(job).params
    return qrmi.Payload.QiskitPrimitive(input=json.dumps(params), program_id="executor")


def test_each_verb_is_served_and_the_outcomes_are_those_of_the_program(server: Server) -> None:
    from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS  # type: ignore[import-untyped]

    from queuebit_quantum_adapter.providers.ibm.programs import outcomes_of

    program, resource = a_program(server), a_resource()
    assert json.loads(resource.target().value)["configuration"]["backend_name"] == BACKEND
    batch = resource.acquire()

    task = resource.task_start(program)
    wait_until(lambda: resource.task_status(task) == qrmi.TaskStatus.Completed, "the task was completed")
    first, *others = DEFAULT_DECODERS["executor"]
    found = reduce(
        lambda result, decoder: decoder.decode(result) if decoder.is_applicable(result) else result,
        others,
        first.decode(resource.task_result(task).value),
    )

    (outcomes,) = outcomes_of(found[0].data)
    counts = Counter(outcomes)
    assert max(counts, key=lambda bits: counts[bits]) == 0b10
    assert sum(counts.values()) == SHOTS
    assert server.cloud.jobs[task].session_id == batch


def test_behind_a_batch_that_was_released_a_late_task_bounces(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    program, resource = a_program(server), a_resource()
    batch = resource.acquire()
    monkeypatch.setenv(f"{BACKEND}_QRMI_IBM_QCS_SESSION_ID", batch)
    late = a_resource()

    resource.release(batch)

    with pytest.raises(qrmi.InvalidInputError, match="1217"):
        late.task_start(program)
    assert server.cloud.jobs == {}


def test_a_lost_answer_is_not_sent_again_and_a_task_that_waits_can_be_stopped(server: Server) -> None:
    program, resource = a_program(server), a_resource()
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    server.site.faults.table = [Fault("POST", "/experimental/jobs", "after", status=503)]
    with pytest.raises(Exception, match="503"):
        resource.task_start(program)
    (job,) = server.cloud.jobs

    resource.task_stop(job)

    assert resource.task_status(job) == qrmi.TaskStatus.Cancelled
    with pytest.raises(qrmi.TaskNotFoundError):
        resource.task_status("elsewhere")
