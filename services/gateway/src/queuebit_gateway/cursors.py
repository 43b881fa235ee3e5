"""Opaque, signed page cursors, bound to the tenant and the filters of their list."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from queuebit_contracts.canonical import canonical_json
from queuebit_gateway.problems import Refusal

_MAC_BYTES = 16
_BOUND_BYTES = 8
_LENGTH = 16 + _BOUND_BYTES + _MAC_BYTES


class Cursors:
    """Makes and reads cursors under a secret of this installation."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(b"queuebit cursor\x1f" + secret).digest()

    def make(self, last: UUID, tenant: str, filters: object) -> str:
        """The cursor of the page that starts after the job `last`."""
        payload = last.bytes + _bound_to(tenant, filters)
        return urlsafe_b64encode(payload + self._mac(payload)).rstrip(b"=").decode()

    def read(self, cursor: str, tenant: str, filters: object) -> UUID:
        """The job after which the page starts. Raises Refusal: cursor_invalid or cursor_mismatch."""
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            raise Refusal("cursor_invalid") from None
        payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(raw) != _LENGTH or not hmac.compare_digest(mac, self._mac(payload)):
            raise Refusal("cursor_invalid")
        if payload[16:] != _bound_to(tenant, filters):
            raise Refusal("cursor_mismatch")
        return UUID(bytes=payload[:16])

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._secret, payload, "sha256")[:_MAC_BYTES]


def _bound_to(tenant: str, filters: object) -> bytes:
    return hashlib.sha256(canonical_json([tenant, filters])).digest()[:_BOUND_BYTES]
