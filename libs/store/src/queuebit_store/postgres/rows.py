"""Between the port's types and the columns of the statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from queuebit_store.errors import InvalidBatch
from queuebit_store.ports import ApiKeyRow, Append, Head, Reservation, StoredEvent, StreamRow

SEPARATOR = "\x1f"
"""Parts the values of a column that travels as one text. JSON has no such character, and nothing else may hold it."""


def joined(column: Sequence[str | None]) -> str:
    """A column of texts as one text, None as an empty one. Raises InvalidBatch where a value holds the separator."""
    text = SEPARATOR.join([value or "" for value in column])
    if text.count(SEPARATOR) != len(column) - 1:
        raise InvalidBatch("A text of the batch holds the control character U+001F.")
    return text


def stream_columns(batch: Sequence[Append]) -> list[Any]:
    """The first parameters of `append`, one a column, sorted by stream id: the order in which rows are locked."""
    rows = [
        (
            one.stream_id,
            one.tenant,
            one.category,
            one.environment,
            one.expected_version,
            one.expected_version + len(one.events),
            one.head.state,
            one.head.kind,
            one.head.tier,
            one.head.lane,
            one.head.fingerprint,
            one.head.wake_at,
            one.events[0].time,
            one.events[-1].time,
        )
        for one in sorted(batch, key=lambda one: one.stream_id)
    ]
    return _columns(rows, texts=(1, 2, 3, 6, 7, 8, 9, 10))


def event_columns(batch: Sequence[Append]) -> list[Any]:
    """The other parameters of `append`: the events in batch order."""
    rows = [
        (
            one.stream_id,
            version,
            event.schema_version,
            event.id,
            event.causation_id,
            event.time,
            one.category,
            one.tenant,
            one.environment,
            event.type,
            event.traceparent,
            event.data,
        )
        for one in batch
        for version, event in enumerate(one.events, one.expected_version + 1)
    ]
    return _columns(rows, texts=(6, 7, 8, 9, 10, 11))


def _columns(rows: Sequence[tuple[Any, ...]], texts: tuple[int, ...]) -> list[Any]:
    columns: list[Any] = list(zip(*rows, strict=True))
    for place in texts:
        columns[place] = joined(columns[place])
    return columns


def head_columns(rows: Sequence[tuple[Any, int, Head]]) -> list[Sequence[Any]]:
    """The parameters of `rewrite_heads`."""
    return list(
        zip(
            *(
                (stream_id, version, head.state, head.kind, head.tier, head.lane, head.fingerprint, head.wake_at)
                for stream_id, version, head in sorted(rows, key=lambda row: row[0])
            ),
            strict=True,
        )
    )


def stored_event(row: asyncpg.Record) -> StoredEvent:
    """A row of `read`, `load` or `events_of`, whose columns stand in the order of the fields."""
    return StoredEvent(*row)


def stream_row(row: asyncpg.Record) -> StreamRow:
    """A row of `heads` or of a list."""
    return StreamRow(row[0], row[1], row[2], Head(*row[3:9]), *row[9:])


def reservation(row: asyncpg.Record) -> Reservation:
    """A row of `reserve`."""
    return Reservation(*row)


def api_key_row(row: asyncpg.Record) -> ApiKeyRow:
    """A row of `find_key`."""
    return ApiKeyRow(*row)
