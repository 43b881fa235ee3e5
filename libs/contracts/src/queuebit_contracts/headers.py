"""The headers of a record in binary mode, from their parts."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from queuebit_contracts.ids import id_bytes

JSON_TYPE = b"application/json"
_JSON = ("content-type", JSON_TYPE)
_SPECVERSION = ("ce_specversion", b"1.0")

Header = tuple[str, bytes]
Headers = list[Header]


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
        _SPECVERSION,
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


def stored_headers(
    event_id: UUID,
    source: Header,
    ce_type: Header,
    subject: Header,
    time: Header,
    tenant: Header,
    version: int,
    traceparent: str | None,
) -> Headers:
    """The same headers, of a stored event: what it shares with others is a header already."""
    headers = [
        _SPECVERSION,
        _JSON,
        ("ce_id", id_bytes(event_id)),
        source,
        ce_type,
        subject,
        time,
        tenant,
        _version_header(version),
    ]
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


@lru_cache(maxsize=1024)
def _version_header(version: int) -> Header:
    return ("ce_streamversion", str(version).encode())
