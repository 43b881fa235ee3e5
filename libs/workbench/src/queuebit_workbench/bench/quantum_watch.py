"""Counts what comes on a topic of the memory broker."""

from __future__ import annotations

import asyncio
from typing import Any

from queuebit_contracts.envelope import decode
from queuebit_runtime.bus.memory.broker import MemoryBroker

POLL_S, PATIENCE_S = 0.002, 120.0


class Watch:
    """Counts what one sort of event has come on a topic."""

    def __init__(self, broker: MemoryBroker, topic: str, sort: type) -> None:
        self._broker, self._topic, self._sort = broker, topic, sort
        self._read: dict[int, int] = {}

    def new(self) -> list[Any]:
        """Those that have come since it was asked last."""
        found = []
        for number, partition in enumerate(self._broker.log(self._topic)):
            for record in partition[self._read.get(number, 0) :]:
                data = decode(record.headers, record.value).data
                found += [data] if isinstance(data, self._sort) else []
            self._read[number] = len(partition)
        return found

    async def until(self, count: int) -> list[Any]:
        """So many more. Raises TimeoutError."""
        found: list[Any] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(found) < count:
                await asyncio.sleep(POLL_S)
                found += self.new()
        return found
