"""The topics of one share: their records up to where they ended when it began, and what of them cannot be unpacked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Container, Mapping, Sequence

from queuebit_contracts.channels import MEETING
from queuebit_operations.records.port import AllRecords, Place, Span
from queuebit_operations.verification.findings import Finding
from queuebit_operations.verification.parts import Part
from queuebit_operations.verification.share import Share, Sorting, job_of
from queuebit_runtime.bus.port import Record

LOOK_BACK = 5
"""So many records of each partition are looked at, the last ones, to see by what its topic is keyed."""


async def keyed_by_questions(records: AllRecords) -> dict[str, int]:
    """Topics whose last orders lie by what they ask, each as one that cannot be parted: shares that know it beforehand need not
    find it out, and look at everything twice. Raises BusError.
    """
    spans = await records.spans(MEETING)
    lasts = {place: Span(max(span.begin, span.end - LOOK_BACK), span.end) for place, span in spans.items()}
    found: dict[str, int] = {}
    async for some in records.read_past(lasts, lambda *_: None):
        if any(record.key != job_of(record) for record in some):
            found[some[0].topic] = 1
    return found


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
