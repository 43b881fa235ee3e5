"""What the cloud knows: backends, jobs and sessions, and how they change with time."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from queuebit_runtime.clock import SystemClock
from queuebit_workbench.clouds.ibm.execution import BadParams, checked, executed

SESSION_CLOSED = 1217
BAD_PARAMS = 1002
FINAL = frozenset({"Completed", "Failed", "Cancelled"})
CANCELLING = "cancelling"
"""Accepted and not acted on: told as running."""


class Refused(Exception):
    """A request that the cloud does not serve, with the status and the code that its client expects."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class Job:
    """One job as it was accepted. `state` is forced where it is set."""

    id: str
    backend: str
    program: str
    params: dict[str, Any]
    tags: list[str]
    session_id: str | None
    cost: int
    created: datetime
    state: str = "Queued"
    reason: str = ""
    reason_code: int | None = None
    result: str | None = None
    ended: datetime | None = None

    @property
    def key(self) -> str | None:
        """The first tag that the client wrote into its program, where the job itself may have none."""
        try:
            options = self.params["quantum_program"]["passthrough_data"]["post_processor"]["options"]
            return str(options["environment"]["job_tags"][0])
        except (KeyError, TypeError, IndexError):
            return None


@dataclass(slots=True)
class Session:
    """A batch or a session: it takes jobs until it is closed."""

    id: str
    backend: str
    mode: str
    max_ttl: int
    started: datetime
    accepting: bool = True


@dataclass(slots=True)
class Behaviour:
    """How the cloud is today. `lag_s`: how long a new job is not listed; `queue_s`: how long one waits; `state`: the word that
    all jobs are forced to show; `versions` of the API that are served, all where none is named. `cancels`: whether a cancel
    that was accepted takes hold, or the job ends with a result nevertheless. `reason_code`: with which code every job fails
    that runs from now on. `calibrated_at`: when devices say that they were calibrated. `purged_s`: how long a job that has
    ended is remembered. `archived`: whether the instance is. `revoked`: whether tokens given before are not valid any more.
    `held`: the keys whose jobs wait until they are cancelled.
    """

    lag_s: float = 0.0
    queue_s: float = 0.0
    state: str | None = None
    versions: tuple[str, ...] = ()
    cancels: bool = True
    reason_code: int | None = None
    calibrated_at: str | None = None
    purged_s: float | None = None
    archived: bool = False
    revoked: bool = False
    held: Collection[str] = ()


