"""What unmodified boto3 makes of faults of Braket, and what we make of that: one task a key, never a wrong word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from queue import Queue
from typing import Any
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import (
    AdapterError,
    ProviderUnavailable,
    SubmissionEnded,
    UnusableProblem,
)
from queuebit_quantum_adapter.ports import CostPart, Request, RunState
from queuebit_workbench.clouds.braket.cloud import Behaviour, Task
from queuebit_workbench.clouds.faults import Fault

pytest.importorskip("braket.aws", reason="the extra `braket` is not installed")

from queuebit_quantum_adapter.providers.braket.provider import BraketProvider
from queuebit_workbench.clouds.braket.execution import MACHINE, MINUTE_USD, SHOT_USD, SIMULATOR
from queuebit_workbench.clouds.braket.server import BUCKET, Server
from tests.contract.provider.braket_on_loopback import (
    DEADLINE_S,
    KEY,
    ONE,
    REQUEST,
    TASKS,
    cloud,
    opened,
    provider,
    server,
)

__all__ = ["cloud", "provider", "server"]


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (Fault("POST", TASKS, "after", status=503), 1),
        (Fault("POST", TASKS, "after", status=500), 1),
        (Fault("POST", TASKS, "after", drop=True), 1),
        (Fault("POST", TASKS, "before", status=503), 0),
        (Fault("POST", TASKS, "before", drop=True), 0),
        (Fault("POST", TASKS, "before", hang_s=DEADLINE_S + 1), None),
    ],
    ids=["503 after", "500 after", "dropped after", "503 before", "dropped before", "hangs past the deadline"],
)
def test_a_lost_answer_is_no_refusal_and_sent_again_it_is_the_same_task(
    server: Server, provider: BraketProvider, monkeypatch: pytest.MonkeyPatch, fault: Fault, accepted: int | None
) -> None:
    created: Queue[str] = Queue()
    create = server.cloud.create

    def told(asked: Mapping[str, Any]) -> Task:
        task = create(asked)
        created.put(task.arn)
        return task

    monkeypatch.setattr(server.cloud, "create", told)
    first = provider if fault.hang_s == 0 else opened(deadline_s=DEADLINE_S)
    server.faults.table = [fault]
    with pytest.raises(Exception) as lost:
        first.submit(REQUEST, KEY, None)
    assert not (isinstance(lost.value, AdapterError) and lost.value.unsent)
    assert accepted is None or len(server.cloud.tasks) == accepted

    again = provider.submit(REQUEST, KEY, None)

    assert {created.get(timeout=60) for _ in range(1 if accepted == 0 else 2)} == {again}
    assert provider.reconcile(KEY, None) == (again,)
    assert list(server.cloud.tasks) == [again]


def test_an_answer_in_other_words_is_a_lost_answer(server: Server, provider: BraketProvider) -> None:
    server.faults.without = ("quantumTaskArn",)
    with pytest.raises(KeyError):
        provider.submit(REQUEST, KEY, None)
    server.faults.without = ()

    assert provider.reconcile(KEY, None) == (provider.submit(REQUEST, KEY, None),)


def test_a_token_that_is_forgotten_makes_a_second_task_and_both_are_found(
    server: Server, provider: BraketProvider
) -> None:
    """The window that Braket leaves, which no caller can close: a late look finds what it costs."""
    server.cloud.behaviour = Behaviour(token_s=0.0)
    first, second = provider.submit(REQUEST, KEY, None), provider.submit(REQUEST, KEY, None)

    assert first != second
    assert provider.reconcile(KEY, None) == (first, second)


def test_a_list_that_lags_or_speaks_in_other_words_is_not_an_empty_one(
    server: Server, provider: BraketProvider
) -> None:
    task = provider.submit(REQUEST, KEY, None)
    server.cloud.behaviour = Behaviour(lag_s=60.0)
    assert provider.reconcile(KEY, None) == ()
    server.cloud.behaviour = Behaviour()
    assert provider.reconcile(KEY, None) == (task,)
    for missing in ("quantumTasks", "quantumTaskArn", "createdAt"):
        server.faults.without = (missing,)
        with pytest.raises(ProviderUnavailable):
            provider.reconcile(KEY, None)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("CREATED", RunState.QUEUED),
        ("QUEUED", RunState.QUEUED),
        ("RUNNING", RunState.RUNNING),
        ("CANCELLING", RunState.RUNNING),
        ("COMPLETED", RunState.SUCCEEDED),
        ("FAILED", RunState.FAILED),
        ("CANCELLED", RunState.CANCELLED),
        ("DEFROSTING", RunState.UNKNOWN),
    ],
)
def test_a_word_that_is_not_known_is_not_a_failure(
    server: Server, provider: BraketProvider, word: str, state: RunState
) -> None:
    task = provider.submit(REQUEST, KEY, None)
    server.cloud.behaviour = Behaviour(state=word, queue_s=60.0)

    assert provider.poll(task).state is state


def test_what_waits_says_how_many_wait_before_it(server: Server, provider: BraketProvider) -> None:
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    tasks = [provider.submit(REQUEST, UUID(int=number), None) for number in range(3)]

    assert [provider.poll(task).queue_position for task in tasks] == [0, 1, 2]


def test_a_cancel_that_comes_too_late_leaves_a_result_that_is_there(server: Server, provider: BraketProvider) -> None:
    server.cloud.behaviour = Behaviour(queue_s=600.0, cancels=False)
    task = provider.submit(ONE, KEY, None)

    provider.cancel(task)
    provider.cancel(task)

    assert provider.poll(task).state is RunState.SUCCEEDED
    assert sum(provider.result(task).counts[0].values()) == 50


def test_a_result_that_is_not_in_the_bucket_yet_is_asked_for_again(server: Server, provider: BraketProvider) -> None:
    task = provider.submit(ONE, KEY, None)
    assert provider.poll(task).state is RunState.SUCCEEDED
    objects = dict(server.cloud.objects)
    server.cloud.objects.clear()
    with pytest.raises(ProviderUnavailable):
        provider.result(task)

    server.cloud.objects |= objects

    assert provider.result(task).record["usage"] == {"shots": 50, "tasks": 1, "status": "complete"}


def test_several_circuits_are_one_task_and_their_outcomes_come_in_order(
    server: Server, provider: BraketProvider
) -> None:
    task = provider.submit(REQUEST, KEY, None)
    assert provider.poll(task).state is RunState.SUCCEEDED

    counts = provider.result(task).counts

    assert len(server.cloud.tasks) == 1
    assert [sum(each.values()) for each in counts] == [50, 50]
    assert counts[0].get(0b11, 0) < 15 < 35 < counts[1].get(0b11, 0)


@pytest.mark.parametrize(
    ("category", "retryable", "code", "action"),
    [
        ("COMPILATION", False, FailureCode.PROBLEM_UNSUPPORTED, "fail_fast"),
        ("DEVICE", False, FailureCode.BACKEND_UNAVAILABLE, "reroute"),
        ("SERVICE", True, FailureCode.BACKEND_UNAVAILABLE, "retry"),
    ],
)
def test_a_set_of_which_a_part_failed_ends_with_what_braket_says_of_it(
    server: Server, provider: BraketProvider, category: str, retryable: bool, code: FailureCode, action: str
) -> None:
    task = provider.submit(REQUEST, KEY, None)
    assert provider.poll(task).state is RunState.SUCCEEDED
    path = next(path for path in server.cloud.objects if path.endswith("programs/1/executables/0.json"))
    why = {"failureReason": "no such gate", "retryable": retryable, "category": category}

    server.cloud.objects[path] = json.dumps({"inputsIndex": 0, "failureMetadata": why}).encode()

    with pytest.raises(SubmissionEnded, match="no such gate") as ended:
        provider.result(task)
    assert (ended.value.code, ended.value.action, ended.value.reason) == (code, action, category)


def test_each_part_of_a_set_is_fetched_once(
    server: Server, provider: BraketProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = provider.submit(Request(REQUEST.circuits * 3, tuple(range(6)), 10), KEY, None)
    assert provider.poll(task).state is RunState.SUCCEEDED
    fetched: list[str] = []
    fetch = provider._client.fetch

    def noted(path: str) -> bytes:
        fetched.append(path)
        return fetch(path)

    monkeypatch.setattr(provider._client, "fetch", noted)

    assert [sum(each.values()) for each in provider.result(task).counts] == [10] * 6

    assert len(fetched) == len(set(fetched)) == 1 + 6 * 3


def test_what_others_created_long_before_is_not_looked_through(
    server: Server, provider: BraketProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = provider.submit(ONE, KEY, None)
    mine = server.cloud.tasks[task]
    for number in range(2_500):
        arn = f"{task[:-12]}{number + 900_000_000_000:012d}"
        server.cloud.tasks[arn] = replace(mine, arn=arn, created=mine.created - timedelta(days=3))
    asked: list[str] = []
    listed = server.cloud.listed

    def counting(*arguments: Any) -> dict[str, Any]:
        asked.append("page")
        return listed(*arguments)

    monkeypatch.setattr(server.cloud, "listed", counting)
    found = provider.reconcile(KEY, None, mine.created)
    pages, asked[:] = len(asked), []
    provider.reconcile(KEY, None)

    assert (found, pages) == ((task,), 1)
    assert len(asked) == 26, "without a moment all pages are asked for, however many"


def test_a_simulator_that_is_rented_is_a_simulator_and_says_the_least_that_it_costs(
    server: Server, provider: BraketProvider
) -> None:
    expected = provider.preflight(ONE)

    assert provider.capabilities().lane == "simulator"
    assert expected.cost == (CostPart("minutes", MINUTE_USD * 3 / 60, "USD"),)
    assert expected.cost_at_least


def test_outcomes_of_other_qubits_than_were_asked_for_are_not_read(server: Server, provider: BraketProvider) -> None:
    task = provider.submit(ONE, KEY, None)
    assert provider.poll(task).state is RunState.SUCCEEDED
    (path, data), *_ = server.cloud.objects.items()
    told = json.loads(data) | {"measurements": None, "measurementProbabilities": {"010": 1.0}}

    server.cloud.objects[path] = json.dumps(told).encode()

    with pytest.raises(ProviderUnavailable, match="columns"):
        provider.result(task)


def test_shares_become_counts(server: Server, provider: BraketProvider) -> None:
    """Some machines tell how often each outcome was seen, and not each run."""
    task = provider.submit(ONE, KEY, None)
    assert provider.poll(task).state is RunState.SUCCEEDED
    (path, data), *_ = server.cloud.objects.items()
    told = json.loads(data) | {"measurements": None, "measurementProbabilities": {"01": 0.2, "11": 0.8}}

    server.cloud.objects[path] = json.dumps(told).encode()

    assert provider.result(task).counts == ({0b10: 10, 0b11: 40},)


def test_a_machine_says_what_it_costs_and_takes_one_circuit_at_a_time_in_its_own_gates(server: Server) -> None:
    machine = opened(MACHINE)
    circuit = Circuit(3, (Register("c", 3),), (Gate("ccx", (0, 1, 2)), Measure(2, 0)))

    expected = machine.preflight(Request((Bound(circuit),), (1,), 100))
    machine.submit(Request((Bound(circuit),), (1,), 100), KEY, None)

    assert expected.cost == (CostPart("tasks", 0.3, "USD"), CostPart("shots", 100 * SHOT_USD, "USD"))
    assert expected.cost_at_least
    (task,) = server.cloud.tasks.values()
    assert "ccnot" not in task.asked["action"]
    assert machine.capabilities().circuits_max == 1
    assert {each.backend for each in machine.discover()} == {"braket_one", "braket_sv1"}
    with pytest.raises(UnusableProblem):
        machine.preflight(REQUEST)


def test_the_unmodified_sdk_of_amazon_takes_the_cloud_for_its_own(server: Server) -> None:
    from braket.aws import AwsDevice, AwsQuantumTask
    from braket.circuits import Circuit as Theirs

    server.cloud.behaviour = Behaviour(queue_s=600.0)
    device = AwsDevice(SIMULATOR)
    sent = device.run(Theirs().x(0).cnot(0, 1), s3_destination_folder=(BUCKET, "theirs"), shots=20)

    assert AwsQuantumTask(sent.id).queue_position().queue_position == "0"
    server.cloud.behaviour = Behaviour()
    assert dict(AwsQuantumTask(sent.id, poll_interval_seconds=0.1).result().measurement_counts) == {"11": 20}
