"""A group with its dead letters on the bus in memory, and records for it, sound and not."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from queuebit_contracts.channels import EXECUTIONS, SUBMITTED, dead_letter
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.errors import MalformedEnvelope
from queuebit_contracts.events import JobStarted
from queuebit_runtime.bus.dead_letters.burial import DeadLetters, hear_dead_letters
from queuebit_runtime.bus.dead_letters.letter import Letter, letter_of
from queuebit_runtime.bus.dead_letters.marks import Became, Mark, mark_record
from queuebit_runtime.bus.dead_letters.outage import OutageLimit
from queuebit_runtime.bus.decoding import Item, Received, read, subscribe_decoded
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing, Record
from tests.fakes.moved_clock import START, MovedClock

GROUP = "control-plane"
BAD = b"not JSON"


def raised(record: Record) -> MalformedEnvelope:
    try:
        read(record, refusals=False, replays=False)
    except MalformedEnvelope as error:
        return error
    raise AssertionError("it can be read")


def started(job: int, number: int, *more: tuple[str, bytes]) -> Outgoing:
    data = JobStarted(attempt_id=UUID(int=number), leg="classical", worker="w", started_at=START)
    envelope = Envelope(UUID(int=number), "/test", str(UUID(int=job)), START, data)
    return Outgoing(EXECUTIONS, str(UUID(int=job)).encode(), encode_data(data), [*encode_headers(envelope), *more])


def bad(job: int, *more: tuple[str, bytes]) -> Outgoing:
    return Outgoing(EXECUTIONS, str(UUID(int=job)).encode(), BAD, list(more))


class OneGroup:
    """A group that reads executions, on one partition, and its dead letters."""

    def __init__(self, limit: OutageLimit | None = None, overlap: int = 1) -> None:
        self.overlap = overlap
        self.clock = MovedClock()
        self.broker = MemoryBroker(self.clock, partitions={EXECUTIONS: 1})
        self.seen: list[int] = []
        self.limit = limit
        self.bus = self.member()

    def member(self) -> MemoryBus:
        bus = MemoryBus(self.broker)
        letters = DeadLetters(bus, group=GROUP, consumer="control-plane", clock=self.clock, limit=self.limit)
        hear_dead_letters(bus, [letters], GROUP)
        subscribe_decoded(
            bus, self._handle, topics=(EXECUTIONS, SUBMITTED), group=GROUP, letters=letters, overlap=self.overlap
        )
        return bus

    async def _handle(self, items: Sequence[Item]) -> None:
        self.seen += [item.envelope.id.int for item in items if isinstance(item, Received)]

    async def give(self, *records: Outgoing) -> None:
        self.broker.append(records)
        await self.clock.advance(1.0)

    @property
    def letters(self) -> list[Letter]:
        return [each for each in map(letter_of, self.broker.records(dead_letter(GROUP))) if each is not None]

    async def settle(self, letter: Letter, became: Became, at: int | None = None) -> None:
        mark = Mark(became, "ann", "looked at it", START, letter.origin, letter.key or b"", at)
        await self.give(mark_record(mark, GROUP))
