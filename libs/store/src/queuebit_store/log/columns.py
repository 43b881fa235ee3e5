"""Between the log's types and the columns of its statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import asyncpg

from queuebit_store.heads.columns import attributes_text
from queuebit_store.log.port import Append, NewEvent, StoredEvent


def given(batch: Sequence[Append], hashes: Mapping[int, bytes] = MappingProxyType({})) -> list[tuple[Any, ...]]:
    """The parameter of `append`: a row a stream as the type `stream_append` has it, its events inside, each a row too.

    Sorted by stream id: the order in which rows are locked. `hashes`: of payloads, by the identity of their text. Raises
    InvalidBatch for text that is no Unicode.
    """
    return [
        (
            nth,
            one.stream_id,
            one.tenant,
            one.category,
            one.expected_version,
            one.head.state,
            one.head.wake_at,
            attributes_text(one.head.attributes),
            one.rival_id,
            [_named(event, hashes) for event in one.events] if hashes else one.events,
        )
        for nth, one in sorted(enumerate(batch), key=lambda numbered: numbered[1].stream_id.int)
    ]


def _named(event: NewEvent, hashes: Mapping[int, bytes]) -> tuple[Any, ...]:
    """The event with the name of its payload in the place of the payload."""
    payload = event.payload
    return event if payload is None else (*event[:-1], (payload.at, hashes[id(payload.text)]))


def stored_events(rows: Sequence[asyncpg.Record]) -> list[StoredEvent]:
    """The rows of `read`, `load` or `events_of`, whose columns stand in the order of the fields."""
    return list(map(StoredEvent._make, rows))
