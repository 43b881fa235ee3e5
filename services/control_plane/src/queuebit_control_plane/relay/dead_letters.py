"""What becomes of a stored event that no record can carry: a dead letter in its place, so that the others go on. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from queuebit_contracts.channels import UNPUBLISHED, dead_letter
from queuebit_contracts.envelope import rfc3339
from queuebit_runtime.bus.dead_letters.headers import TOPIC
from queuebit_runtime.bus.port import Outgoing
from queuebit_store.ports import StoredEvent

CONSUMER: Final = "control-plane"
HEAD_BYTES = 64 * 1024
"""How much of the value a dead letter keeps: the whole event is in the store, under its job and version."""
HEADER_BYTES = 2000
_KEPT = ("ce_specversion", "content-type", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_streamversion")
_REASON = (
    "qb_error_code",
    "qb_error_detail",
    "qb_error_remedy",
    TOPIC,
    "qb_consumer",
    "qb_failed_at",
)
_REMEDY = "Look the event up by job and version; whoever waits for this record does not get it."


def unreadable(event: StoredEvent, error: Exception, now: datetime) -> Outgoing:
    """The dead letter of an event that cannot be made into a record."""
    job = str(event.stream_id).encode()
    headers = [
        ("ce_id", str(event.id).encode()),
        ("ce_subject", job),
        ("ce_streamversion", str(event.version).encode()),
    ]
    detail = f"The stored {event.type} of job {event.stream_id}, version {event.version}, cannot be made into a record"
    reason = _reason("unreadable_event", f"{detail}: {type(error).__name__}.", "", now)
    value = event.data[:HEAD_BYTES].encode(errors="replace")[:HEAD_BYTES]
    return Outgoing(dead_letter(UNPUBLISHED), job, value, headers + reason)


def too_large(record: Outgoing, error: Exception, now: datetime) -> Outgoing:
    """The dead letter of a record that the bus does not take at this size: the head of its value, and where it belonged.

    One that is a dead letter itself keeps its reason.
    """
    topic = dead_letter(UNPUBLISHED)
    kept = {name: value[:HEADER_BYTES] for name, value in record.headers if name in _KEPT}
    size = len(record.key) + len(record.value)
    detail = f"The record of {size} bytes for {record.topic} is too large: {error}"
    reason = dict(_reason("record_too_large", detail, record.topic, now))
    if record.topic == topic:
        reason |= {name: value[:HEADER_BYTES] for name, value in record.headers if name in _REASON}
    return Outgoing(topic, record.key[:HEADER_BYTES], record.value[:HEAD_BYTES], [*kept.items(), *reason.items()])


def _reason(code: str, detail: str, topic: str, now: datetime) -> list[tuple[str, bytes]]:
    """As a dead letter of a record that was read names its reason, but for the place, which it has none of."""
    reason = {
        "qb_error_code": code,
        "qb_error_detail": detail[:HEADER_BYTES],
        "qb_error_remedy": _REMEDY,
        TOPIC: topic,
        "qb_consumer": CONSUMER,
    }
    return [*((name, value.encode()) for name, value in reason.items()), ("qb_failed_at", rfc3339(now))]
