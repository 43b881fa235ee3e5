"""Between the log's types and the columns of its statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from queuebit_store.errors import InvalidBatch
from queuebit_store.log.port import Append, NewEvent, StoredEvent

_T = TypeVar("_T")

SEPARATOR = "\x1f"
"""Parts the values of a column that travels as one text. JSON has no such character, and nothing else may hold it."""

DATA = -3
"""Where the data stand in what `event_columns` gives."""


def joined(column: Sequence[str]) -> str:
    """A column of texts as one text; where all are the same, that text alone.

    Raises InvalidBatch where a value holds the separator.
    """
    values = brief(column)
    text = SEPARATOR.join(values)
    if text.count(SEPARATOR) != len(values) - 1:
        raise InvalidBatch("A text of the batch holds the control character U+001F.")
    return text


def brief(column: Sequence[_T]) -> Sequence[_T]:
    """The column, or its first value alone where all are the same. Not for columns of which only some values are None."""
    return column[:1] if column.count(column[0]) == len(column) else column


def stream_columns(batch: Sequence[Append]) -> list[Any]:
    """The first parameters of `append`, one a column, sorted by stream id: the order in which rows are locked."""
    ordered = sorted(batch, key=lambda one: one.stream_id.int)
    heads = [one.head for one in ordered]
    wake_at = [head.wake_at for head in heads]
    rivals = [one.rival_id for one in ordered]
    return [
        [one.stream_id for one in ordered],
        joined([one.tenant for one in ordered]),
        joined([one.category for one in ordered]),
        joined([one.environment for one in ordered]),
        brief([one.expected_version for one in ordered]),
        brief([one.expected_version + len(one.events) for one in ordered]),
        joined([head.state for head in heads]),
        joined([head.kind for head in heads]),
        joined([head.tier for head in heads]),
        joined([head.lane for head in heads]),
        joined([head.fingerprint for head in heads]),
        wake_at if any(wake_at) else (),
        brief([one.events[0].time for one in ordered]),
        brief([one.events[-1].time for one in ordered]),
        rivals if any(rivals) else (),
    ]


def event_columns(batch: Sequence[Append], hashes: Mapping[int, bytes] = MappingProxyType({})) -> list[Any]:
    """The other parameters of `append`: the events in batch order. `hashes`: of payloads, by the identity of their text."""
    stream_ids: list[UUID] = []
    versions: list[int] = []
    events: list[NewEvent] = []
    for one in batch:
        count = len(one.events)
        stream_ids += [one.stream_id] * count
        versions += range(one.expected_version + 1, one.expected_version + 1 + count)
        events += one.events
    ids, types, schema_versions, data, times, causation_ids, traceparents, payloads = zip(*events, strict=True)
    return [
        stream_ids,
        versions,
        brief(schema_versions),
        ids,
        causation_ids,
        brief(times),
        _once_an_event(batch, [one.category for one in batch]),
        _once_an_event(batch, [one.tenant for one in batch]),
        _once_an_event(batch, [one.environment for one in batch]),
        joined(types),
        joined([each or "" for each in traceparents]),
        joined(data),
        [None if each is None else each.at for each in payloads] if hashes else (),
        [None if each is None else hashes[id(each.text)] for each in payloads] if hashes else (),
    ]


def _once_an_event(batch: Sequence[Append], column: Sequence[str]) -> str:
    """A column with one text a stream, as one with a text for each of its events."""
    text = joined(column)
    if SEPARATOR not in text:
        return text
    return joined([value for value, one in zip(column, batch, strict=True) for _ in one.events])


def stored_events(rows: Sequence[asyncpg.Record]) -> list[StoredEvent]:
    """The rows of `read`, `load` or `events_of`, whose columns stand in the order of the fields."""
    return list(map(StoredEvent._make, rows))
