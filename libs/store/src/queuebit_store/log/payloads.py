"""Large parts of events, stored apart: cut out before an append, put in their place when an event is read. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from queuebit_store.log.port import PLACE, Append, NewEvent, Payload, StoredEvent

PART_BYTES = 256 * 1024
"""How much one transaction stores, and so for how long it holds the horizon: a few milliseconds."""
Name = tuple[UUID, bytes]
"""A stream and the hash of one of its payloads."""


def hash_of(payload: Payload) -> bytes:
    """What a payload is known by in its stream."""
    return hashlib.sha256(payload.text).digest()


def hashes_of(batch: Sequence[Append]) -> dict[int, bytes]:
    """The hash of each payload in the batch, by the identity of its text: several events of a stream share one."""
    found: dict[int, bytes] = {}
    for payload in [event.payload for one in batch for event in one.events if event.payload is not None]:
        if id(payload.text) not in found:
            found[id(payload.text)] = hash_of(payload)
    return found


def payloads_of(batch: Sequence[Append], hashes: Mapping[int, bytes]) -> dict[Name, bytes]:
    """The payloads of the batch, each once a stream."""
    return {
        (one.stream_id, hashes[id(event.payload.text)]): event.payload.text
        for one in batch
        for event in one.events
        if event.payload is not None
    }


def parts_of(text: bytes) -> list[bytes]:
    """The pieces of a payload, in order."""
    return [text[at : at + PART_BYTES] for at in range(0, len(text), PART_BYTES)]


def whole_event(event: NewEvent) -> NewEvent:
    """The event with its payload in its place."""
    if event.payload is None:
        return event
    return event._replace(data=_joined(event.data, event.payload.at, event.payload.text), payload=None)


def inlined_in(batch: Sequence[Append]) -> list[Append]:
    """The same appends, with all payloads in their places."""
    return [one._replace(events=tuple(map(whole_event, one.events))) for one in batch]


def missing(events: Iterable[StoredEvent]) -> list[Name]:
    """The payloads that these events lack, each once."""
    return list({(event.stream_id, event.payload_hash): None for event in events if event.payload_hash is not None})


def filled(events: Sequence[StoredEvent], found: Mapping[Name, bytes | bytearray]) -> list[StoredEvent]:
    """The events with their payloads in place. One whose payload is not found stays as it is."""
    return [_filled(event, found) for event in events]


def _filled(event: StoredEvent, found: Mapping[Name, bytes | bytearray]) -> StoredEvent:
    if event.payload_hash is None or event.payload_at is None:
        return event
    text = found.get((event.stream_id, event.payload_hash))
    if text is None:
        return event
    return event._replace(data=_joined(event.data, event.payload_at, text), payload_at=None, payload_hash=None)


def _joined(data: str, at: int, text: bytes | bytearray) -> str:
    return f"{data[:at]}{text.decode()}{data[at + len(PLACE) :]}"
