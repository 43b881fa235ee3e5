"""A message in structured mode: one JSON object with its attributes and its data, as the official SDKs write it.

It is parsed twice, once for its attributes and once for its data, so that what a statement holds never becomes objects on the
way. Both take time in proportion to the bytes, which are bounded.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import SchemaValidator, core_schema, from_json, to_json

from queuebit_contracts.attributes import REMEDY, check_length, malformed
from queuebit_contracts.data import Data
from queuebit_contracts.errors import FieldError, InvalidData, MalformedEnvelope, field_errors
from queuebit_contracts.large import TEXT_BYTES_MIN, decode_as_text

STRUCTURED_TYPE = b"application/cloudevents+json"
BATCH_TYPE = b"application/cloudevents-batch+json"
BATCH_EVENTS_MAX = 100
BATCH_BYTES_MAX = 256 * 1024
"""Opening the worst batch of this size takes some milliseconds; whoever asks more asks in several records."""

_FAMILY = b"application/cloudevents"
_JSON = b"application/json"
_BINARY = ("ce_specversion", "ce_id", "ce_source", "ce_type")
_ATTRIBUTES = ("id", "source", "type", "subject", "time", "tenant", "replayid", "correlationid")
ATTRIBUTES_READ = (*_ATTRIBUTES, "specversion", "streamversion", "traceparent")
"""What is read of a message beside its data; the last three have bounds of their own."""
_IN_TEXT = ("data", "data_base64")
_SPACE = b" \t\r\n"


def _head_validator() -> SchemaValidator:
    """Reads texts and whole numbers by name; passes over everything else, what has another type too."""
    scalar = core_schema.union_schema([core_schema.str_schema(strict=True), core_schema.int_schema(strict=True)])
    field = core_schema.typed_dict_field(core_schema.with_default_schema(scalar, on_error="omit"), required=False)
    names = (*ATTRIBUTES_READ, *_IN_TEXT)
    return SchemaValidator(core_schema.typed_dict_schema(dict.fromkeys(names, field), extra_behavior="ignore"))


_HEAD = _head_validator()
_BATCH = SchemaValidator(core_schema.list_schema(core_schema.any_schema(), max_length=BATCH_EVENTS_MAX))


class Document(NamedTuple):
    """A message whose attributes are read: texts, each within its bound where it has none of its own."""

    attributes: dict[str, str]
    value: bytes
    text: str | None
    """Data that is JSON in a text."""
    base64: str | None


def is_structured(headers: Mapping[str, bytes]) -> bool:
    """Whether the value holds the attributes too: the content type says so, or no header holds an attribute.

    The binding leaves the content type out, or, in version 1 of the Python SDK, has that of the data.
    """
    content_type = headers.get("content-type")
    if content_type is not None and content_type != _JSON and content_type[: len(_FAMILY)].lower() == _FAMILY:
        return True
    return "ce_type" not in headers and not any(name in headers for name in _BINARY)


def media_type(content_type: bytes) -> bytes:
    """Without its parameters, in lower case: media types are the same in capitals (RFC 9110)."""
    return content_type.split(b";", 1)[0].strip().lower()


def check_media_type(content_type: bytes | None) -> None:
    """Refuse a format that is not read here. Raises MalformedEnvelope."""
    if content_type is None or content_type[: len(_FAMILY)].lower() != _FAMILY:
        return
    match media_type(content_type):
        case b"application/cloudevents+json" | b"application/cloudevents":
            return
        case b"application/cloudevents-batch+json":
            raise malformed(
                "content-type",
                f"is that of a batch, and the value is no JSON array of at most {BATCH_EVENTS_MAX} events and "
                f"{BATCH_BYTES_MAX} bytes, or its topic takes none",
            )
        case _:
            raise malformed("content-type", "is that of an event format that is not read; JSON is")


def read_document(value: bytes) -> Document:
    """Read the attributes. Raises MalformedEnvelope."""
    try:
        found: dict[str, str | int] = _HEAD.validate_json(value)
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_context=False, include_input=False)
        if first["type"] == "json_invalid":
            raise MalformedEnvelope(f"The value is not JSON: {first['msg']}.", remedy=REMEDY) from None
        raise MalformedEnvelope("The value is not a JSON object.", remedy=REMEDY) from None
    text, base64 = found.get("data"), found.get("data_base64")
    attributes = {name: str(found[name]) for name in ATTRIBUTES_READ if name in found}
    for name in _ATTRIBUTES:
        check_length(name, attributes.get(name, ""))
    return Document(
        attributes, value, text if isinstance(text, str) else None, base64 if isinstance(base64, str) else None
    )


def read_data(document: Document, model: type[Data]) -> Data:
    """Parse and check the data. Raises InvalidData, and MalformedEnvelope where it is given twice or is not base64."""
    if document.base64 is not None:
        return decode_data(model, _bytes_of(document, document.base64))
    if document.text is not None:
        return decode_data(model, document.text.encode())
    around: dict[str, Data] = _checked(model, _around(model), document.value, within="/data")
    return around["data"]


def decode_data(model: type[Data], value: bytes, *, text: bool = False) -> Data:
    """Parse and check the data. Raises InvalidData.

    With `text`, the statement of a large message stays a StatementText: for readers who pass it on, or read it elsewhere.
    """
    reader = decode_as_text if text and len(value) >= TEXT_BYTES_MIN else None
    data: Data = _checked(model, model.__pydantic_validator__, value, reader=reader)
    return data


def split_batch(value: bytes) -> list[bytes] | None:
    """The events of a batch, each in structured mode; None where it is no JSON array, or has too many or too much."""
    if len(value) > BATCH_BYTES_MAX:
        return None
    try:
        events = _BATCH.validate_json(value)
    except ValidationError:
        return None
    return [to_json(event, inf_nan_mode="constants") for event in events]


def join_batch(events: Sequence[bytes]) -> bytes:
    """The batch of these events."""
    return b"[" + b",".join(events) + b"]"


def may_be_batch(value: bytes | None) -> bool:
    """Whether the value begins like a JSON array: what is cheap to ask first, of every record."""
    if not value:
        return False
    return value[:1] == b"[" or (value[:1] in _SPACE and value.lstrip(_SPACE)[:1] == b"[")


def _checked(
    model: type[Data],
    validator: Any,
    value: bytes,
    *,
    within: str = "",
    reader: Callable[[type[Data], bytes], Data | None] | None = None,
) -> Any:
    """What `reader` reads, where it can, else the validator."""
    try:
        if reader is not None and (data := reader(model, value)) is not None:
            return data
        return validator.validate_json(value)
    except ValidationError as error:
        fields = tuple(
            FieldError(each.pointer.removeprefix(within), each.code, each.detail) for each in field_errors(error)
        )
        raise InvalidData(
            f"The data of {model.__name__} is not valid: {'; '.join(str(field) for field in fields)}",
            remedy="Correct the named fields; schemas/ holds the JSON Schema.",
            fields=fields,
        ) from None


@cache
def _around(model: type[Data]) -> SchemaValidator:
    """Reads a whole message for its data alone."""
    data = core_schema.typed_dict_field(model.__pydantic_core_schema__)
    return SchemaValidator(core_schema.typed_dict_schema({"data": data}, extra_behavior="ignore"))


def _bytes_of(document: Document, base64: str) -> bytes:
    if document.text is not None or from_json(document.value).get("data") is not None:
        raise malformed("data_base64", "is there beside data: only one of them may be")
    try:
        return b64decode(base64, validate=True)
    except (binascii.Error, ValueError):
        raise malformed("data_base64", "is not base64") from None
