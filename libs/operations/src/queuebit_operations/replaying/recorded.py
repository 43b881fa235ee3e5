"""From stored events back to the messages that brought them about. Pure.

Events that one decision gave share their cause and their moment. What a message said stands in them: reports word for word,
questions with the inputs that routing weighed. Messages that changed nothing left no trace, and are not replayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobEvent
from queuebit_contracts.ids import derive_id
from queuebit_domain.job.codec import read_event
from queuebit_domain.job.messages import Cancel, Message, Refuse, Submit, Supersede, Wake
from queuebit_domain.job.quarantine import CODE as QUARANTINED
from queuebit_domain.policy.facts import facts_in
from queuebit_operations.scan.port import EventRow

_SPOKEN = (ev.ExecutionSucceeded, ev.ResultValidated, ev.ResultRejected, ev.ExecutionFailed, ev.LateUsageReported)
_PROGRESS = (ev.JobStarted, ev.ExecutionProgressed)


class Decision(NamedTuple):
    """What one message brought about. `message` is None where the events do not tell it."""

    message: Message | None
    rows: Sequence[EventRow]
    events: Sequence[JobEvent]


def decisions_of(stream_id: UUID, rows: Sequence[EventRow]) -> Iterator[Decision]:
    """The decisions on a job, in order. Raises CorruptStream and what the contracts raise."""
    for _, group in groupby(rows, key=lambda row: (row.causation_id, row.time)):
        some = list(group)
        events = [read_event(row) for row in some]
        yield Decision(_message_of(stream_id, some[0], events), some, events)


def _message_of(stream_id: UUID, first: EventRow, events: Sequence[JobEvent]) -> Message | None:
    if any(map(_of_operators, events)):
        return None
    match events[0]:
        case ev.JobSubmitted() as submitted:
            return _submit(stream_id, submitted, events)
        case ev.JobRejected() as rejected:
            return Refuse(rejected)
    if first.causation_id == derive_id(stream_id, "wake"):
        return Wake()
    for event in events:
        if isinstance(event, ev.JobSuperseded):
            return Supersede(first.tenant, event.by)
        if isinstance(event, ev.JobCancelled):
            return Cancel(first.tenant, event.actor, event.reason)
        if isinstance(event, _SPOKEN):
            return event
    return next((event for event in events if isinstance(event, _PROGRESS)), None)


def _of_operators(event: JobEvent) -> bool:
    """Whether an operator had a part in it: what was held back at that moment, or left in the
    budgets, is not on the job, nor are the prices of its quote, and a job that was made from
    another begins where that one stood.
    """
    match event:
        case ev.JobHeld() | ev.JobInvalidated() | ev.ApprovalGranted() | ev.ApprovalDenied() | ev.OutcomeReported():
            return True
        case ev.BudgetReserved() | ev.BudgetSettled() | ev.BudgetExhausted():
            return True
        case ev.ResultRejected():
            return event.code == QUARANTINED
        case ev.JobSubmitted():
            return event.parent is not None or event.quote is not None
        case _:
            return False


def _submit(stream_id: UUID, submitted: ev.JobSubmitted, events: Sequence[JobEvent]) -> Submit | None:
    planned = next((event for event in events if isinstance(event, ev.JobPlanned)), None)
    if planned is None:
        return None
    published = planned.policy_digest is not None
    return Submit(stream_id, submitted, facts_in(planned.inputs), planned if published else None)
