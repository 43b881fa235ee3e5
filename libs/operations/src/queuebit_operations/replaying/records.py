"""A stored event as a record of a replay: the same id, key and value, and the header that tells it from the first time."""

from __future__ import annotations

from collections.abc import Iterator

from queuebit_contracts.channels import source_of
from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.registry import type_name_of
from queuebit_operations.records.relayed import topics_of_event
from queuebit_operations.scan.port import EventRow
from queuebit_runtime.bus.port import Outgoing

HEADER = "ce_replayid"
SOURCE = source_of("control-plane")


def records_of(event: EventRow, replay_id: str, topic: str | None = None) -> Iterator[Outgoing]:
    """The records of an event: one where a topic is named, else one for each topic that the relay published it on."""
    subject = str(event.stream_id)
    headers = binary_headers(
        event.id,
        SOURCE,
        type_name_of(event.type, event.schema_version).encode(),
        subject,
        rfc3339(event.time),
        tenant=event.tenant,
        version=event.version,
        traceparent=event.traceparent,
    )
    headers.append((HEADER, replay_id.encode()))
    value = event.data.encode()
    for each in (topic,) if topic is not None else topics_of_event(event.type, event.data):
        yield Outgoing(each, subject.encode(), value, headers)
