"""What the consumer says to be done: nothing that is still being decided on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from queuebit_contracts.envelope import Envelope
from queuebit_control_plane.handler import CommandHandler, InboundCommand, Undecidable
from queuebit_control_plane.inbound.subscriptions import Consumer
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job.messages import Report
from queuebit_runtime.bus.decoding import Received
from queuebit_runtime.bus.port import Record
from queuebit_runtime.processes.bounded_work import inline
from tests.builders import a_failure, a_success, at

EARLY, HELD, FAILED = UUID(int=1), UUID(int=2), UUID(int=3)


class StillClock:
    """Whoever sleeps lets the others go first."""

    def now(self) -> datetime:
        return at(0)

    def monotonic_s(self) -> float:
        return 0.0

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(0)


class SlowHandler:
    """Decides on a job once it may."""

    def __init__(self) -> None:
        self.may = {job_id: asyncio.Event() for job_id in (EARLY, HELD, FAILED)}
        self.began: list[UUID] = []

    async def handle(self, commands: Sequence[InboundCommand]) -> list[Undecidable]:
        self.began += [each.job_id for each in commands]
        for each in commands:
            await self.may[each.job_id].wait()
        return []


class Batch:
    """Records, and which of them are done."""

    def __init__(self, items: Sequence[Received]) -> None:
        self.records = [item.record for item in items]
        self.finished: list[int] = []

    def done(self, record: Record) -> None:
        self.finished.append(record.offset)

    def done_all(self) -> None:
        self.finished += [record.offset for record in self.records]

    def wanted(self, record: Record) -> bool:
        return True


def says(message: Report, job_id: UUID, offset: int) -> Received:
    envelope = Envelope(UUID(int=100 + offset), "/worker", str(job_id), at(0), message)
    return Received(envelope, Record("jobs.executions", 0, offset, b"", b"", ()))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30.0):
        while not holds():  # noqa: ASYNC110 - what it waits for is a plain list
            await asyncio.sleep(0)


async def test_what_waited_is_done_when_it_is_decided_and_not_with_the_rest_of_its_batch() -> None:
    """Given a batch of which one message waits, when that is being decided on as the rest ends, then only the rest is done."""
    handler = SlowHandler()
    unused = cast(Any, None)
    told = cast(CommandHandler, handler)
    consumer = Consumer(unused, told, unused, Lanes(), StillClock(), inline(), unused, patience_s=0.0)
    early = [says(a_success(), EARLY, 0)]
    mixed = [says(a_success(number=2), HELD, 1), says(a_failure(), FAILED, 2)]
    first, second = Batch(early), Batch(mixed)

    await consumer.on_messages(early, first)
    deciding = asyncio.create_task(consumer.on_messages(mixed, second))
    await until(lambda: {EARLY, HELD, FAILED} == set(handler.began))
    handler.may[FAILED].set()
    await deciding
    assert (first.finished, second.finished) == ([], [2])

    handler.may[EARLY].set()
    handler.may[HELD].set()
    await until(lambda: bool(first.finished and len(second.finished) == 2))
    assert (first.finished, second.finished) == ([0], [2, 1])
