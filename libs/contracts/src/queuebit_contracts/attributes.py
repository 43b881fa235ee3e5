"""How the attributes of an envelope are read, one by one: bounded, and named where they are wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from queuebit_contracts.errors import FieldError, MalformedEnvelope
from queuebit_contracts.ids import event_id_of, uuid_from

REMEDY = "Send CloudEvents 1.0 in Kafka binary or structured mode as schemas/asyncapi.json describes it."
ATTRIBUTE_BYTES_MAX = 1024
"""No attribute may be longer, as it is written."""
VERSION_DIGITS_MAX = 18
"""No stream has a version with so many digits, and each number of so many fits into 64 bits."""

_READ = ("ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_tenant", "ce_replayid", "ce_correlationid")
_NAMES = frozenset((*_READ, "ce_specversion", "ce_streamversion", "content-type", "traceparent"))
_SPECVERSION = re.compile(r"1\.[0-9]{1,3}")
_LEAP_SECOND = re.compile(r"(?<=:[0-9]{2}:)60")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRACE_LENGTH = 55
_TRACE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def known_headers(headers: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Those that are read, by their names in lower case; one that is written in lower case counts before the others.

    The SDKs read names so too. Whatever else a record carries is none of our business.
    """
    if headers.keys() <= _NAMES:
        return headers
    known = {name.lower(): value for name, value in headers.items() if name.lower() in _NAMES}
    known.update((name, value) for name, value in headers.items() if name in _NAMES)
    return known


def check_headers(headers: Mapping[str, bytes]) -> None:
    """Refuse attributes that are not UTF-8 or too long. Raises MalformedEnvelope.

    All are read at once, with a letter between them that no sequence of bytes reaches across, and one by one only where that
    fails.
    """
    try:
        joined = b" ".join(headers.values())
        joined.decode()
    except (TypeError, UnicodeDecodeError):
        pass  # a header without a value, or one that is no text
    else:
        if len(joined) <= ATTRIBUTE_BYTES_MAX:
            return
    for name in _READ:
        value = headers.get(name) or b""
        check_length(name, value)
        _check_text(name, value)


def check_length(name: str, value: bytes | str) -> None:
    """Refuse an attribute that is too long. Raises MalformedEnvelope."""
    if len(value) > ATTRIBUTE_BYTES_MAX:
        raise malformed(name, f"is longer than {ATTRIBUTE_BYTES_MAX} bytes")


def _check_text(name: str, value: bytes) -> None:
    try:
        value.decode()
    except UnicodeDecodeError:
        raise malformed(name, "is not UTF-8") from None


def read_specversion(text: str | None, name: str) -> None:
    """Refuse any version of CloudEvents but 1.0 and what stays compatible with it. Raises MalformedEnvelope."""
    if text is None or not _SPECVERSION.fullmatch(text):
        raise malformed(name, "is missing or not 1.0")


def read_time(text: str, name: str) -> datetime:
    """An RFC 3339 time. Raises MalformedEnvelope."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = _rare_time(text, name)
    if time.tzinfo is None:
        raise malformed(name, "has no time zone")
    return time


def _rare_time(text: str, name: str) -> datetime:
    """One with letters in lower case or with a leap second, which RFC 3339 allows and Python does not know."""
    try:
        return datetime.fromisoformat(_LEAP_SECOND.sub("59", text.upper()))
    except ValueError:
        raise malformed(name, "is not an RFC 3339 time") from None


def time_of_record(timestamp_ms: int) -> datetime | None:
    """When the broker or the producer says that the record was written; None where neither says it."""
    if timestamp_ms <= 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=timestamp_ms)
    except OverflowError:
        return None


def read_event_id(name: str, source: str) -> tuple[UUID, str | None]:
    """The id as a UUID: as it is, or, as CloudEvents allow any text, derived from what they say is unique (source, id).

    The second is that text, and None for a UUID.
    """
    try:
        return uuid_from(name), None
    except ValueError:
        return event_id_of(source, name), name


@lru_cache(maxsize=8192)
def _uuid_from(text: str) -> UUID:
    """The id, which is parsed once for all messages about a job."""
    return uuid_from(text)


def read_uuid(text: str, name: str) -> UUID:
    """An id. Raises MalformedEnvelope."""
    try:
        return _uuid_from(text)
    except ValueError:
        raise malformed(name, "is not a UUID") from None


def read_version(text: bytes, name: str) -> int:
    """A stream version. Raises MalformedEnvelope."""
    if len(text) > VERSION_DIGITS_MAX:
        raise malformed(name, f"is longer than {VERSION_DIGITS_MAX} digits")
    if not text.isdigit():
        raise malformed(name, "is not a whole number")
    return int(text)


def read_traceparent(text: str) -> str | None:
    """The trace; None where the text is no traceparent of version 00, which W3C trace context says to ignore."""
    return text if len(text) == _TRACE_LENGTH and _TRACE.fullmatch(text) else None


def malformed(name: str, detail: str) -> MalformedEnvelope:
    """The error about one attribute."""
    return MalformedEnvelope(f"{name} {detail}.", remedy=REMEDY, fields=(FieldError(f"/{name}", "malformed", detail),))
