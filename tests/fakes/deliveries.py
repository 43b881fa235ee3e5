"""Deliveries for tests: they keep what is done."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_runtime.bus.decoding import Received
from queuebit_runtime.bus.port import Delivery, Record


class Batch(Delivery):
    """Records, and which of them are done."""

    def __init__(self, items: Sequence[Received]) -> None:
        self._records = [item.record for item in items]
        self.finished: list[int] = []

    @property
    def records(self) -> Sequence[Record]:
        return self._records

    def done(self, record: Record) -> None:
        self.finished.append(record.offset)

    def done_all(self) -> None:
        self.finished += [record.offset for record in self._records]

    def wanted(self, record: Record) -> bool:
        return True
