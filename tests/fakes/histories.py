"""Histories of jobs in a store, as the control plane writes them: submitted, answered, checked, ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of, derive_id, refusal_id_of, uuid7
from queuebit_control_plane.handler import CommandHandler, InboundCommand
from queuebit_domain.job.messages import Cancel, Message
from queuebit_operations.scan.port import EventRow
from queuebit_store.ports import StoredEvent, StreamStore
from tests.builders import NOW, a_failure, a_submit, a_success, a_verdict
from tests.fakes.clocks import StoppedClock

LEG = "primary-classical"


def a_job_id(number: int, at: datetime = NOW) -> UUID:
    """The id of the job of that number, which began at `at`."""
    return uuid7(int(at.timestamp() * 1000), number + 1)


def answered(job_id: UUID) -> list[Message]:
    """What workers and the validator say of a job that goes well."""
    attempt_id = attempt_id_of(job_id, LEG, 1)
    started = ev.JobStarted(attempt_id=attempt_id, leg=LEG, worker="w1", started_at=NOW)
    return [started, a_success(attempt_id=attempt_id), a_verdict(attempt_id=attempt_id)]


def failed(job_id: UUID) -> list[Message]:
    """What a worker says of a job that it has no answer for, once and once more at the fallback."""
    return [a_failure(attempt_id=attempt_id_of(job_id, LEG, 1))]


def cancelled(_job_id: UUID) -> list[Message]:
    return [Cancel("acme", "somebody", "no longer needed")]


async def tell_jobs(
    store: StreamStore,
    numbers: Sequence[int],
    *,
    began_at: datetime = NOW,
    then: Sequence[Message] | None = None,
    tenant: str = "acme",
    **request: Any,
) -> list[UUID]:
    """Take jobs from their submission to their end, one message of all of them at a time and a second apart; their ids.

    `then`: what happens instead of an answer; nothing at all where it is empty. `request`: what else they ask for.
    """
    clock = StoppedClock()
    clock.moment = began_at
    handler = CommandHandler(store, clock, appended=lambda: None)
    job_ids = [a_job_id(number, began_at) for number in numbers]
    rounds: list[list[tuple[UUID, Message]]] = [
        [(each, a_submit(job_id=each, tenant=tenant, **request)) for each in job_ids]
    ]
    stories = [list(then) if then is not None else answered(each) for each in job_ids]
    rounds += [list(zip(job_ids, messages, strict=True)) for messages in zip(*stories, strict=True)]
    for place, each in enumerate(rounds):
        refused = await handler.handle([_command(job_id, message, place, tenant) for job_id, message in each])
        assert refused == []
        clock.moment += timedelta(seconds=1)
    return job_ids


def as_rows(events: Sequence[StoredEvent], category: str = "job") -> list[EventRow]:
    """Stored events as an operator reads them. They hold no payload apart."""
    assert all(event.payload_hash is None for event in events)
    return [EventRow._make((*event[: len(EventRow._fields) - 2], category, event.time)) for event in events]


def _command(job_id: UUID, message: Message, place: int, tenant: str) -> InboundCommand:
    cause = derive_id(job_id, f"message {place}")
    rival = refusal_id_of(tenant, "/upstream", cause) if place == 0 else None
    return InboundCommand(job_id, message, cause, tenant, rival_id=rival)
