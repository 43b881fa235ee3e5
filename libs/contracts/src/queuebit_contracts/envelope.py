"""CloudEvents 1.0 over Kafka, written in binary mode by a codec of our own; structured mode is read too.

Source: CloudEvents specification 1.0.2 and its Kafka protocol binding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from queuebit_contracts.attributes import (
    REMEDY,
    check_headers,
    known_headers,
    malformed,
    read_event_id,
    read_specversion,
    read_time,
    read_traceparent,
    read_uuid,
    read_version,
    time_of_record,
)
from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_contracts.data import Data
from queuebit_contracts.errors import MalformedEnvelope
from queuebit_contracts.headers import JSON_TYPE as JSON_TYPE
from queuebit_contracts.headers import Headers as Headers
from queuebit_contracts.headers import binary_headers as binary_headers
from queuebit_contracts.large import carries, text_of, with_text
from queuebit_contracts.registry import REGISTRY, Registry, read_data_of, type_bytes_of, type_of
from queuebit_contracts.structured import check_media_type, is_structured, read_document
from queuebit_contracts.structured import decode_data as decode_data

_ID_PLACE = 2
"""Here the id stands among the headers."""


class Envelope(NamedTuple):
    """One message.

    `subject` is the job id (the backend's name in backend reports); `version` is the stream version of a stored event.
    `given_id` is the id as it was sent, where that is no UUID.
    """

    id: UUID
    source: str
    subject: str
    time: datetime
    data: Data
    tenant: str | None = None
    version: int | None = None
    traceparent: str | None = None
    replay_id: str | None = None
    given_id: str | None = None
    correlation_id: str | None = None

    @property
    def type(self) -> str:
        return type_of(type(self.data))

    @property
    def job_id(self) -> UUID:
        """The subject as a job id. Raises MalformedEnvelope where it is none."""
        return read_uuid(self.subject, "ce_subject")


def encode_headers(envelope: Envelope) -> Headers:
    """The headers of the record, in binary mode."""
    headers = binary_headers(
        envelope.id,
        envelope.source,
        type_bytes_of(type(envelope.data)),
        envelope.subject,
        rfc3339(envelope.time),
        tenant=envelope.tenant,
        version=envelope.version,
        traceparent=envelope.traceparent,
    )
    if envelope.given_id is not None:
        headers[_ID_PLACE] = ("ce_id", envelope.given_id.encode())
    if envelope.replay_id is not None:
        headers.append(("ce_replayid", envelope.replay_id.encode()))
    if envelope.correlation_id is not None:
        headers.append(("ce_correlationid", envelope.correlation_id.encode()))
    return headers


def encode_data(data: Data) -> bytes:
    """The value of the record: the data as JSON."""
    encoded = encode_bare(data)
    statement = text_of(data) if carries(type(data)) else None
    return encoded if statement is None else with_text(data, encoded, statement)


def encode_bare(data: Data) -> bytes:
    """The data as JSON, with a mark in the place of a statement that is text: see `large.apart`."""
    encoded: bytes = data.__pydantic_serializer__.to_json(data, exclude_none=True)
    return encoded


@lru_cache(maxsize=256)
def rfc3339(time: datetime) -> bytes:
    """The time as text, in UTC. What is sent together has the same moment."""
    return orjson.dumps(time.astimezone(UTC), option=orjson.OPT_UTC_Z)[1:-1]


def decode(
    headers: Iterable[tuple[str, bytes]] | Mapping[str, bytes],
    value: bytes | None,
    *,
    timestamp_ms: int = 0,
    text: bool = False,
    registry: Registry = REGISTRY,
) -> Envelope:
    """Read a record. Raises MalformedEnvelope, UnknownType or InvalidData, each naming the field and the remedy.

    Of a header that comes twice the last counts; one without a value is missing. A traceparent that is none is ignored. A
    message without a time has the record's, `timestamp_ms`, where that is known. `text`: see `decode_data`.
    Data of an older version that `registry` knows is read as today's.
    """
    found = known_headers(headers if isinstance(headers, dict) else dict(headers))
    check_headers(found)
    if value is None:
        raise MalformedEnvelope("The record has no value.", remedy=REMEDY)
    if len(value) > RECORD_BYTES_MAX:
        raise MalformedEnvelope(
            f"The value is larger than {RECORD_BYTES_MAX} bytes.", remedy="State a smaller problem."
        )
    get = found.get
    if ("ce_type" not in found or get("content-type") != JSON_TYPE) and is_structured(found):
        check_media_type(get("content-type"))
        return from_structured(value, timestamp_ms=timestamp_ms, registry=registry)
    specversion = get("ce_specversion")
    if specversion != b"1.0":
        read_specversion(None if specversion is None else specversion.decode("utf-8", "replace"), "ce_specversion")
    known = registry.known_bytes.get(get("ce_type", b"")) or registry.named(_text(found, "ce_type"))
    said, named, sent_by = get("ce_time"), get("ce_id"), get("ce_source")
    time = read_time(said.decode(), "ce_time") if said else _time(said, "ce_time", timestamp_ms)
    name = named.decode() if named else _text(found, "ce_id")
    source = sent_by.decode() if sent_by else _text(found, "ce_source")
    subject, tenant, version, trace = get("ce_subject"), get("ce_tenant"), get("ce_streamversion"), get("traceparent")
    replay, correlation = get("ce_replayid"), get("ce_correlationid")
    event_id, given_id = read_event_id(name, source)
    return Envelope(
        event_id,
        source,
        "" if subject is None else subject.decode(),
        time,
        read_data_of(known, value, text=text),
        None if tenant is None else tenant.decode(),
        None if version is None else read_version(version, "ce_streamversion"),
        None if trace is None else read_traceparent(trace.decode("utf-8", "replace")),
        None if replay is None else replay.decode(),
        given_id,
        correlation.decode() if correlation else None,
    )


def to_structured(envelope: Envelope) -> dict[str, Any]:
    """The message as one JSON object (structured mode): for server-sent events and webhooks."""
    attributes = structured_attributes(
        envelope.given_id or str(envelope.id),
        envelope.source,
        envelope.type,
        envelope.subject,
        envelope.time,
        tenant=envelope.tenant,
        streamversion=envelope.version,
        traceparent=envelope.traceparent,
        replayid=envelope.replay_id,
        correlationid=envelope.correlation_id,
    )
    return {**attributes, "data": envelope.data.model_dump(mode="json", exclude_none=True)}


def structured_attributes(
    event_id: str, source: str, ce_type: str, subject: str, time: datetime, **optional: Any
) -> dict[str, Any]:
    """The attributes of a message in structured mode; of the optional ones those that are not None."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": ce_type,
        "subject": subject,
        "time": rfc3339(time).decode(),
        "datacontenttype": "application/json",
        **{name: value for name, value in optional.items() if value is not None},
    }


