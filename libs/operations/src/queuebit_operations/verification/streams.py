"""One stream against itself: its versions, its story, its head. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.errors import ContractError
from queuebit_contracts.events import JobEvent
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import TERMINAL_NAMES
from queuebit_contracts.registry import REGISTRY
from queuebit_contracts.streams import PUBLISHED
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.codec import read_event
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.state import EndedJob, Job, NoJob
from queuebit_domain.job.summary import Summary, as_stored, summary_of
from queuebit_operations.scan.port import EventRow, Stream
from queuebit_operations.verification.findings import Finding
from queuebit_store.ports import StreamRow

MAY_FOLLOW_THE_END = frozenset(
    {
        "JobImproved",
        "JobInvalidated",
        "LateUsageReported",
        "OutcomeReported",
        "CompensationRequested",
        "SupersessionRequested",
        "JobSuperseded",
    }
)
"""What may be said of a job that has ended."""
OF_LEGS_THAT_GO_ON = frozenset(
    {
        "JobQueued",
        "JobHeld",
        "JobStarted",
        "ExecutionProgressed",
        "ExecutionSucceeded",
        "ExecutionFailed",
        "ResultValidated",
        "ResultRejected",
        "AttemptAbandoned",
    }
)
"""What may be said of one whose plan has legs that go on after its end."""
PLANNED = ev.JobPlanned.__name__


@dataclass(slots=True)
class Examined:
    """What is wrong with a stream by itself, and what its story came to: no summary where it could not be told to its end."""

    findings: list[Finding] = field(default_factory=list)
    summary: Summary | None = None
    refused_cause: UUID | None = None
    """Where the stream is a refusal: of what."""
    attempts: list[UUID] = field(default_factory=list)
    """The attempts that were let onto a lane."""

    def found(self, check: str, stream_id: UUID, detail: str) -> None:
        self.findings.append(Finding(check, str(stream_id), detail))


def examine(stream: Stream) -> Examined:
    """Look at everything that a stream says of itself."""
    events, head = stream.events, stream.head
    result = Examined()
    if not events:
        version = head.version if head is not None else 0
        result.found("head_without_events", stream.stream_id, f"its head stands at version {version}")
        return result
    if head is None:
        result.found("events_without_head", stream.stream_id, f"it has {len(events)} events")
    _in_order(stream, result)
    _of_one_owner(stream, result)
    if events[0].category in PUBLISHED:  # Of other streams only the order and the owner are known here.
        _story(stream, result)
    if head is not None:
        _head(head, events, result)
    return result


def _in_order(stream: Stream, result: Examined) -> None:
    expected = 1
    before: EventRow | None = None
    for event in stream.events:
        if event.version != expected:
            detail = f"version {event.version} stands where {expected} is due"
            result.found("version_gap", stream.stream_id, detail)
            expected = event.version
        expected += 1
        if before is not None and (event.epoch, event.xid, event.seq) <= (before.epoch, before.xid, before.seq):
            detail = f"version {event.version} comes before version {before.version} in the order of all events"
            result.found("position_order", stream.stream_id, detail)
        before = event


def _of_one_owner(stream: Stream, result: Examined) -> None:
    head, first = stream.head, stream.events[0]
    owner = (first.tenant, first.category) if head is None else (head.tenant, head.category)
    for event in stream.events:
        if (event.tenant, event.category) != owner:
            detail = f"version {event.version} is of {event.tenant}, its stream of {owner[0]}"
            result.found("foreign_tenant", stream.stream_id, detail)


@lru_cache(maxsize=1024)
def _plan(schema_version: int, data: str) -> JobEvent:
    """Plans are the longest that is read of most jobs, and alike for questions that are alike."""
    return cast(JobEvent, REGISTRY.read_stored(PLANNED, schema_version, data, text=True))


@dataclass(slots=True)
class _Attempts:
    """What was said of the attempts of a job."""

    numbers: dict[str, int] = field(default_factory=dict)
    told: dict[tuple[UUID, str], int] = field(default_factory=dict)
    failed: set[UUID] = field(default_factory=set)
    judged: dict[UUID, str] = field(default_factory=dict)
    """The fingerprint of the answer that a verdict was about."""

    def tell(self, attempt_id: UUID, what: str) -> None:
        """Count what was said of an attempt."""
        key = attempt_id, what
        self.told[key] = self.told.get(key, 0) + 1


def _story(stream: Stream, result: Examined) -> None:
    """Fold the events, and look at what they say of attempts and answers. Ends where the story makes no sense."""
    stream_id = stream.stream_id
    job: Job = NoJob()
    attempts = _Attempts()
    ended: str | None = None
    for event in stream.events:
        try:
            said = read_event(event) if event.type != PLANNED else _plan(event.schema_version, event.data)
        except (CorruptStream, ContractError) as error:
            result.found("unreadable_event", stream_id, f"version {event.version}, {event.type}: {error}"[:500])
            return
        goes_on = isinstance(job, EndedJob) and job.later is not None and event.type in OF_LEGS_THAT_GO_ON
        if ended is not None and event.type not in MAY_FOLLOW_THE_END and not goes_on:
            result.found("after_end", stream_id, f"version {event.version}, {event.type}, follows {ended}")
        try:
            job = evolve(job, said, event.time, stream_id)
        except CorruptStream as error:
            result.found("illegal_transition", stream_id, f"version {event.version}: {error}")
            return
        if event.type in TERMINAL_NAMES and ended is None:
            ended = event.type
        _of_attempt(said, event, stream_id, attempts, result)
    _told_once(stream_id, attempts, result)
    result.summary = summary_of(job)


def _of_attempt(said: JobEvent, event: EventRow, stream_id: UUID, attempts: _Attempts, result: Examined) -> None:
    # What every job has comes first: each case costs those behind it an instance check.
    match said:
        case ev.JobQueued():
            due = attempts.numbers.get(said.leg, 0) + 1
            attempts.numbers[said.leg] = said.number
            result.attempts.append(said.attempt_id)
            if said.number != due or said.attempt_id != attempt_id_of(stream_id, said.leg, said.number):
                detail = f"version {event.version}: attempt {said.number} of {said.leg}, where {due} is due"
                result.found("foreign_attempt", stream_id, detail)
        case ev.JobStarted():
            attempts.tell(said.attempt_id, "started")
        case ev.ExecutionSucceeded():
            attempts.tell(said.attempt_id, "answered")
        case ev.ResultValidated():
            attempts.tell(said.attempt_id, "judged")
            attempts.judged[said.attempt_id] = said.answer_fingerprint
        case ev.JobCompleted() | ev.JobImproved():
            if fingerprint(said.answer) != attempts.judged.get(said.attempt_id):
                detail = f"version {event.version}: the answer is not the one that was judged for {said.leg}"
                result.found("answer_differs", stream_id, detail)
        case ev.JobSubmitted():
            if said.request.tenant != event.tenant:
                detail = f"version {event.version} is of {event.tenant}, its question of {said.request.tenant}"
                result.found("foreign_tenant", stream_id, detail)
        case ev.JobPlanned():
            pass
        case ev.ExecutionFailed():
            attempts.tell(said.attempt_id, "answered")
            attempts.failed.add(said.attempt_id)
        case ev.ResultRejected():
            attempts.tell(said.attempt_id, "refused")
        case ev.LateUsageReported():
            attempts.tell(said.report_id, "booked late")
        case ev.OutcomeReported() if said.report_id is not None:
            attempts.tell(said.report_id, "reported")
        case ev.CompensationRequested():
            attempts.tell(said.compensation_id, "compensated")
        case ev.JobRejected():
            result.refused_cause = said.cause_id
        case _:
            pass


def _told_once(stream_id: UUID, attempts: _Attempts, result: Examined) -> None:
    """An answer whose verdict never came is followed by a failure of the same attempt: that alone may be told twice."""
    for (attempt_id, what), count in attempts.told.items():
        allowed = 2 if what == "answered" and attempt_id in attempts.failed else 1
        if count > allowed:
            whose = "report" if what == "booked late" else "attempt"
            result.found("told_twice", stream_id, f"the {whose} {attempt_id} was {what} {count} times")


def _head(head: StreamRow, events: Sequence[EventRow], result: Examined) -> None:
    first, last = events[0], events[-1]
    if head.version != last.version:
        detail = f"its head stands at version {head.version}, its last event at {last.version}"
        result.found("head_version", head.stream_id, detail)
        return
    if (head.created_at, head.updated_at) != (first.time, last.time):
        detail = f"its head says {head.created_at} to {head.updated_at}, its events {first.time} to {last.time}"
        result.found("head_times", head.stream_id, detail)
    for name, stored, folded in differences(head, result.summary):
        result.found("head_differs", head.stream_id, f"{name} is stored as {stored!r}, and folds to {folded!r}")


def differences(head: StreamRow, summary: Summary | None) -> list[tuple[str, object, object]]:
    """The fields of a head that are not what the fold gives: name, as stored, as folded."""
    if summary is None:
        return []
    summary = as_stored(summary, head.head.attributes)
    pairs = ((name, getattr(head.head, name), folded) for name, folded in zip(summary._fields, summary, strict=True))
    return [(name, stored, folded) for name, stored, folded in pairs if stored != folded]
