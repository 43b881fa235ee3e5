"""What the cloud knows: tasks and the objects that their results are, and how they change with time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from queuebit_runtime.clock import SystemClock

REGION, ACCOUNT = "us-east-1", "000000000000"
FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
FIELDS = ("clientToken", "deviceArn", "shots", "outputS3Bucket", "outputS3KeyPrefix", "action")

Run = Callable[[Mapping[str, Any], str], dict[str, bytes]]
"""What a task gives: its result and what lies beside it, by their paths in its folder. Raises ValueError for a bad program."""


class Refused(Exception):
    """A request that the cloud does not serve, with the status and the name of the error that clients expect."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status, self.name, self.message = status, name, message


@dataclass(slots=True)
class Task:
    """One task as it was accepted."""

    arn: str
    asked: Mapping[str, Any]
    created: datetime
    state: str = "QUEUED"
    reason: str | None = None
    ended: datetime | None = None

    @property
    def folder(self) -> str:
        return f"{self.asked['outputS3KeyPrefix']}/{self.arn.rpartition('/')[2]}"


@dataclass(slots=True)
class Behaviour:
    """How the cloud is today. `lag_s`: how long a new task is not listed; `queue_s`: how long one waits; `token_s`: how long a
    client token is remembered, for ever where it is None; `state`: the word that all tasks are forced to show; `cancels`:
    whether a cancel that was accepted takes hold, or the task ends with a result nevertheless; `held`: the keys whose tasks
    wait until they are cancelled.
    """

    lag_s: float = 0.0
    queue_s: float = 0.0
    token_s: float | None = None
    state: str | None = None
    cancels: bool = True
    held: Collection[str] = ()


class Cloud:
    """All of it, for several threads. Every method that changes something takes the lock."""

    def __init__(self, devices: Mapping[str, Mapping[str, Any]], run: Run) -> None:
        """`devices`: what each is, by its ARN."""
        self.devices = devices
        self.behaviour = Behaviour()
        self.tasks: dict[str, Task] = {}
        self.objects: dict[str, bytes] = {}
        self._tokens: dict[str, Task] = {}
        self._run = run
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)

    def forget(self) -> None:
        """Everything that was ever handed in."""
        with self._lock:
            self.tasks.clear()
            self.objects.clear()
            self._tokens.clear()

    def device(self, arn: str) -> Mapping[str, Any]:
        found = self.devices.get(arn)
        if found is None:
            raise Refused(404, "ResourceNotFoundException", f"There is no device {arn}.")
        return found

    def create(self, asked: Mapping[str, Any]) -> Task:
        """Accept a task, or give the one that was created under the same token. Raises Refused."""
        missing = [name for name in FIELDS if not asked.get(name)]
        if missing:
            raise Refused(400, "ValidationException", f"Missing: {', '.join(missing)}.")
        self.device(str(asked["deviceArn"]))
        with self._lock:
            known = self._tokens.get(str(asked["clientToken"]))
            remembered_s = self.behaviour.token_s
            if known is not None and (remembered_s is None or _now() < known.created + timedelta(seconds=remembered_s)):
                if known.asked != asked:
                    raise Refused(400, "ValidationException", "The clientToken was used with other parameters.")
                return known
            number = next(self._numbers)
            arn = f"arn:aws:braket:{REGION}:{ACCOUNT}:quantum-task/00000000-0000-0000-0000-{number:012d}"
            task = self._tokens[str(asked["clientToken"])] = self.tasks[arn] = Task(arn, asked, _now())
            return task

    def task(self, arn: str) -> Task:
        """As it is now: what has waited long enough runs."""
        found = self.tasks.get(arn)
        if found is None:
            raise Refused(404, "ResourceNotFoundException", f"There is no task {arn}.")
        with self._lock:
            due = _now() >= found.created + timedelta(seconds=self.behaviour.queue_s)
            due = due and (found.asked.get("tags") or {}).get("queuebit") not in self.behaviour.held
            if found.state not in FINAL and (due or found.state == "CANCELLING"):
                self._end(found)
        return found

    def cancel(self, arn: str) -> Task:
        """Raises Refused where there is none, or where it has run."""
        with self._lock:
            found = self.task(arn)
            if found.state in FINAL:
                raise Refused(409, "ConflictException", f"The task is {found.state}.")
            found.state = "CANCELLING"
            return found

    def listed(self, filters: list[Mapping[str, Any]], page: int, more: str | None) -> dict[str, Any]:
        """A page of tasks, the newest first. A new one is not listed before the lag is over."""
        horizon = _now() - timedelta(seconds=self.behaviour.lag_s)
        with self._lock:
            found = [task for task in self.tasks.values() if task.created <= horizon and _fits(task, filters)]
        found.sort(key=lambda task: task.arn, reverse=True)
        start = int(more or 0)
        rows = [self.shown(task, details=False) for task in found[start : start + page]]
        rest = {"nextToken": str(start + page)} if start + page < len(found) else {}
        return {"quantumTasks": rows, **rest}

    def shown(self, task: Task, *, details: bool) -> dict[str, Any]:
        """A task as the API tells of it. Without the details that are always given some clients end with a KeyError."""
        state = self.behaviour.state or task.state
        document: dict[str, Any] = {
            "quantumTaskArn": task.arn,
            "status": state,
            "deviceArn": task.asked["deviceArn"],
            "shots": task.asked["shots"],
            "outputS3Bucket": task.asked["outputS3Bucket"],
            "outputS3Directory": task.folder,
            "createdAt": _written(task.created),
            "tags": dict(task.asked.get("tags") or {}),
        }
        if task.ended is not None:
            document["endedAt"] = _written(task.ended)
        if not details:
            return document
        waiting = sum(each.state not in FINAL and each.arn < task.arn for each in self.tasks.values())
        position = {"position": str(waiting) if state == "QUEUED" else "None", "queuePriority": "Normal"}
        return {
            **document,
            "deviceParameters": task.asked.get("deviceParameters") or "{}",
            "failureReason": task.reason or "",
            "queueInfo": {"queue": "QUANTUM_TASKS_QUEUE", "message": "", **position},
            "actionMetadata": {"actionType": "braket.ir.openqasm.program"},
        }

    def _end(self, task: Task) -> None:
        if task.state == "CANCELLING" and self.behaviour.cancels:
            task.state = "CANCELLED"
        else:
            try:
                found = self._run(task.asked, task.arn)
                self.objects |= {
                    f"{task.asked['outputS3Bucket']}/{task.folder}/{path}": data for path, data in found.items()
                }
                task.state = "COMPLETED"
            except Exception as error:
                task.state, task.reason = "FAILED", f"{type(error).__name__}: {error}"[:300]
        task.ended = _now()


def _fits(task: Task, filters: list[Mapping[str, Any]]) -> bool:
    of_task = {"deviceArn": task.asked["deviceArn"], "status": task.state, "quantumTaskArn": task.arn}
    for each in filters:
        if each["name"] == "createdAt" and each["operator"] == "GTE":
            if task.created < datetime.fromisoformat(each["values"][0]):
                return False
            continue
        if each["name"] not in of_task or each["operator"] != "EQUAL":
            raise Refused(
                400, "ValidationException", f"This cloud filters by {', '.join(of_task)}, and by createdAt GTE."
            )
        if of_task[each["name"]] not in each["values"]:
            return False
    return True


def _now() -> datetime:
    return SystemClock().now()


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
