"""The topics of one share: their records up to where they ended when it began, and what of them cannot be unpacked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Container, Mapping, Sequence

from queuebit_operations.records.port import AllRecords, Place, Span
from queuebit_operations.verification.findings import Finding
from queuebit_operations.verification.parts import Part
from queuebit_operations.verification.share import Share, Sorting
from queuebit_runtime.bus.port import Record


class Topics:
    """Reads each topic once. `known`: as `Sorting` has it. What was met goes into `result`."""

    def __init__(
        self,
        records: AllRecords,
        spans: Mapping[Place, Span],
        share: Share,
        known: Container[bytes],
        result: Part,
        on_progress: Callable[[], None],
    ) -> None:
        self._records = records
        self._spans = spans
        self._share = share
        self._sorting = Sorting(share, known)
        self._result = result
        self._on_progress = on_progress
        self._parts = share.parts(spans)
        result.read, result.seen = self._parts, self._sorting.parts

    async def read(self, topics: Collection[str]) -> AsyncIterator[tuple[str, Sequence[Record]]]:
        """The records of the share, some of one topic at a time. What cannot be unpacked is a finding of one share alone.

        Raises BusError.
        """
        wanted = {place: span for place, span in self._spans.items() if place.topic in topics}
        async for some in self._records.read_past(self._share.places(wanted), self._unreadable):
            kept = self._sorting.mine(some)
            self._result.counts.records += len(kept)
            yield some[0].topic, kept
            self._on_progress()

    def _unreadable(self, place: Place, offset: int, why: str) -> None:
        """Several shares may read the place: the first of them says so."""
        if place.partition % self._parts[place.topic] == self._share.number:
            where = f"{place.topic}/{place.partition}@{offset}"
            self._result.findings.add(Finding("unreadable_record", where, why))