class Cloud:
    """All of it, for several threads. Every method that changes something takes the lock."""

    def __init__(self, backends: Mapping[str, Mapping[str, Any]], machine: Any) -> None:
        """`backends`: name to configuration, properties and the like; `machine` is what Aer takes on the noise of."""
        self.backends = backends
        self.behaviour = Behaviour()
        self.jobs: dict[str, Job] = {}
        self.sessions: dict[str, Session] = {}
        self.tokens = 0
        """How many were given, and the number of the first that is valid."""
        self.valid_from = 1
        self._machine = machine
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)

    def behave(self, behaviour: Behaviour) -> None:
        """From now on so."""
        self.behaviour = behaviour
        if behaviour.revoked:
            self.valid_from = self.tokens + 1

    def open_session(self, backend: str, mode: str, max_ttl: int) -> Session:
        with self._lock:
            session = Session(f"session-{next(self._numbers):06d}", backend, mode, max_ttl, _now())
            self.sessions[session.id] = session
            return session

    def session(self, session_id: str) -> Session:
        found = self.sessions.get(session_id)
        if found is None:
            raise Refused(404, 1218, f"There is no session {session_id}.")
        return found

    def close_session(self, session_id: str) -> None:
        with self._lock:
            self.session(session_id).accepting = False

    def submit(self, body: Mapping[str, Any], *, strict: bool) -> Job:
        """Accept a job. Raises Refused for a closed session, an unknown backend, and parameters that the schema refuses."""
        backend = str(body.get("backend"))
        if backend not in self.backends:
            raise Refused(404, 1216, f"There is no backend {backend}.")
        if strict:
            try:
                checked(str(body.get("program_id")), body.get("params"))
            except BadParams as error:
                raise Refused(400, BAD_PARAMS, str(error)) from error
        with self._lock:
            session_id = body.get("session_id")
            if session_id is not None and not self.session(session_id).accepting:
                raise Refused(400, SESSION_CLOSED, f"The session {session_id} is closed.")
            job = Job(
                id=f"job-{next(self._numbers):06d}",
                backend=backend,
                program=str(body.get("program_id")),
                params=dict(body["params"]),
                tags=list(body.get("tags") or ()),
                session_id=session_id,
                cost=int(body.get("cost") or 0),
                created=_now(),
            )
            self.jobs[job.id] = job
            return job

    def job(self, job_id: str) -> Job:
        """As it is now: what has waited long enough runs."""
        found = self.jobs.get(job_id)
        if found is None:
            raise Refused(404, 1291, f"There is no job {job_id}.")
        with self._lock:
            due = _now() >= found.created + timedelta(seconds=self.behaviour.queue_s)
            due = due and found.key not in self.behaviour.held
            if found.state not in FINAL and (due or found.state == CANCELLING):
                self._run(found)
            kept_s = self.behaviour.purged_s
            if found.ended is not None and kept_s is not None and _now() >= found.ended + timedelta(seconds=kept_s):
                del self.jobs[job_id]
                raise Refused(404, 1291, f"There is no job {job_id}.")
        return found

    def cancel(self, job_id: str) -> None:
        """Raises Refused where there is none, or where it has run."""
        with self._lock:
            found = self.job(job_id)
            if found.state in FINAL:
                raise Refused(409, 1203, f"The job {job_id} has ended.")
            if not self.behaviour.cancels:
                found.state = CANCELLING
                return
            found.state, found.reason, found.ended = "Cancelled", "Cancelled by user", _now()

    def listed(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """The page of jobs that a query asks for. A new job is not listed before the lag is over."""
        wanted = {name: values[-1] for name, values in query.items()}
        horizon = _now() - timedelta(seconds=self.behaviour.lag_s)
        tags, session_id = set(query.get("tags", ())), wanted.get("session_id")
        with self._lock:
            found = [
                job
                for job in self.jobs.values()
                if job.created <= horizon
                and tags <= set(job.tags)
                and session_id in (None, job.session_id)
                and wanted.get("backend") in (None, job.backend)
                and wanted.get("program") in (None, job.program)
                and ("pending" not in wanted or (wanted["pending"] == "true") is (job.state not in FINAL))
                and ("created_after" not in wanted or job.created >= _moment(wanted["created_after"]))
                and ("created_before" not in wanted or job.created <= _moment(wanted["created_before"]))
            ]
        found.sort(key=lambda job: job.created, reverse=wanted.get("sort") != "ASC")
        limit, offset = int(wanted.get("limit", 200)), int(wanted.get("offset", 0))
        page = [self.shown(job, params=False) for job in found[offset : offset + limit]]
        return {"jobs": page, "count": len(found), "limit": limit, "offset": offset}

    def batches(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """The page of workloads that a query for sessions or batches asks for, the oldest first."""
        wanted = {name: values[-1] for name, values in query.items()}
        horizon = _now() - timedelta(seconds=self.behaviour.lag_s)
        with self._lock:
            found = [
                session
                for session in self.sessions.values()
                if session.started <= horizon
                and wanted.get("mode") in (None, session.mode)
                and wanted.get("backend") in (None, session.backend)
                and ("created_after" not in wanted or session.started >= _moment(wanted["created_after"]))
                and ("created_before" not in wanted or session.started <= _moment(wanted["created_before"]))
            ]
        found.sort(key=lambda session: session.started)
        limit = int(wanted.get("limit", 10))
        rows = [
            {
                "id": session.id,
                "created": session.started.isoformat().replace("+00:00", "Z"),
                "backend": session.backend,
                "instance": "loopback",
                "user_id": "loopback",
                "accepting_jobs": session.accepting,
                "mode": session.mode,
                "status": "pending",
                "tags": [],
                "usage_seconds": 0,
            }
            for session in found[:limit]
        ]
        return {"workloads": rows, "total_count": len(found), "limit": limit}

    def place(self, job: Job) -> dict[str, Any]:
        """Where a job stands in the queue, and when it will begin; nothing of one that does not wait."""
        if job.state != "Queued":
            return {}
        before = sum(other.state == "Queued" and other.created < job.created for other in self.jobs.values())
        begins = job.created + timedelta(seconds=self.behaviour.queue_s)
        return {"position_in_queue": before, "estimated_start_time": begins.isoformat()}

    def shown(self, job: Job, *, params: bool) -> dict[str, Any]:
        """A job as the API tells of it."""
        state = self.behaviour.state or ("Running" if job.state == CANCELLING else job.state)
        document = {
            "id": job.id,
            "backend": job.backend,
            "state": {"status": state, "reason": job.reason, "reason_code": job.reason_code, "reason_solution": ""},
            "status": state,
            "program": {"id": job.program},
            "tags": list(job.tags),
            "created": job.created.isoformat().replace("+00:00", "Z"),
            "cost": job.cost,
            "runtime": "none",
            "session_id": job.session_id,
            "user_id": "loopback",
            "estimated_running_time_seconds": 1.0,
        }
        return {**document, "params": job.params} if params else document

    def _run(self, job: Job) -> None:
        if self.behaviour.reason_code is not None:
            job.state, job.reason, job.reason_code = "Failed", "It failed on command.", self.behaviour.reason_code
            job.ended = _now()
            return
        try:
            job.result = json.dumps(executed(job.params, self._machine, job.id))
            job.state = "Completed"
        except Exception as error:
            job.state, job.reason, job.reason_code = "Failed", f"{type(error).__name__}: {error}"[:300], 1007
        job.ended = _now()


def _now() -> datetime:
    return SystemClock().now()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
