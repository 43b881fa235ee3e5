"""What must never be kept, taken out of what is kept. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = b"[secret]"
LENGTH_MIN = 8
"""What is shorter stands in many a text by chance."""
_TELLING = re.compile(r"TOKEN|SECRET|PASSWORD|API_?KEY|PEPPER|CREDENTIAL", re.IGNORECASE)
_PATTERNS = (
    re.compile(rb"(Bearer )[^\s\"']+"),
    re.compile(rb"()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
    re.compile(
        rb"((?:[?&;]|\\u0026)(?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|Signature|sig|access_token|token)=)"
        rb"[^&\"\s\\]+",
        re.IGNORECASE,
    ),
    re.compile(
        rb"(\"(?:(?:access_|refresh_|id_|session_)?token|apikey|api_key|password|secret|authorization)\"\s*:\s*\")[^\"]*",
        re.IGNORECASE,
    ),
)
"""What stands before a secret, and the secret."""


def secrets_of(env: Mapping[str, str]) -> tuple[bytes, ...]:
    """The values of variables whose names say that they are secret, the longest first."""
    found = {value.encode() for name, value in env.items() if _TELLING.search(name) and len(value) >= LENGTH_MIN}
    return tuple(sorted(found, key=len, reverse=True))


def without_secrets(data: bytes, secrets: tuple[bytes, ...]) -> bytes:
    """The bytes as they are, where they hold no secret: none of these, and nothing that looks like a token or a signature."""
    for secret in secrets:
        data = data.replace(secret, HIDDEN)
    for pattern in _PATTERNS:
        data = pattern.sub(rb"\1" + HIDDEN, data)
    return data
