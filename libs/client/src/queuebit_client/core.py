"""What the clients do, written once: generators that say which step of input or output comes next.

A driver (synchronous.py, asynchronous.py) performs the steps and sends the results back in, so that both clients share every
rule: retries, waiting, paging, resuming a stream.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ValidationError

from queuebit_client.errors import BadAnswer, InvalidRequest, QueuebitError, Unreachable, WaitTimeout, error_of
from queuebit_client.keys import fresh_key
from queuebit_client.models import Job, JobEvent, JobPage, JobSummary
from queuebit_client.reads import Read
from queuebit_client.sse import Frame, FrameReader
from queuebit_contracts.jobs import TERMINAL_NAMES
from queuebit_contracts.model import Model

ATTEMPTS_MAX = 4
TOTAL_S = 60.0
CALL_TIMEOUT_S = 15.0
BACKOFF_S = 0.2
BACKOFF_S_MAX = 5.0
WAIT_S = 25.0
WAIT_SLACK_S = 10.0
STREAM_IDLE_S = 45.0

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
R = TypeVar("R", bound=Model)


@dataclass(frozen=True, slots=True)
class Call:
    """Send a request and read the whole answer. Answered by a Reply; raises Unreachable."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout_s: float = CALL_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for a while."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a stream. Answered by a Reply, whose body is empty where the stream is open (status 200)."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NextLine:
    """The next line of the open stream, without its end; None where the server has closed it. Raises Unreachable."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close the open stream."""


@dataclass(frozen=True, slots=True)
class Emit(Generic[T]):
    """Give an item to whoever iterates."""

    item: T


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


Step = Call | Pause | Connect | NextLine | Hangup
Steps = Generator[Step, Any, T]
Stream = Generator[Step | Emit[T], Any, None]


