"""Queuebit as a resource of an HPC site: the verbs of QRMI (Quantum Resource Management Interface) over our API.

What a workload manager's plug-in or a program written against QRMI calls is here under the same names: `acquire`, `release`,
`task_start`, `task_stop`, `task_status`, `task_result`, `task_logs`, `target`, `metadata`, `status`, `is_accessible`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol
from uuid import UUID

from queuebit_client.errors import InvalidRequest, NotFound, QueuebitError
from queuebit_client.models import Job
from queuebit_client.synchronous import Queuebit

ENDPOINT, API_KEY = "QRMI_QB_ENDPOINT", "QRMI_QB_APIKEY"
"""After the name of the resource and an underscore, as QRMI's own variables are."""
JOB, SAMPLER, ESTIMATOR = "queuebit", "sampler", "estimator"
PROGRAMS = (SAMPLER, ESTIMATOR, JOB)


class TaskStatus(IntEnum):
    """As QRMI numbers them."""

    Queued = 0
    Running = 1
    Completed = 2
    Failed = 3
    Cancelled = 4


_STATES: Mapping[str, TaskStatus] = {
    "submitted": TaskStatus.Queued,
    "planned": TaskStatus.Queued,
    "held": TaskStatus.Queued,
    "queued": TaskStatus.Queued,
    "running": TaskStatus.Running,
    "validating": TaskStatus.Running,
    "completed": TaskStatus.Completed,
    "cancelled": TaskStatus.Cancelled,
    "failed": TaskStatus.Failed,
    "expired": TaskStatus.Failed,
    "rejected": TaskStatus.Failed,
}


class TaskNotFound(QueuebitError):
    """There is no such task."""

    code = "task_not_found"


class TaskNotReady(QueuebitError):
    """The task has no result yet, or ended without one."""

    code = "task_not_ready"


