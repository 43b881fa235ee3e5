"""What the clients do, written once: generators that say which step of input or output comes next.

A driver (synchronous.py, asynchronous.py) performs the steps and sends the results back in, so that both clients share every
rule: retries, waiting, paging, resuming a stream.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from queuebit_client.answers import event_of, failure_of, read_as, tenant_event_of
from queuebit_client.approvals import Approval, ApprovalPage
from queuebit_client.batches import KEY, Fate, fate_of, keyed, parts
from queuebit_client.changes import Change
from queuebit_client.errors import BadAnswer, InvalidRequest, QueuebitError, WaitTimeout, error_of
from queuebit_client.forecast import DryRun
from queuebit_client.keys import fresh_key
from queuebit_client.models import BatchPage, Job, JobEvent, JobPage, JobSummary, TenantEvent
from queuebit_client.reads import LedgerEntry, LedgerPage, Quote, Read
from queuebit_client.sse import FrameReader
from queuebit_client.steps import CALL_TIMEOUT_S, Call, Connect, Emit, Hangup, NextLine, Pause, Reply, Steps, Stream
from queuebit_contracts.jobs import TERMINAL_NAMES
from queuebit_contracts.model import Model

ATTEMPTS_MAX = 4
TOTAL_S = 60.0
BACKOFF_S = 0.2
BACKOFF_S_MAX = 5.0
WAIT_S = 25.0
WAIT_SLACK_S = 10.0
BATCH_JOB_S = 0.05
"""So much longer a batch may take for each of its jobs."""
_JSON = {"Content-Type": "application/json"}

R = TypeVar("R", bound=Model)


@dataclass(frozen=True, slots=True)
class Core:
    """The operations. `monotonic_s` and `uniform` (0 to 1) are arguments, so that tests hold them."""

    attempts_max: int = ATTEMPTS_MAX
    total_s: float = TOTAL_S
    monotonic_s: Callable[[], float] = time.monotonic
    uniform: Callable[[], float] = random.random

    def submit(
        self, request: Mapping[str, Any], key: str | None, wait_s: float | None, quote: str | None = None
    ) -> Steps[Job]:
        """Submit, safely repeated: the idempotency key is minted here where none is given."""
        headers = {"Idempotency-Key": key or str(fresh_key()), "Content-Type": "application/json"}
        if quote is not None:
            headers["Queuebit-Quote"] = quote
        if wait_s is not None:
            headers["Prefer"] = f"wait={min(wait_s, WAIT_S):.0f}"
        timeout_s = CALL_TIMEOUT_S + (wait_s or 0.0)
        reply = yield from self._request(Call("POST", "/v1/jobs", headers, _encoded(request), timeout_s))
        return read_as(Job, reply)

    def dry_run(self, request: Mapping[str, Any]) -> Steps[DryRun]:
        """What would become of it."""
        call = Call("POST", "/v1/jobs?validate_only=true", _JSON, _encoded(request))
        return read_as(DryRun, (yield from self._request(call)))

    def quote(self, request: Mapping[str, Any], valid_s: float | None) -> Steps[Quote]:
        """What it may cost at most, to be held to."""
        path = "/v1/quotes" if valid_s is None else f"/v1/quotes?valid_s={valid_s:g}"
        return read_as(Quote, (yield from self._request(Call("POST", path, _JSON, _encoded(request)))))

    def submit_all(self, requests: Iterable[Mapping[str, Any]]) -> Stream[Fate]:
        """Submit many: each has a key, so a call that is repeated makes no job twice."""
        nth = 0
        for part in parts((body[KEY], _encoded(body)) for body in keyed(requests)):
            content = b'{"jobs":[' + b",".join(body for _, body in part) + b"]}"
            call = Call("POST", "/v1/batches", _JSON, content, CALL_TIMEOUT_S + len(part) * BATCH_JOB_S)
            found = read_as(BatchPage, (yield from self._request(call)))
            if len(found.data) != len(part):
                raise BadAnswer
            for (key, _), line in zip(part, found.data, strict=True):
                yield Emit(fate_of(nth, key, line))
                nth += 1

    def get(self, job_id: str, include: Sequence[str]) -> Steps[Job]:
        """The job as it is now."""
        query = f"?{urlencode({'include': ','.join(include)})}" if include else ""
        return read_as(Job, (yield from self._request(Call("GET", _job_path(job_id) + query))))

    def wait(self, job_id: str, timeout_s: float | None) -> Steps[Job]:
        """The job when it has ended. Raises WaitTimeout; the job goes on."""
        ends_at_s = None if timeout_s is None else self.monotonic_s() + timeout_s
        while True:
            left_s = WAIT_S if ends_at_s is None else max(0.0, min(WAIT_S, ends_at_s - self.monotonic_s()))
            headers = {"Prefer": f"wait={left_s:.0f}"}
            call = Call("GET", _job_path(job_id), headers, timeout_s=left_s + WAIT_SLACK_S)
            job = read_as(Job, (yield from self._request(call)))
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
        return read_as(Job, (yield from self._request(call)))

    def send(self, change: Change[R]) -> Steps[R]:
        """One change, safely repeated."""
        headers = {**_JSON, "Idempotency-Key": change.key or str(fresh_key())}
        body = None if change.body is None else _encoded(change.body)
        reply = yield from self._request(Call(change.method, change.path, headers, body))
        return read_as(change.model, reply) if reply.status != 204 else change.model()

    def artifact(self, job_id: str, sha256: str) -> Steps[bytes]:
        path = f"{_job_path(job_id)}/artifacts/{quote(sha256, safe='')}"
        return (yield from self._request(Call("GET", path, timeout_s=8 * CALL_TIMEOUT_S))).body

    def read(self, what: Read[R], fields: dict[str, Any]) -> Steps[R]:
        """One document."""
        return read_as(what.model, (yield from self._request(Call("GET", what.path_of(fields)))))

    def list(self, filters: Mapping[str, Any], limit: int | None) -> Stream[JobSummary]:
        """Jobs, newest first, page after page; at most `limit`."""
        cursor: str | None = None
        left = limit
        while left is None or left > 0:
            query = {**filters, "limit": 100 if left is None else min(left, 100)}
            if cursor is not None:
                query["cursor"] = cursor
            page = read_as(JobPage, (yield from self._request(Call("GET", f"/v1/jobs?{urlencode(query, doseq=True)}"))))
            for line in page.data:
                yield Emit(line)
            left = None if left is None else left - len(page.data)
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    def ledger(self, budget_id: str, limit: int | None) -> Stream[LedgerEntry]:
        """Lines of the ledger of a budget, the latest first, page after page; at most `limit`."""
        cursor: str | None = None
        left = limit
        while left is None or left > 0:
            query = {"limit": 200 if left is None else min(left, 200)} | ({"cursor": cursor} if cursor else {})
            path = f"/v1/budgets/{quote(budget_id, safe='')}/entries?{urlencode(query)}"
            page = read_as(LedgerPage, (yield from self._request(Call("GET", path))))
            for line in page.data:
                yield Emit(line)
            left = None if left is None else left - len(page.data)
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    def approvals(self, limit: int | None) -> Stream[Approval]:
        """Plans that wait for people, page after page; at most `limit`."""
        cursor, left = "", limit
        while left is None or left > 0:
            query = {"limit": 100 if left is None else min(left, 100)} | ({"cursor": cursor} if cursor else {})
            call = Call("GET", f"/v1/approvals?{urlencode(query)}")
            page = read_as(ApprovalPage, (yield from self._request(call)))
            for line in page.data:
                yield Emit(line)
            left = None if left is None else left - len(page.data)
            cursor = page.next_cursor or ""
            if not page.has_more or not cursor:
                return

    def decide_plan(self, job_id: str, digest: str, reason: str, *, grant: bool) -> Steps[Approval]:
        """Allow or refuse the plan that the digest names. Saying it twice is one decision."""
        path = f"/v1/approvals/{quote(job_id, safe='')}/{'grant' if grant else 'deny'}"
        call = Call("POST", path, _JSON, _encoded({"digest": digest, "reason": reason}))
        return read_as(Approval, (yield from self._request(call)))

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
                    raise failure_of(reply)
                reader = FrameReader()
                while (line := (yield NextLine())) is not None:
                    frame = reader.feed(line)
                    if frame is not None and frame.retry_ms is not None:
                        pause_s = min(frame.retry_ms / 1000, BACKOFF_S_MAX)
                    event = None if frame is None else event_of(frame)
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

    def follow(self, names: Sequence[str], after: str, *, compact: bool) -> Stream[TenantEvent]:
        """What happens to all jobs, for ever: a broken stream is taken up where it broke. `after`: a cursor, `beginning`, or
        empty for what happens from now on.
        """
        failures, pause_s = 0, BACKOFF_S
        query = urlencode({"types": ",".join(names), "compact": str(compact).lower()})
        while True:
            try:
                asked = f"{query}&{urlencode({'after': after})}" if after else query
                reply: Reply = yield Connect(f"/v1/events?{asked}", {"Accept": "text/event-stream"})
                if reply.status != 200:
                    raise failure_of(reply)
                reader = FrameReader()
                while (line := (yield NextLine())) is not None:
                    frame = reader.feed(line)
                    if frame is None:
                        continue
                    failures = 0
                    pause_s = pause_s if frame.retry_ms is None else min(frame.retry_ms / 1000, BACKOFF_S_MAX)
                    after = frame.id or after
                    event = tenant_event_of(frame)
                    if event is not None:
                        yield Emit(event)
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
                raise failure_of(reply)
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
