"""The handlers of the version that is installed here, over what is recorded: the same messages at the same moments, workers and
validator answered from the record, and what is decided compared with what was. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import encode_data
from queuebit_contracts.errors import ContractError
from queuebit_contracts.events import JobEvent
from queuebit_contracts.ids import stored_id_of
from queuebit_contracts.registry import name_of
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.decide import decide
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.state import Held, Job, NoJob, OpenJob
from queuebit_domain.job.summary import summary_of
from queuebit_operations.replaying.recorded import Decision, decisions_of
from queuebit_operations.replaying.services import CONTROL_PLANE
from queuebit_operations.scan.port import EventRow, Stream
from queuebit_store.ports import Append, Head, NewEvent

DIFFERENCES_MAX = 50
"""Of one job; where a job went another way, everything behind it differs."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where a handler of the candidate says otherwise. `version`: of the recorded event. `path`: into the data of the event
    `name`; empty where the events themselves are others. `kind`: what sort of difference it is.
    """

    job_id: str
    version: int
    name: str
    path: str
    recorded: Any
    candidate: Any
    service: str = CONTROL_PLANE
    kind: str = "decision"

    def document(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Shadowed:
    """A job as the candidate handles it. `taken_over`: events whose message is not recorded, taken as they are."""

    stream: Stream
    job: Job = field(default_factory=NoJob)
    events: list[NewEvent] = field(default_factory=list)
    messages: int = 0
    taken_over: int = 0
    divergences: list[Divergence] = field(default_factory=list)

    def append(self) -> Append:
        """What the candidate's store is given."""
        first = self.stream.events[0]
        head = Head(*summary_of(self.job))
        return Append(self.stream.stream_id, first.tenant, 0, tuple(self.events), head)

    def rows(self) -> list[EventRow]:
        """The candidate's events as stored ones, for topics."""
        first = self.stream.events[0]
        return [
            EventRow(
                0, 0, 0, self.stream.stream_id, version, event.id, event.type, event.schema_version, event.data, event.time,
                first.tenant, event.causation_id, event.traceparent, first.category, event.time,
            )
            for version, event in enumerate(self.events, start=1)
        ]  # fmt: skip

    def diverges(self, version: int, name: str, path: str, recorded: Any, candidate: Any) -> None:
        if len(self.divergences) < DIFFERENCES_MAX:
            job_id = str(self.stream.stream_id)
            self.divergences.append(Divergence(job_id, version, name, path, recorded, candidate))


def shadow(stream: Stream) -> Shadowed:
    """Handle a job again. What this version cannot read or decide is a divergence too."""
    result = Shadowed(stream)
    try:
        for decision in decisions_of(stream.stream_id, stream.events):
            _handle(decision, result)
    except (CorruptStream, ContractError) as error:
        last = stream.events[len(result.events) : len(result.events) + 1] or stream.events[-1:]
        result.diverges(last[0].version, last[0].type, "", "recorded", f"cannot be handled: {error}"[:300])
    _unanswered(result)
    return result


def _handle(decision: Decision, result: Shadowed) -> None:
    first = decision.rows[0]
    stream_id = result.stream.stream_id
    events: Sequence[JobEvent]
    if decision.message is None or _waits(result.job):
        events = decision.events
        result.taken_over += len(events)
        for event in events:
            result.job = evolve(result.job, event, first.time, stream_id)
    else:
        result.messages += 1
        events, result.job = decide(result.job, decision.message, first.time, stream_id)
    told = [_new_event(stream_id, len(result.events) + at, event, first) for at, event in enumerate(events, start=1)]
    result.events += told
    _compare(decision.rows, told, result)


def _waits(job: Job) -> bool:
    """Whether an operator holds the job back: when it goes on is the operator's doing, and taken as it was."""
    return isinstance(job, OpenJob) and any(isinstance(leg.status, Held) for leg in job.legs)


def _new_event(stream_id: UUID, version: int, event: JobEvent, cause: EventRow) -> NewEvent:
    return NewEvent(
        stored_id_of(stream_id, version, cause.epoch),
        name_of(type(event)),
        event.schema_version,
        encode_data(event).decode(),
        cause.time,
        cause.causation_id,
        cause.traceparent,
    )


def _compare(recorded: Sequence[EventRow], told: Sequence[NewEvent], result: Shadowed) -> None:
    first = recorded[0]
    names, others = [row.type for row in recorded], [event.type for event in told]
    if names != others:
        result.diverges(first.version, first.type, "", names, others)
        return
    for row, event in zip(recorded, told, strict=True):
        if row.data != event.data:
            for path, before, after in changed("", json.loads(row.data), json.loads(event.data)):
                result.diverges(row.version, row.type, path, before, after)


def changed(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two documents differ, as JSON pointers."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from changed(f"{path}/{name}", before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from changed(f"{path}/{at}", one, other)
    elif before != after:
        yield path, before, after


def _unanswered(result: Shadowed) -> None:
    """Orders of the candidate that nobody was ever given, so that the record has no answer to them."""
    recorded = {_attempt_of(row.data) for row in result.stream.events if row.type == ev.JobQueued.__name__}
    for event in result.events:
        if event.type == ev.JobQueued.__name__ and (attempt := _attempt_of(event.data)) not in recorded:
            version = len(result.stream.events)
            result.diverges(version, event.type, "/attempt_id", "no such order", attempt)


def _attempt_of(data: str) -> str:
    return str(json.loads(data)["attempt_id"])