@dataclass(frozen=True, slots=True)
class Core:
    """The operations. `monotonic_s` and `uniform` (0 to 1) are arguments, so that tests hold them."""

    attempts_max: int = ATTEMPTS_MAX
    total_s: float = TOTAL_S
    monotonic_s: Callable[[], float] = time.monotonic
    uniform: Callable[[], float] = random.random

    def submit(self, request: Mapping[str, Any], key: str | None, wait_s: float | None) -> Steps[Job]:
        """Submit, safely repeated: the idempotency key is minted here where none is given."""
        headers = {"Idempotency-Key": key or str(fresh_key()), "Content-Type": "application/json"}
        if wait_s is not None:
            headers["Prefer"] = f"wait={min(wait_s, WAIT_S):.0f}"
        timeout_s = CALL_TIMEOUT_S + (wait_s or 0.0)
        reply = yield from self._request(Call("POST", "/v1/jobs", headers, _encoded(request), timeout_s))
        return _read(Job, reply)

    def get(self, job_id: str, include: Sequence[str]) -> Steps[Job]:
        """The job as it is now."""
        query = f"?{urlencode({'include': ','.join(include)})}" if include else ""
        return _read(Job, (yield from self._request(Call("GET", _job_path(job_id) + query))))

    def wait(self, job_id: str, timeout_s: float | None) -> Steps[Job]:
        """The job when it has ended. Raises WaitTimeout; the job goes on."""
        ends_at_s = None if timeout_s is None else self.monotonic_s() + timeout_s
        while True:
            left_s = WAIT_S if ends_at_s is None else max(0.0, min(WAIT_S, ends_at_s - self.monotonic_s()))
            headers = {"Prefer": f"wait={left_s:.0f}"}
            call = Call("GET", _job_path(job_id), headers, timeout_s=left_s + WAIT_SLACK_S)
            job = _read(Job, (yield from self._request(call)))
            if job.ended:
                return job
            if ends_at_s is not None and self.monotonic_s() >= ends_at_s:
                raise WaitTimeout(f"The job is {job.state} after {timeout_s:g} s; it goes on.", job_id=str(job.id))
            if left_s < 1:
                yield Pause(min(0.1, BACKOFF_S))

    def cancel(self, job_id: str, reason: str, if_version: int | None) -> Steps[Job]:
        """Ask for the job to be withdrawn."""
        headers = {"Idempotency-Key": str(fresh_key()), "Content-Type": "application/json"}
        if if_version is not None:
            headers["If-Match"] = f'"{if_version}"'
        call = Call("POST", f"{_job_path(job_id)}/cancel", headers, _encoded({"reason": reason}))
        return _read(Job, (yield from self._request(call)))

    def read(self, what: Read[R], fields: dict[str, Any]) -> Steps[R]:
        """One document."""
        return _read(what.model, (yield from self._request(Call("GET", what.path_of(fields)))))

    def list(self, filters: Mapping[str, Any], limit: int | None) -> Stream[JobSummary]:
        """Jobs, newest first, page after page; at most `limit`."""
        cursor: str | None = None
        left = limit
        while left is None or left > 0:
            query = {**filters, "limit": 100 if left is None else min(left, 100)}
            if cursor is not None:
                query["cursor"] = cursor
            page = _read(JobPage, (yield from self._request(Call("GET", f"/v1/jobs?{urlencode(query, doseq=True)}"))))
            for line in page.data:
                yield Emit(line)
            left = None if left is None else left - len(page.data)
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    def watch(self, job_id: str, after: int, *, compact: bool) -> Stream[JobEvent]:
        """Events strictly after a version, each once, up to the terminal one; a broken stream is taken up where it broke."""
        failures, pause_s = 0, BACKOFF_S
        while True:
            try:
                path = f"{_job_path(job_id)}/events{'?compact=true' if compact else ''}"
                reply: Reply = yield Connect(path, {"Last-Event-ID": str(after), "Accept": "text/event-stream"})
                if reply.status == 204:
                    return
                if reply.status != 200:
                    raise _failure(reply)
                reader = FrameReader()
                while (line := (yield NextLine())) is not None:
                    frame = reader.feed(line)
                    if frame is not None and frame.retry_ms is not None:
                        pause_s = min(frame.retry_ms / 1000, BACKOFF_S_MAX)
                    event = None if frame is None else _event(frame)
                    if event is not None and event.version > after:
                        after, failures = event.version, 0
                        yield Emit(event)
                        if event.name in TERMINAL_NAMES:
                            yield Hangup()
                            return
                delay_s = pause_s * self.uniform()
            except QueuebitError as error:
                failures += 1
                if not error.transient or failures >= self.attempts_max:
                    raise
                delay_s = self._delay_s(failures, error.retry_after_s)
            yield Hangup()
            yield Pause(delay_s)

    def _request(self, call: Call) -> Steps[Reply]:
        """One request, repeated while that is safe and may help: everything here carries a key or only reads."""
        ends_at_s = self.monotonic_s() + self.total_s
        attempt = 1
        while True:
            try:
                reply: Reply = yield call
                if reply.status < 400:
                    return reply
                raise _failure(reply)
            except QueuebitError as error:
                delay_s = self._delay_s(attempt, error.retry_after_s)
                attempt += 1
                if not error.transient or attempt > self.attempts_max or self.monotonic_s() + delay_s > ends_at_s:
                    raise
            yield Pause(delay_s)

    def _delay_s(self, attempt: int, retry_after_s: float | None) -> float:
        """Full jitter under a doubling ceiling, and never sooner than the server asks."""
        ceiling_s: float = min(BACKOFF_S_MAX, BACKOFF_S * 2**attempt)
        return max(retry_after_s or 0.0, self.uniform() * ceiling_s)


def _failure(reply: Reply) -> QueuebitError:
    after = reply.headers.get("retry-after", "")
    retry_after_s = float(after) if after.isascii() and after.isdigit() else None
    try:
        problem = json.loads(reply.body)
    except ValueError:
        problem = None
    return error_of(reply.status, problem if isinstance(problem, dict) else None, retry_after_s)


def _read(model: type[M], reply: Reply) -> M:
    try:
        return model.model_validate_json(reply.body)
    except ValidationError:
        raise BadAnswer(status=reply.status) from None


def _event(frame: Frame) -> JobEvent | None:
    """The event of a frame; None for a frame that carries none."""
    if frame.data is None or frame.id is None:
        return None
    try:
        message = json.loads(frame.data)
        return JobEvent(
            version=int(frame.id),
            name=frame.event,
            time=message["time"],
            data=message["data"],
            cloud_event=message,
        )
    except (ValueError, KeyError, TypeError):
        raise BadAnswer("The stream carries something that is no event of Queuebit.") from None


def _job_path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except ValueError as error:
        if "digits" in str(error):
            raise InvalidRequest(
                "The request holds an integer with too many digits.", remedy="Send a number with fewer digits."
            ) from None
        raise error_of(
            422,
            {
                "code": "number_not_finite",
                "detail": "The request holds NaN or an infinity.",
                "remedy": "JSON has neither: leave the field out or send a number.",
            },
            None,
        ) from None


def unreachable(error: Exception) -> Unreachable:
    """What a transport failed with, wrapped once; only the kind of failure is told."""
    return Unreachable(f"The server does not answer ({type(error).__name__}).")
