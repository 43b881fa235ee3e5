"""What makes two submissions the same: the key of the tenant, or, where there is none, the source and id of the event. And
where a question came from.

The time that an event states plays no part in it: senders set it anew at each try.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from queuebit_contracts.envelope import Envelope
from queuebit_contracts.ids import (
    asked_job_id_of,
    asked_key_of,
    derive_id,
    id_bytes,
    job_id_of,
    time_ordered_key,
    uuid7,
)
from queuebit_contracts.origin import NO_ORIGIN, Origin
from queuebit_runtime.bus.decoding import Refused
from queuebit_store.ports import Reservation


def job_of(
    tenant: str, key: str | None, source: str, event_id: UUID, *, fingerprint: str, now: datetime
) -> UUID | Reservation:
    """The job that a submission stands for, or what must be held in the store to know it.

    A UUIDv7, as key or as id of the event, says it at once. For anything else an id with the time of acceptance is offered,
    and the first to hold the key for it decides.
    """
    if key is None:
        if event_id.version == 7:
            return asked_job_id_of(tenant, source, event_id)
        held = asked_key_of(source, event_id)
    else:
        ordered = time_ordered_key(key)
        if ordered is not None:
            return job_id_of(tenant, ordered)
        held = key
    return Reservation(tenant, held, derive_id(uuid7(_ms(now), 0), held, tenant), fingerprint, now)


def origin_of(question: Envelope | Refused, given: Origin | None, job_id: UUID | None) -> Origin:
    """Where a question came from: what its sender says of it, and for the rest what its event says."""
    subject = question.subject if question.subject and question.subject != str(job_id) else None
    said = given or NO_ORIGIN
    return Origin(
        event_id=said.event_id or question.given_id or id_bytes(question.id).decode(),
        source=said.source or question.source,
        subject=said.subject or subject,
        correlation_id=said.correlation_id or question.correlation_id,
        labels={},  # pydantic copies a default that is a dict deeply, which takes longer than all the rest
    )


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
