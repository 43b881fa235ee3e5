"""Opaque, signed page cursors, bound to the tenant and the filters of their list."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts.canonical import canonical_json
from queuebit_gateway.problem_details import Refusal
from queuebit_store.ports import Place, Position

_MAC_BYTES = 16
_BOUND_BYTES = 8
_PLACE_BYTES = 8 + 16
_LENGTH = _PLACE_BYTES + _BOUND_BYTES + _MAC_BYTES
_SEEN_BYTES = 2 + 3 * 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class PageCursors:
    """Makes and reads cursors under a secret of this installation."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(b"queuebit cursor\x1f" + secret).digest()

    def make(self, last: Place, tenant: str, filters: object) -> str:
        """The cursor of the page that starts after the place `last`."""
        time = ((last.created_at - _EPOCH) // _TICK).to_bytes(8, signed=True)
        payload = time + last.stream_id.bytes + _bound_to(tenant, filters)
        return urlsafe_b64encode(payload + self._mac(payload)).rstrip(b"=").decode()

    def read(self, cursor: str, tenant: str, filters: object) -> Place:
        """The place after which the page starts. Raises Refusal: cursor_invalid or cursor_mismatch."""
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            raise Refusal("cursor_invalid") from None
        payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(raw) != _LENGTH or not hmac.compare_digest(mac, self._mac(payload)):
            raise Refusal("cursor_invalid")
        if payload[_PLACE_BYTES:] != _bound_to(tenant, filters):
            raise Refusal("cursor_mismatch")
        time = _EPOCH + int.from_bytes(payload[:8], signed=True) * _TICK
        return Place(time, UUID(bytes=payload[8:_PLACE_BYTES]))

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._secret, payload, "sha256")[:_MAC_BYTES]


class Seen(NamedTuple):
    """How far a reader of a tenant's events has come: the place in the log, and the time of what stood there."""

    position: Position
    at: datetime


class EventCursors:
    """Makes and reads the ids of a tenant's stream of events: opaque, signed, and of use to that tenant alone."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(b"queuebit events\x1f" + secret).digest()

    def make(self, seen: Seen, tenant: str) -> str:
        """The id that stands for having seen everything up to here."""
        epoch, xid, seq = seen.position
        time = (seen.at - _EPOCH) // _TICK
        place = epoch.to_bytes(2) + b"".join(each.to_bytes(8, signed=True) for each in (xid, seq, time))
        return urlsafe_b64encode(place + self._mac(place, tenant)).decode()

    def read(self, text: str, tenant: str) -> Seen:
        """What the id stands for. Raises Refusal cursor_invalid, also where it is another tenant's."""
        try:
            raw = urlsafe_b64decode(text)
        except ValueError:
            raise Refusal("cursor_invalid") from None
        place, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(place) != _SEEN_BYTES or not hmac.compare_digest(mac, self._mac(place, tenant)):
            raise Refusal("cursor_invalid")
        xid, seq, time = (int.from_bytes(place[at : at + 8], signed=True) for at in (2, 10, 18))
        return Seen(Position(int.from_bytes(place[:2]), xid, seq), _EPOCH + time * _TICK)

    def _mac(self, place: bytes, tenant: str) -> bytes:
        return hmac.digest(self._secret, place + tenant.encode(), "sha256")[:_MAC_BYTES]


def _bound_to(tenant: str, filters: object) -> bytes:
    return hashlib.sha256(canonical_json([tenant, filters])).digest()[:_BOUND_BYTES]
