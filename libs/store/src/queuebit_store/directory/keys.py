"""How an API key reads, and what is stored of it.

A key reads `qb_live_<8 id>_<43 secret><6 CRC32>`: a prefix that secret scanners know, an id for the look-up, a secret of 256
random bits in base 62, and a checksum that refuses typing mistakes without the database. Stored is only the HMAC-SHA256 of
the secret under the server's pepper.
"""

from __future__ import annotations

import hmac
import re
import zlib
from dataclasses import dataclass

ID_LENGTH, SECRET_LENGTH, CHECK_LENGTH = 8, 43, 6
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PREFIX = "qb_live_"
_PATTERN = re.compile(
    rf"qb_live_([0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9A-Za-z]{{{CHECK_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """A key whose checksum holds."""

    key_id: str
    secret: str


def make_key(id_bits: int, secret_bits: int) -> str:
    """The text of a key from random bits: 47 for the id, 256 for the secret."""
    body = f"{_PREFIX}{_base62(id_bits, ID_LENGTH)}_{_base62(secret_bits, SECRET_LENGTH)}"
    return body + _checksum(body)


def parse_key(text: str) -> ParsedKey | None:
    """The parts of a key; None where it is not one, or mistyped."""
    match = _PATTERN.fullmatch(text)
    if match is None or not hmac.compare_digest(_checksum(text[:-CHECK_LENGTH]), match[3]):
        return None
    return ParsedKey(match[1], match[2])


def hash_secret(pepper: bytes, secret: str) -> bytes:
    """What is stored of a secret."""
    return hmac.digest(pepper, secret.encode(), "sha256")


def _base62(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        value, digit = divmod(value, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_LENGTH)
