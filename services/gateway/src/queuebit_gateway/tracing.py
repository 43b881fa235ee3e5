"""W3C trace context at the door: taken from the request, or started here."""

from __future__ import annotations

import re
from uuid import UUID

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent_of(header: str | None, fresh: UUID) -> str:
    """The caller's trace where the header is valid, else a new one made from a fresh id."""
    text = (header or "").strip()
    if _TRACEPARENT.fullmatch(text):
        return text
    return f"00-{fresh.hex}-{fresh.hex[16:]}-01"