def from_structured(value: bytes, *, timestamp_ms: int = 0, registry: Registry = REGISTRY) -> Envelope:
    """Read a message in structured mode. `timestamp_ms` as for `decode`, which says what it raises too."""
    document = read_document(value)
    attributes = document.attributes
    read_specversion(attributes.get("specversion"), "specversion")
    known = registry.named(_required(attributes, "type"))
    said = attributes.get("time")
    time = _time(None if said is None else said.encode(), "time", timestamp_ms)
    name, source = _required(attributes, "id"), _required(attributes, "source")
    version, trace = attributes.get("streamversion"), attributes.get("traceparent")
    event_id, given_id = read_event_id(name, source)
    return Envelope(
        id=event_id,
        source=source,
        subject=attributes.get("subject", ""),
        time=time,
        data=read_data_of(known, document),
        tenant=attributes.get("tenant"),
        version=None if version is None else read_version(version.encode(), "streamversion"),
        traceparent=None if trace is None else read_traceparent(trace),
        replay_id=attributes.get("replayid"),
        given_id=given_id,
        correlation_id=attributes.get("correlationid") or None,
    )


def _time(said: bytes | None, name: str, timestamp_ms: int) -> datetime:
    """CloudEvents leave the time out where it is not known."""
    if said:
        return read_time(said.decode(), name)
    recorded = time_of_record(timestamp_ms)
    if recorded is None:
        raise malformed(name, "is missing")
    return recorded


def _text(headers: Mapping[str, bytes], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise malformed(name, "is missing")
    return value.decode()


def _required(attributes: Mapping[str, str], name: str) -> str:
    value = attributes.get(name)
    if not value:
        raise malformed(name, "is missing")
    return value
