"""Batches of CloudEvents: several messages in one record, each handled as one of its own.

A record that holds a batch becomes one record an event, all at its place, each with its number as `part`. It is done when all
of them are. What of it cannot be read is kept together, in one dead letter: a small record must not grow into many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queuebit_contracts.channels import BY_TOPIC
from queuebit_contracts.structured import BATCH_TYPE, STRUCTURED_TYPE, join_batch, may_be_batch, media_type, split_batch
from queuebit_runtime.bus.dead_letters.headers import PLACE
from queuebit_runtime.bus.port import Delivery, Outgoing, Record

_EVENT: tuple[tuple[str, bytes], ...] = (("content-type", STRUCTURED_TYPE),)
_CONTENT_TYPE = "content-type"
Place = tuple[str, int, int]


def place_of(record: Record) -> Place:
    """Where the record lies, whichever part of it is meant."""
    return record.topic, record.partition, record.offset


class Opened:
    """A delivery whose batches are opened. What is said of a part counts for its record once nothing else of it is open."""

    __slots__ = ("_inner", "_open", "records")

    def __init__(self, inner: Delivery, records: Sequence[Record], parts: dict[Place, set[int]]) -> None:
        self.records = records
        self._inner = inner
        self._open = parts

    def done(self, record: Record) -> None:
        if record.part is not None:
            left = self._open[place_of(record)]
            left.discard(record.part)
            if left:
                return
        self._inner.done(record)

    def done_all(self) -> None:
        for record in self.records:
            self.done(record)

    def wanted(self, record: Record) -> bool:
        mine = record.part is None or record.part in self._open[place_of(record)]
        return mine and self._inner.wanted(record)


def opened(delivery: Delivery, size_max: int) -> Iterator[Delivery]:
    """The delivery itself where it holds no batch; else its records and their parts in order, at most `size_max` at a time.

    A record is never in two of them, so one may be larger by one batch. A batch of no events is done at once.
    """
    if not any(may_be_batch(record.value) and _is_batch(record) for record in delivery.records):
        yield delivery
        return
    records: list[Record] = []
    parts: dict[Place, set[int]] = {}
    for record in delivery.records:
        events = split_batch(record.value or b"") if _is_batch(record) else None
        if events is None:
            records.append(record)
        elif events:
            parts[place_of(record)] = set(range(len(events)))
            records.extend(
                record._replace(value=event, headers=_EVENT, part=number) for number, event in enumerate(events)
            )
        else:
            delivery.done(record)
        if len(records) >= size_max:
            yield Opened(delivery, records, parts)
            records, parts = [], {}
    if records:
        yield Opened(delivery, records, parts)


def gathered(dead: Sequence[Outgoing], delivery: Delivery) -> list[Outgoing]:
    """The dead letters, those of one batch as one: a batch of what cannot be read, with the reason of the first."""
    if not isinstance(delivery, Opened):
        return list(dead)
    letters: list[Outgoing] = []
    by_place: dict[tuple[bytes, ...], list[Outgoing]] = {}
    for letter in dead:
        headers = dict(letter.headers)
        by_place.setdefault(tuple(headers[name] for name in PLACE), []).append(letter)
    for together in by_place.values():
        first = together[0]
        if len(together) == 1:
            letters.append(first)
            continue
        headers = dict(first.headers)
        headers[_CONTENT_TYPE] = BATCH_TYPE
        headers["qb_unreadable_events"] = str(len(together)).encode()
        letters.append(first._replace(value=join_batch([each.value for each in together]), headers=[*headers.items()]))
    return letters


def _is_batch(record: Record) -> bool:
    """Whether it holds a batch, on a topic that outsiders write: nobody else sends any."""
    channel = BY_TOPIC.get(record.topic)
    if channel is None or not channel.upstream_writes:
        return False
    for name, value in record.headers:
        if name.lower() == _CONTENT_TYPE:
            return value is not None and media_type(value) == BATCH_TYPE
    return False
