"""What several clients did to the same streams of the store, each operation with when it began and ended."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Literal, NamedTuple
from uuid import UUID

import orjson

from queuebit_contracts.ids import uuid7
from queuebit_store.errors import StoreUnavailable
from queuebit_store.ports import Append, EventLog, Head, NewEvent

Outcome = Literal["ok", "refused", "unknown"]
CATEGORY = "job"
TENANT = "witness"
OPERATIONS_OF_A_STREAM = 60
"""A checker tries orders: a stream is left for another before there are too many."""
LOOKS_AFTER_UNKNOWN = 12
"""What nobody heard the answer of may take effect at any later moment, and the orders to try double with each. So it is
looked at a few times more, and the stream is left."""
READ_SHARE = 0.4
STALE_SHARE = 0.3
PAUSE_S = (0.02, 0.12)
AFTER_UNKNOWN_S = 0.5


class Operation(NamedTuple):
    """One append or read, as the checker reads it. Times in nanoseconds of one monotonic clock."""

    client: int
    stream: str
    kind: Literal["append", "read"]
    expected: int
    value: int
    values: Sequence[int]
    outcome: Outcome
    call_ns: int
    return_ns: int

    def line(self) -> bytes:
        """One JSON document."""
        return orjson.dumps(self._asdict())


@dataclass
class Historian:
    """Makes a history. One stream at a time is fought over by all clients."""

    seed: int
    operations: list[Operation] = field(default_factory=list)
    _values: Iterator[int] = field(default_factory=lambda: count(1))
    _streams: Iterator[int] = field(default_factory=lambda: count(1))
    _left: int = 0
    _stream: UUID = field(default_factory=lambda: UUID(int=0))

    async def client(self, number: int, store: EventLog, stop: asyncio.Event) -> None:
        """Appends and reads until it is told to stop. After an unknown answer it waits a little."""
        chance = random.Random(f"{self.seed}/{number}")
        known = (self._stream, 0)
        while not stop.is_set():
            stream = self._next_stream()
            if known[0] != stream:
                known = (stream, 0)
            if chance.random() < READ_SHARE:
                done = await self._read(number, store, stream)
                known = (stream, len(done.values)) if done.outcome == "ok" else known
            else:
                expected = max(0, known[1] - (chance.random() < STALE_SHARE))
                done = await self._append(number, store, stream, expected)
                known = (stream, known[1] + (done.outcome == "ok"))
            self.operations.append(done)
            if done.outcome == "unknown":
                self._left = min(self._left, LOOKS_AFTER_UNKNOWN)
            await asyncio.sleep(AFTER_UNKNOWN_S if done.outcome == "unknown" else chance.uniform(*PAUSE_S))

    def _next_stream(self) -> UUID:
        if self._left == 0:
            self._left = OPERATIONS_OF_A_STREAM
            self._stream = uuid7(time.time_ns() // 1_000_000, next(self._streams))
        self._left -= 1
        return self._stream

    async def _append(self, client: int, store: EventLog, stream: UUID, expected: int) -> Operation:
        value = next(self._values)
        event = NewEvent(_id_of(value), "Witnessed", 1, f'{{"value":{value}}}', datetime.fromtimestamp(0).astimezone())
        append = Append(stream, TENANT, expected, (event,), Head("open"), category=CATEGORY)
        call_ns = time.monotonic_ns()
        outcome: Outcome
        try:
            (passed,) = await store.append([append])
            outcome = "ok" if passed else "refused"
        except StoreUnavailable:
            outcome = "unknown"
        return Operation(client, str(stream), "append", expected, value, (), outcome, call_ns, time.monotonic_ns())

    async def _read(self, client: int, store: EventLog, stream: UUID) -> Operation:
        call_ns = time.monotonic_ns()
        try:
            found = (await store.load([stream])).get(stream, [])
        except StoreUnavailable:
            return Operation(client, str(stream), "read", 0, 0, (), "unknown", call_ns, time.monotonic_ns())
        values = tuple(_value_of(event.id) for event in found)
        return Operation(client, str(stream), "read", 0, 0, values, "ok", call_ns, time.monotonic_ns())


def _id_of(value: int) -> UUID:
    return uuid7(0, value)


def _value_of(event_id: UUID) -> int:
    """The random bits of the id are the value."""
    low = (1 << 62) - 1
    return event_id.int & low
