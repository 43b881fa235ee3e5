"""Between the log's types and the columns of its statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from queuebit_store.errors import InvalidBatch
from queuebit_store.heads.columns import attributes_text
from queuebit_store.log.port import Append, NewEvent, StoredEvent

_T = TypeVar("_T")

SEPARATORS = "\x1f\x1e\x1d\x1c\x1b\x1a\x19\x18"
"""One of them parts the values of a column that travels as one text. JSON has no such character; whose name has one, has not
all of them.
"""
_NONE: tuple[Any, ...] = ()


def given(batch: Sequence[Append], hashes: Mapping[int, bytes] = MappingProxyType({})) -> tuple[Any, ...]:
    """The parameters of `append`. `hashes`: of payloads, by the identity of their text.

    Raises InvalidBatch for text that is no Unicode, or that holds all separators.
    """
    for separator in SEPARATORS:
        try:
            streams, events = _stream_columns(batch, separator), _event_columns(batch, separator)
        except _Held:
            continue
        return (*streams, *events, *_payload_columns(batch, hashes), separator)
    raise InvalidBatch(f"The names in a batch hold all of the control characters {SEPARATORS!r}.")


class _Held(Exception):
    """A text of the batch holds the separator."""


def _stream_columns(batch: Sequence[Append], separator: str) -> tuple[Any, ...]:
    """One a column, sorted by stream id: the order in which rows are locked."""
    ordered = sorted(batch, key=lambda one: one.stream_id.int)
    heads = [one.head for one in ordered]
    return (
        [one.stream_id for one in ordered],
        _joined([one.tenant for one in ordered], separator),
        _joined([one.category for one in ordered], separator),
        _brief([one.expected_version for one in ordered]),
        _brief([one.expected_version + len(one.events) for one in ordered]),
        _joined([head.state for head in heads], separator),
        _unless_none([head.wake_at for head in heads]),
        _joined([attributes_text(head.attributes) for head in heads], separator),
        _unless_none([one.rival_id for one in ordered]),
        _brief([one.events[0].time for one in ordered]),
        _brief([one.events[-1].time for one in ordered]),
    )


def _event_columns(batch: Sequence[Append], separator: str) -> tuple[Any, ...]:
    """One a column, in batch order."""
    stream_ids: list[UUID] = []
    versions: list[int] = []
    events: list[NewEvent] = []
    for one in batch:
        count = len(one.events)
        stream_ids += [one.stream_id] * count
        versions += range(one.expected_version + 1, one.expected_version + 1 + count)
        events += one.events
    ids, types, schema_versions, data, times, causation_ids, traceparents, _ = zip(*events, strict=True)
    return (
        stream_ids,
        versions,
        _brief(schema_versions),
        ids,
        _unless_none(causation_ids),
        _brief(times),
        _once_an_event(batch, [one.category for one in batch], separator),
        _once_an_event(batch, [one.tenant for one in batch], separator),
        _joined(types, separator),
        _joined([each or "" for each in traceparents], separator),
        _joined(data, separator),
    )


def _payload_columns(batch: Sequence[Append], hashes: Mapping[int, bytes]) -> tuple[Any, ...]:
    """Where payloads belong, and their names; hardly any batch has any."""
    if not hashes:
        return _NONE, _NONE
    payloads = [event.payload for one in batch for event in one.events]
    return (
        [None if payload is None else payload.at for payload in payloads],
        [None if payload is None else hashes[id(payload.text)] for payload in payloads],
    )


def _joined(column: Sequence[str], separator: str) -> str:
    """A column of texts as one text; where all are the same, that text alone. Raises _Held."""
    values = _brief(column)
    text = separator.join(values)
    if text.count(separator) != len(values) - 1:
        raise _Held
    return text


def _brief(column: Sequence[_T]) -> Sequence[_T]:
    """The column, or its first value alone where all are the same. Not for columns of which only some values are None."""
    return column[:1] if column.count(column[0]) == len(column) else column


def _unless_none(column: Sequence[_T]) -> Sequence[_T]:
    """The column, or an empty one where all values are None."""
    return column if any(column) else ()


def _once_an_event(batch: Sequence[Append], column: Sequence[str], separator: str) -> str:
    """A column with one text a stream, as one with a text for each of its events."""
    text = _joined(column, separator)
    if separator not in text:
        return text
    return _joined([value for value, one in zip(column, batch, strict=True) for _ in one.events], separator)


def stored_events(rows: Sequence[asyncpg.Record | tuple[Any, ...]]) -> list[StoredEvent]:
    """The rows of `read`, `load` or `events_of`, whose columns stand in the order of the fields."""
    return list(map(StoredEvent._make, rows))
