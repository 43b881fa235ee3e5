"""One device of Amazon Braket. Imported in worker processes only.

A submission is one task: a program, or a set of them where a request has several circuits and the device takes sets. Its key is
the client token of the task, so that it may be sent again as it is: while Braket remembers the token it is the same task.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import Any
from uuid import UUID

from queuebit_quantum_adapter.backends.conditions import Condition
from queuebit_quantum_adapter.errors import AdapterError, AnswerUnreadable, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.evidence.port import Hear, Program
from queuebit_quantum_adapter.ports import Capabilities, CostPart, Poll, Preflight, Recovery, Request, Result, RunState
from queuebit_quantum_adapter.providers.braket.client import Client
from queuebit_quantum_adapter.providers.braket.offer import lane_of, name_of
from queuebit_quantum_adapter.providers.braket.outcomes import counts_of
from queuebit_quantum_adapter.providers.braket.programs import Programs, words_of
from queuebit_quantum_adapter.providers.braket.taxonomy import row_of_words

PROGRAM, SET = "braket.ir.openqasm.program", "braket.ir.openqasm.program_set"
ONLINE, TASKS = "ONLINE", "QUANTUM_TASKS_QUEUE"
TASK_USD = 0.3
"""What Amazon takes for each task on a machine, whatever the shots; nothing where it is a simulator."""
SECONDS_LEAST = 3.0
"""A task on a simulator of Amazon is charged by time, so much at least."""
STATES = {
    "CREATED": RunState.QUEUED,
    "QUEUED": RunState.QUEUED,
    "RUNNING": RunState.RUNNING,
    "CANCELLING": RunState.RUNNING,
    "COMPLETED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "CANCELLED": RunState.CANCELLED,
}


class BraketProvider:
    """One device. The client is not shared between threads."""

    def __init__(self, *, device: str, bucket: str, prefix: str, lag_s: float, deadline_s: float) -> None:
        """Raises AdapterError where the device is not there, or nobody answers."""
        self._arn = device
        self._client = Client(device, bucket, prefix, deadline_s)
        self._lag_s = lag_s + deadline_s
        self._version = f"amazon-braket-sdk {version('amazon-braket-sdk')}"
        self._told = _told(self._client, device)
        self._programs = Programs(name_of(device), words_of(self._told))

    def capabilities(self) -> Capabilities:
        return self._capable(self._arn, self._told)

    def condition(self) -> Condition:
        told = self._client.device(self._arn)
        try:
            status, queues = str(told["deviceStatus"]), told.get("deviceQueueInfo") or ()
            sizes = [str(each["queueSize"]).lstrip(">") for each in queues if each["queue"] == TASKS]
        except (KeyError, TypeError) as error:
            raise AnswerUnreadable(f"Braket tells of {name_of(self._arn)} in other words: {error!r}") from error
        known = bool(sizes) and all(size.isdecimal() for size in sizes)
        return Condition(status == ONLINE, sum(map(int, sizes)) if known else None, detail=status)

    def discover(self) -> tuple[Capabilities, ...]:
        others = [arn for arn in self._client.devices() if arn != self._arn]
        found = [self.capabilities()]
        for arn in others:
            try:
                found.append(self._capable(arn, _told(self._client, arn)))
            except AdapterError:
                continue
        return tuple(found)

    def preflight(self, request: Request) -> Preflight:
        if request.observable is not None:
            raise UnusableProblem("Braket gives no exact expectation values here.", remedy="Ask for shots.")
        told = self.capabilities()
        qubits = max((bound.circuit.qubits for bound in request.circuits), default=0)
        if qubits > told.qubits_max:
            raise TooManyQubits(f"The circuit has {qubits} qubits; {told.backend} has {told.qubits_max}.")
        if len(request.circuits) > told.circuits_max:
            raise UnusableProblem(f"{told.backend} takes {told.circuits_max} circuits at a time.")
        record, ran = self._programs.prepared(request)
        self._programs.texts(request)
        return Preflight(
            qubits,
            cost=self._cost((request.shots or 0) * len(request.circuits)),
            cost_at_least=True,
            record={"method": "device", "noise": told.noise, **record},
            ran=ran,
        )

    def fence(self, key: UUID) -> None:
        """There is none: the client token is the key."""

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:  # noqa: ARG002
        sources = [text.source for text in self._programs.texts(request)]
        return self._client.create(key, _action(sources), (request.shots or 0) * len(sources))

    def poll(self, provider_id: str) -> Poll:
        task = self._client.task(provider_id)
        if task is None:
            return Poll(RunState.UNKNOWN, detail=f"There is no task {provider_id}.")
        try:
            word, queue = str(task["status"]), task.get("queueInfo") or {}
        except KeyError as error:
            raise AnswerUnreadable(f"Braket tells of a task in other words: {error!r}") from error
        reason = str(task.get("failureReason") or "")
        detail, state = f"{word} {reason}".strip(), STATES.get(word, RunState.UNKNOWN)
        if state is RunState.FAILED:
            row = row_of_words(reason)
            return Poll(state, detail=detail, code=row.code, action=row.action, remedy=row.advice)
        position = str(queue.get("position") or "").lstrip(">")
        return Poll(state, int(position) if position.isdecimal() else None, detail=detail)

    def result(self, provider_id: str) -> Result:
        task = self._client.task(provider_id)
        if task is None or task.get("status") != "COMPLETED":
            raise AnswerUnreadable(f"The task {provider_id} has no result yet.")
        try:
            folder, shots = str(task["outputS3Directory"]), int(task["shots"])
            said = json.loads(self._client.fetch(f"{folder}/results.json"))
            counts = counts_of(said, shots, lambda path: self._client.fetch(f"{folder}/{path}"))
        except (KeyError, TypeError, ValueError) as error:
            raise AnswerUnreadable(f"The result cannot be read: {type(error).__name__}: {error}") from error
        return Result(counts, record={"job": provider_id, "usage": {"shots": shots, "tasks": 1, "status": "complete"}})

    def overhear(self, hear: Hear | None) -> None:
        self._client.hear = hear

    def shown(self, request: Request) -> tuple[Program, ...]:
        texts = self._programs.texts(request)
        return tuple(Program(f"ran-{place}.qasm", text.source.encode()) for place, text in enumerate(texts))

    def cancel(self, provider_id: str) -> None:
        self._client.cancel(provider_id)

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:  # noqa: ARG002
        try:
            return tuple(str(each["quantumTaskArn"]) for each in self._client.tasks(key, since))
        except (KeyError, TypeError) as error:
            raise AnswerUnreadable(f"Braket lists tasks in other words: {error!r}") from error

    def close(self, fence: str) -> None:
        """There are no fences."""

    @cached_property
    def _on_machine(self) -> bool:
        return "/qpu/" in self._arn

    def _cost(self, shots: int) -> tuple[CostPart, ...]:
        """As far as the device says it: a price a shot; of one by time the least that is charged."""
        parts = [CostPart("tasks", TASK_USD, "USD")] if self._on_machine else []
        price = self._told.get("service", {}).get("deviceCost") or {}
        match price.get("unit"):
            case "shot":
                parts.append(CostPart("shots", float(price["price"]) * shots, "USD"))
            case "minute":
                parts.append(CostPart("minutes", float(price["price"]) * SECONDS_LEAST / 60, "USD"))
            case _:
                pass
        return tuple(parts)

    def _capable(self, arn: str, told: Mapping[str, Any]) -> Capabilities:
        sets = told["action"].get(SET) or {}
        return Capabilities(
            backend=name_of(arn),
            version=self._version,
            lane=lane_of(arn),
            qubits_max=int(told["paradigm"]["qubitCount"]),
            shots_max=int(told["service"]["shotsRange"][1]),
            noise=name_of(arn) if "/qpu/" in arn else "ideal",
            repeats=False,
            recovery=Recovery.TOKEN,
            lag_s=self._lag_s,
            circuits_max=int(sets.get("maximumExecutables", 1)),
        )


def _told(client: Client, arn: str) -> Mapping[str, Any]:
    """The capabilities of a device. Raises AdapterError, also where it runs no OpenQASM."""
    try:
        told: Mapping[str, Any] = json.loads(client.device(arn)["deviceCapabilities"])
        if PROGRAM not in told["action"] or "qubitCount" not in told["paradigm"]:
            raise UnusableProblem(f"{name_of(arn)} runs no OpenQASM programs.", remedy="Name another device.")
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerUnreadable(f"Braket tells of {name_of(arn)} in other words: {error!r}") from error
    return told


def _action(sources: list[str]) -> str:
    """The same programs give the same text."""
    programs = [{"braketSchemaHeader": {"name": PROGRAM, "version": "1"}, "source": source} for source in sources]
    if len(programs) == 1:
        return json.dumps(programs[0])
    return json.dumps({"braketSchemaHeader": {"name": SET, "version": "1"}, "programs": programs})


@lru_cache(maxsize=4)
def open_provider(device: str, bucket: str, prefix: str, lag_s: float, deadline_s: float) -> BraketProvider:
    """The provider of this process: made once, so that what was prepared stays."""
    return BraketProvider(device=device, bucket=bucket, prefix=prefix, lag_s=lag_s, deadline_s=deadline_s)
