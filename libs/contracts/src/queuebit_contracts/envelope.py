"""CloudEvents 1.0 over Kafka, binary mode, with a strict codec of our own; structured mode is read too.

Source: CloudEvents specification 1.0.2 and its Kafka protocol binding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from queuebit_contracts import commands, events
from queuebit_contracts.attributes import (
    REMEDY,
    check_headers,
    check_length,
    malformed,
    read_event_id,
    read_time,
    read_traceparent,
    read_uuid,
    read_version,
)
from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_contracts.errors import FieldError, InvalidData, MalformedEnvelope, UnknownType, field_errors
from queuebit_contracts.ids import id_bytes
from queuebit_contracts.model import Model, StrictModel

PREFIX = "io.queuebit."
JSON_TYPE = b"application/json"
_JSON = ("content-type", JSON_TYPE)
STRUCTURED_TYPE = b"application/cloudevents+json"

_ATTRIBUTES = ("id", "source", "type", "subject", "time", "tenant", "replayid")
_NAMES = (*_ATTRIBUTES, "streamversion", "traceparent")
"""What is read of a message in structured mode, beside its data. The last two have bounds of their own."""

Headers = list[tuple[str, bytes]]
Data = Model | StrictModel

_MODELS: tuple[type[Data], ...] = (*events.JobEvent.__args__, events.BackendStatusReported, commands.CancelJob)
_VERSIONS: dict[type[Data], int] = {model: model.schema_version for model in _MODELS}  # type: ignore[union-attr]
TYPE_OF: dict[type[Data], str] = {model: f"{PREFIX}{model.__name__}.v{_VERSIONS[model]}" for model in _MODELS}
MODEL_OF: dict[str, type[Data]] = {name: model for model, name in TYPE_OF.items()}
TYPE_BYTES: dict[type[Data], bytes] = {model: name.encode() for model, name in TYPE_OF.items()}
_MODEL_OF_BYTES: dict[bytes, type[Data]] = {name: model for model, name in TYPE_BYTES.items()}


class Envelope(NamedTuple):
    """One message.

    `subject` is the job id (the backend's name in backend reports); `version` is the stream version of a stored event.
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

    @property
    def type(self) -> str:
        return TYPE_OF[type(self.data)]

    @property
    def job_id(self) -> UUID:
        """The subject as a job id. Raises MalformedEnvelope where it is none."""
        return read_uuid(self.subject, "ce_subject")


def encode_headers(envelope: Envelope) -> Headers:
    """The headers of the record, in binary mode."""
    headers = binary_headers(
        envelope.id,
        envelope.source,
        TYPE_BYTES[type(envelope.data)],
        envelope.subject,
        rfc3339(envelope.time),
        tenant=envelope.tenant,
        version=envelope.version,
        traceparent=envelope.traceparent,
    )
    if envelope.replay_id is not None:
        headers.append(("ce_replayid", envelope.replay_id.encode()))
    return headers


def binary_headers(
    event_id: UUID,
    source: str,
    ce_type: bytes,
    subject: str,
    time: bytes,
    *,
    tenant: str | None,
    version: int | None,
    traceparent: str | None,
) -> Headers:
    """The headers from their parts: for whoever passes stored data on without reading it. `time` as `rfc3339` writes it."""
    headers: Headers = [
        ("ce_specversion", b"1.0"),
        _JSON,
        ("ce_id", id_bytes(event_id)),
        ("ce_source", source.encode()),
        ("ce_type", ce_type),
        ("ce_subject", subject.encode()),
        ("ce_time", time),
    ]
    if tenant is not None:
        headers.append(("ce_tenant", tenant.encode()))
    if version is not None:
        headers.append(("ce_streamversion", str(version).encode()))
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def encode_data(data: Data) -> bytes:
    """The value of the record: the data as JSON."""
    return data.__pydantic_serializer__.to_json(data, exclude_none=True)


def rfc3339(time: datetime) -> bytes:
    """The time as text, in UTC."""
    return orjson.dumps(time.astimezone(UTC), option=orjson.OPT_UTC_Z)[1:-1]


def decode(headers: Iterable[tuple[str, bytes]] | Mapping[str, bytes], value: bytes | None) -> Envelope:
    """Read a record. Raises MalformedEnvelope, UnknownType or InvalidData, each naming the field and the remedy.

    Of a header that comes twice the last counts; one without a value is missing. A traceparent that is none is ignored.
    """
    found = headers if isinstance(headers, dict) else dict(headers)
    check_headers(found)
    if value is None:
        raise MalformedEnvelope("The record has no value.", remedy=REMEDY)
    if len(value) > RECORD_BYTES_MAX:
        raise MalformedEnvelope(
            f"The value is larger than {RECORD_BYTES_MAX} bytes.", remedy="State a smaller problem."
        )
    content_type = found.get("content-type")
    if content_type != JSON_TYPE and content_type and is_structured(content_type):
        return from_structured(value)
    if found.get("ce_specversion") != b"1.0":
        raise malformed("ce_specversion", "is missing or not 1.0")
    model = _MODEL_OF_BYTES.get(found.get("ce_type", b"")) or model_of(_text(found, "ce_type"))
    time = read_time(_text(found, "ce_time"), "ce_time")
    name, source = _text(found, "ce_id"), _text(found, "ce_source")
    subject, tenant, version = found.get("ce_subject"), found.get("ce_tenant"), found.get("ce_streamversion")
    trace, replay = found.get("traceparent"), found.get("ce_replayid")
    return Envelope(
        read_event_id(name, source),
        source,
        "" if subject is None else subject.decode(),
        time,
        decode_data(model, value),
        None if tenant is None else tenant.decode(),
        None if version is None else read_version(version, "ce_streamversion"),
        None if trace is None else read_traceparent(trace.decode()),
        None if replay is None else replay.decode(),
    )


def model_of(type_name: str) -> type[Data]:
    """The model of a CloudEvents type. Raises UnknownType."""
    model = MODEL_OF.get(type_name)
    if model is None:
        raise UnknownType(
            f"The type {type_name[:200]!r} is not known.",
            remedy=f"Use one of: {', '.join(sorted(MODEL_OF))}.",
            fields=(FieldError("/ce_type", "unknown_type", "is not known"),),
        )
    return model


def decode_data(model: type[Data], value: bytes) -> Data:
    """Parse and check the data. Raises InvalidData."""
    try:
        data: Data = model.__pydantic_validator__.validate_json(value)
    except ValidationError as error:
        fields = field_errors(error)
        raise InvalidData(
            f"The data of {model.__name__} is not valid: {'; '.join(str(field) for field in fields)}",
            remedy="Correct the named fields; schemas/ holds the JSON Schema.",
            fields=fields,
        ) from None
    return data


def to_structured(envelope: Envelope) -> dict[str, Any]:
    """The message as one JSON object (structured mode): for server-sent events and webhooks."""
    optional = {
        "tenant": envelope.tenant,
        "streamversion": envelope.version,
        "traceparent": envelope.traceparent,
        "replayid": envelope.replay_id,
    }
    return {
        "specversion": "1.0",
        "id": str(envelope.id),
        "source": envelope.source,
        "type": envelope.type,
        "subject": envelope.subject,
        "time": rfc3339(envelope.time).decode(),
        "datacontenttype": "application/json",
        **{name: value for name, value in optional.items() if value is not None},
        "data": envelope.data.model_dump(mode="json", exclude_none=True),
    }


def from_structured(value: bytes) -> Envelope:
    """Read a message in structured mode. Raises as `decode` does."""
    try:
        # Large integers stay exact, as they do in binary mode; orjson would read them as floats, or not at all.
        document = from_json(value)
    except ValueError as error:
        raise MalformedEnvelope(f"The value is not JSON: {error}.", remedy=REMEDY) from None
    if not isinstance(document, dict):
        raise MalformedEnvelope("The value is not a JSON object.", remedy=REMEDY)
    if document.get("specversion") != "1.0":
        raise malformed("specversion", "is missing or not 1.0")
    attributes = {name: str(document[name]) for name in _NAMES if type(document.get(name)) in (str, int)}
    for name in _ATTRIBUTES:
        check_length(name, attributes.get(name, ""))
    model = model_of(_required(attributes, "type"))
    time = read_time(_required(attributes, "time"), "time")
    name, source = _required(attributes, "id"), _required(attributes, "source")
    version, trace = attributes.get("streamversion"), attributes.get("traceparent")
    return Envelope(
        id=read_event_id(name, source),
        source=source,
        subject=attributes.get("subject", ""),
        time=time,
        data=decode_data(model, to_json(document.get("data"), inf_nan_mode="constants")),
        tenant=attributes.get("tenant"),
        version=None if version is None else read_version(version.encode(), "streamversion"),
        traceparent=None if trace is None else read_traceparent(trace),
        replay_id=attributes.get("replayid"),
    )


def is_structured(content_type: bytes) -> bool:
    """Whether it is that of a message in structured mode. Media types are the same in capitals (RFC 9110)."""
    return content_type.split(b";")[0].strip().lower() == STRUCTURED_TYPE


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
