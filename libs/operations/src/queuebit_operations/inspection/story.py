"""The story of a job: its state after each event, what that event changed, and why it happened. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from queuebit_contracts import events as ev
from queuebit_contracts.errors import ContractError
from queuebit_contracts.events import JobEvent
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.codec import read_event
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.state import Job, NoJob
from queuebit_operations.inspection.state import moment, state_of
from queuebit_store.ports import StoredEvent


@dataclass(frozen=True, slots=True)
class Change:
    """One value of the state that an event changed. `path` is a JSON pointer; None stands for what is not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a job. `state` is None, and `problem` says why, where the story cannot be told any further."""

    event: StoredEvent
    state: Mapping[str, Any] | None
    changes: tuple[Change, ...] = ()
    reasons: tuple[str, ...] = ()
    problem: str | None = None

    def document(self) -> dict[str, Any]:
        """The step as JSON."""
        event = self.event
        return {
            "version": event.version,
            "type": event.type,
            "schema_version": event.schema_version,
            "event_id": str(event.id),
            "time": moment(event.time),
            "causation_id": None if event.causation_id is None else str(event.causation_id),
            "position": [event.epoch, event.xid, event.seq],
            "reasons": list(self.reasons),
            "changes": [{"path": each.path, "before": each.before, "after": each.after} for each in self.changes],
            "state": self.state,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Until:
    """Where the story ends: after a version, at a time, or, with neither, with its last event."""

    version: int | None = None
    at: datetime | None = None

    def includes(self, event: StoredEvent) -> bool:
        """Whether the event belongs to the story."""
        if self.version is not None and event.version > self.version:
            return False
        return self.at is None or event.time <= self.at


@dataclass(slots=True)
class _Telling:
    """The job so far, and its document."""

    job: Job = field(default_factory=NoJob)
    state: dict[str, Any] = field(default_factory=lambda: state_of(NoJob()))


def story_of(events: Sequence[StoredEvent]) -> list[Step]:
    """The steps of events in version order. Where one makes no sense, those behind it are only listed."""
    telling = _Telling()
    steps: list[Step] = []
    problem: str | None = None
    for expected, event in enumerate(events, start=1):
        if problem is None and event.version != expected:
            problem = f"The version is {event.version} where {expected} is due: events are missing."
        if problem is not None:
            steps.append(Step(event, None, problem=problem))
            continue
        try:
            steps.append(_next_step(telling, event))
        except (CorruptStream, ContractError) as error:
            problem = f"The event cannot be folded: {error}."
            steps.append(Step(event, None, problem=problem))
    return steps


def _next_step(telling: _Telling, event: StoredEvent) -> Step:
    said = read_event(event)
    job = evolve(telling.job, said, event.time, event.stream_id)
    state = state_of(job)
    changes = tuple(_changes("", telling.state, state))
    telling.job, telling.state = job, state
    return Step(event, state, changes, tuple(reasons_of(said)))


def _changes(path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from _changes(f"{path}/{name}", before.get(name), after.get(name))
    elif before != after:
        yield Change(path, before, after)


def reasons_of(event: JobEvent) -> Iterator[str]:
    """Why the event happened, as far as it says so itself: nothing that a customer wrote."""
    match event:
        case ev.JobPlanned():
            yield f"rule {event.rule} of policy {event.policy_version}"
            yield from event.reasons
        case ev.FallbackTaken():
            yield f"trigger {event.trigger}: {event.reason}"
        case ev.ExecutionFailed() | ev.JobFailed():
            yield f"code {event.code.value}"
            yield event.remedy
        case ev.JobRejected():
            yield f"code {event.code}"
            yield event.remedy
        case ev.ResultRejected():
            yield f"code {event.code}"
            yield from event.reasons
        case ev.ResultValidated():
            yield f"verdict {event.verdict}"
            yield from event.reasons
        case ev.AttemptAbandoned():
            yield event.reason
        case ev.JobCancelled() | ev.ApprovalGranted() | ev.ApprovalDenied() | ev.JobHeld() | ev.JobInvalidated():
            yield f"by {event.actor}" + (f": {event.reason}" if event.reason else "")
        case ev.CompensationRequested():
            yield f"{event.command}, id {event.compensation_id}"
        case ev.OutcomeReported():
            yield f"told by {event.actor}" if event.actor else "told by a downstream service"
        case ev.LateUsageReported():
            yield f"a late {event.came}, {event.usage.qpu_s:g} s of a processor and {event.usage.shots} shots"
        case ev.BudgetExhausted():
            yield f"code {event.code}"
            yield event.detail
        case ev.JobExpired():
            yield f"the deadline {moment(event.deadline)} passed"
        case ev.JobCompleted():
            yield from event.reasons
        case _:
            return
