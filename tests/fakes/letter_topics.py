"""A topic of dead letters in memory, as it is filled by a group and by operators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from uuid import UUID

from queuebit_contracts.channels import EXECUTIONS
from queuebit_contracts.errors import MalformedEnvelope
from queuebit_operations.dead_letters.box import Kept
from queuebit_operations.dead_letters.shelf import Shelf, box_of
from queuebit_operations.records.port import Place, Span
from queuebit_runtime.bus.dead_letters.letter import Letter, Origin, dead_letter_of, letter_of, parked
from queuebit_runtime.bus.dead_letters.marks import Became, Mark, mark_record
from queuebit_runtime.bus.port import Outgoing, Record
from tests.fakes.moved_clock import START

GROUP = "control-plane"


class Topic:
    """A topic of dead letters."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(self, made: Outgoing) -> int:
        offset = len(self.records)
        self.records.append(Record(made.topic, 0, offset, made.key, made.value, tuple(made.headers)))
        return offset

    def fails(
        self,
        at: int,
        key: str = "job",
        *,
        topic: str = EXECUTIONS,
        tenant: str = "acme",
        again: dict[str, str] | None = None,
    ) -> Origin:
        headers = [("ce_id", str(UUID(int=at)).encode()), ("ce_tenant", tenant.encode())]
        headers += [(name, value.encode()) for name, value in (again or {}).items()]
        record = Record(topic, 0, at, key.encode(), b"?", tuple(headers))
        self.add(dead_letter_of(record, MalformedEnvelope("odd", remedy="mend"), "control-plane", GROUP, START))
        return Origin(topic, 0, at)

    def waits(self, at: int, behind: Origin, key: str = "job") -> Origin:
        record = Record(behind.topic, 0, at, key.encode(), b"!", (("ce_id", str(UUID(int=at)).encode()),))
        self.add(parked(record, behind, "control-plane", GROUP, START))
        return Origin(behind.topic, 0, at)

    def mark(self, became: Became, origin: Origin, key: str = "job") -> None:
        self.add(mark_record(Mark(became, "ann", "why", START, origin, key.encode(), 9), GROUP))

    @property
    def box(self) -> list[Kept]:
        return box_of(self.records)

    @property
    def shelf(self) -> Shelf:
        shelf = Shelf()
        shelf.hear(self.records)
        return shelf

    async def read(self, group: str, *, after: int = -1) -> AsyncIterator[list[Record]]:
        assert group == GROUP
        yield [record for record in self.records if record.offset > after]

    async def whole(self, group: str, offsets: Collection[int]) -> dict[int, Letter]:
        assert group == GROUP
        letters = (letter_of(record) for record in self.records if record.offset in offsets)
        return {letter.offset: letter for letter in letters if letter is not None}

    async def spans(self, topics: Collection[str]) -> dict[Place, Span]:
        return {Place(topic, 0): Span(0, len(self.records)) for topic in topics}


class Broker:
    """Hands out the records of a topic, a few at a time."""

    def __init__(self, topic: Topic) -> None:
        self.spans = topic.spans
        self._topic = topic

    async def read(self, spans: Mapping[Place, Span]) -> AsyncIterator[Sequence[Record]]:
        (span,) = spans.values()
        for at in range(span.begin, span.end, 2):
            yield self._topic.records[at : min(at + 2, span.end)]