class Payload(Protocol):
    """What a task is: `qrmi.Payload.QiskitPrimitive`, or anything with these two."""

    @property
    def program_id(self) -> str: ...

    @property
    def input(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Primitive:
    """A payload without QRMI installed. `program_id`: `sampler`, `estimator`, or `queuebit` with the body of a submission."""

    input: str
    program_id: str = SAMPLER


@dataclass(frozen=True, slots=True)
class Value:
    """A result or a target: JSON."""

    value: str


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """How the resource is: `status` is Online or Offline."""

    status: str
    healthy: bool
    pending_job_count: int | None
    status_reason: str


class QuantumResource:
    """A backend of Queuebit, by its name, for whoever speaks QRMI. Raises the exceptions of `queuebit_client.errors`."""

    resource_type_name = "Queuebit"

    def __init__(self, resource_id: str, client: Queuebit) -> None:
        self._id = resource_id
        self._client = client
        self._acquired: set[str] = set()

    @classmethod
    def from_environment(cls, resource_id: str, env: Mapping[str, str]) -> QuantumResource:
        """The resource whose endpoint and key stand in the environment under its name. Raises InvalidRequest."""
        names = [f"{resource_id}_{each}" for each in (ENDPOINT, API_KEY)]
        missing = [name for name in names if not env.get(name)]
        if missing:
            raise InvalidRequest(f"{missing[0]} is not set.", remedy=f"Set {' and '.join(names)}.")
        return cls(resource_id, Queuebit(env[names[0]], env[names[1]]))

    def resource_id(self) -> str:
        return self._id

    def resource_type(self) -> str:
        return self.resource_type_name

    def is_accessible(self) -> bool:
        """Whether the backend is there and takes work."""
        try:
            return self.status().status == "Online"
        except QueuebitError:
            return False

    def status(self) -> ResourceStatus:
        """How the backend was when it last reported."""
        found = self._client.backend(self._id)
        words = "Online" if found.state == "available" else "Offline"
        return ResourceStatus(words, words == "Online", found.queue_length, found.detail or found.state)

    def acquire(self) -> str:
        """A token for as long as it is held. Queuebit shares its backends by queue, so nothing is locked. Raises InvalidRequest
        where the backend takes no work.
        """
        status = self.status()
        if not status.healthy:
            raise InvalidRequest(
                f"{self._id} is {status.status}: {status.status_reason}.",
                remedy="Acquire another resource, or try later.",
            )
        token = secrets.token_hex(16)
        self._acquired.add(token)
        return token

    def release(self, id: str) -> None:
        """Give the token back; tasks that were started go on. Raises NotFound."""
        if id not in self._acquired:
            raise NotFound(f"{id[:80]!r} is no token that is held.", remedy="Release what acquire gave, once.")
        self._acquired.remove(id)

    def task_start(self, payload: Payload) -> str:
        """Submit, and give the id of the task, which is that of the job. Raises InvalidRequest for what cannot be run."""
        return str(self._client.submit_body(self._body(payload)).id)

    def task_stop(self, task_id: str) -> None:
        """Ask for it to be withdrawn. Raises TaskNotFound, and Conflict where it has ended."""
        self._job(task_id)
        self._client.cancel(task_id, reason="stopped by QRMI")

    def task_status(self, task_id: str) -> TaskStatus:
        """How far it is. Raises TaskNotFound."""
        return _STATES[self._job(task_id).state]

    def task_result(self, task_id: str) -> Value:
        """The checked answer, with what really ran and what it is worth. Raises TaskNotFound and TaskNotReady."""
        job = self._job(task_id)
        if job.answer is None:
            ended = job.failure.detail if job.failure is not None else f"it is {job.state}"
            raise TaskNotReady(f"The task {task_id} has no result: {ended}.", remedy="Ask for task_status first.")
        told = job.model_dump(
            mode="json", include={"answer", "objective", "verdict", "confidence", "ran", "cost", "usage"}
        )
        results = job.answer.get("results", [job.answer])
        return Value(json.dumps({"results": results, "job_id": str(job.id), **told}))

    def task_logs(self, task_id: str) -> str:
        """Why it went as it went, a line a reason. Raises TaskNotFound."""
        self._job(task_id)
        return "\n".join(each.text for each in self._client.explain(task_id).timeline)

    def target(self) -> Value:
        """What the backend can do, and its calibration, as JSON."""
        found = self._client.backend(self._id)
        return Value(found.model_dump_json(include={"name", "lane", "qubits_max", "capabilities", "calibration"}))

    def metadata(self) -> dict[str, str]:
        """What the backend is, as texts."""
        found = self._client.backend(self._id)
        told = {"backend_name": found.name, "lane": found.lane, "provider": found.provider or "", "state": found.state}
        return {name: value for name, value in told.items() if value}

    def _job(self, task_id: str) -> Job:
        try:
            return self._client.get(UUID(task_id))
        except (ValueError, NotFound):
            raise TaskNotFound(f"There is no task {task_id[:80]!r}.", remedy="Use what task_start gave.") from None

    def _body(self, payload: Payload) -> dict[str, Any]:
        try:
            told = json.loads(payload.input)
        except ValueError as error:
            raise InvalidRequest(
                f"The input of the payload is no JSON: {error}.", remedy="Send a JSON object."
            ) from None
        if not isinstance(told, dict):
            raise InvalidRequest("The input of the payload is no JSON object.", remedy="Send a JSON object.")
        if payload.program_id == JOB:
            return told
        if payload.program_id not in (SAMPLER, ESTIMATOR):
            raise InvalidRequest(
                f"There is no program {payload.program_id[:80]!r}.", remedy=f"Use one of {', '.join(PROGRAMS)}."
            )
        lane = self._client.backend(self._id).lane
        pubs = [_pub(each, nth, told, payload.program_id) for nth, each in enumerate(_list(told.get("pubs"), "pubs"))]
        problem = {"kind": "circuit_batch", "statement": {"pubs": pubs}}
        return {"problem": problem, "lane": lane, "params": {"backend": self._id}, "tier": "batch"}


def _pub(given: Any, nth: int, told: Mapping[str, Any], program: str) -> dict[str, Any]:
    """One entry of `pubs`: circuit and parameters, with shots, or after the circuit observables, with a precision."""
    place = f"pubs[{nth}]"
    parts = [*_list(given, place), None, None, None]
    if not isinstance(parts[0], str):
        raise InvalidRequest(f"{place}[0] is no text.", remedy="Give the circuit as OpenQASM 3.")
    found: dict[str, Any] = {"qasm": parts[0]}
    values, last = (parts[1], parts[2]) if program == SAMPLER else (parts[2], parts[3])
    if values:
        if not isinstance(values, dict):
            raise InvalidRequest(
                f"The parameters of {place} are no object.",
                remedy="Give the values by name: {name: [value of each set]}.",
            )
        found["parameters"] = {name: each if isinstance(each, list) else [each] for name, each in values.items()}
    if program == ESTIMATOR:
        found["observables"] = [_observable(each, place) for each in _observables(parts[1], place)]
        last = told.get("precision") if last is None else last
        return found if last is None else {**found, "precision": last}
    last = told.get("shots") if last is None else last
    return found if last is None else {**found, "shots": last}


def _observables(given: Any, place: str) -> list[Any]:
    if isinstance(given, str | dict):
        return [given]
    return _list(given, f"the observables of {place}")


def _observable(given: Any, place: str) -> dict[str, Any]:
    """Qiskit writes qubit 0 rightmost, we leftmost."""
    terms = {given: 1.0} if isinstance(given, str) else given
    if not isinstance(terms, dict) or not terms or any(set(label) - set("IXYZ") for label in terms):
        raise InvalidRequest(
            f"An observable of {place} is no sum of Pauli strings.", remedy='Give "XZ", or {"XZ": 0.5, "II": 1}.'
        )
    qubits = {len(label) for label in terms}
    if len(qubits) != 1:
        raise InvalidRequest(
            f"The terms of an observable of {place} differ in length.",
            remedy="Give each as many letters as there are qubits.",
        )
    from queuebit_client.objects.words import observable

    return observable(qubits.pop(), {label[::-1]: float(value) for label, value in terms.items()})


def _list(given: Any, what: str) -> list[Any]:
    if not isinstance(given, list) or not given:
        raise InvalidRequest(f"{what} is no list with something in it.", remedy='Send {"pubs": [[circuit, …], …]}.')
    return given
