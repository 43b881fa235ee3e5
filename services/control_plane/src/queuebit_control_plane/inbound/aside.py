"""Questions that take more than a moment: each is admitted in its turn and decided on alone, and holds up no other.

Its record stays open until then, so a crash loses nothing. What waits is bounded: more than may wait in memory goes on to a
topic of its own, from which only so much is read at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, assert_never

from queuebit_contracts.channels import LARGE
from queuebit_contracts.errors import ContractError, FieldError, InvalidData
from queuebit_contracts.events import JobSubmitted
from queuebit_control_plane.errors import Contended
from queuebit_control_plane.inbound.admission import UNADMITTED, believed
from queuebit_control_plane.inbound.reading import READ, READ_ALL, Answer, Question, read_believed, rejection_of
from queuebit_problems.admission import QUICK_BYTES_MAX
from queuebit_runtime.bus.decoding import Received, Refused, refused_of
from queuebit_runtime.bus.port import Bus, BusError, Delivery, Outgoing, Record
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import Overloaded, PoolCrashed, PoolError, PoolExhausted, PoolMemory, TaskFailed
from queuebit_runtime.processes.bounded_work import BoundedWork, cpu_max_s_of, small_groups
from queuebit_store.errors import StoreUnavailable

log = logging.getLogger(__name__)

CRASHES_MAX = 5
TOGETHER_MAX = 32
"""So many small questions of a tenant are read in one go."""
BUSY_S = 0.1
"""When it is asked again for a turn, where all are taken: whoever waits holds up nobody."""
_TENANT = "ce_tenant"
Place = tuple[str, int, int, int | None]
Tell = Callable[[Sequence[Question | Refused]], Awaitable[None]]
Bury = Callable[[Record, ContractError], Awaitable[None]]


def place_of(record: Record) -> Place:
    """Where the record lay."""
    return record.topic, record.partition, record.offset, record.part


def names_its_tenant(record: Record) -> bool:
    """Whether it is told whose turn it is to be read without reading it."""
    return any(name == _TENANT for name, _ in record.headers)


class TooCostly(InvalidData):
    """Admitting the question takes more than it may."""

    code = "statement_too_costly"


class Aside:
    """What was set aside and is not decided on yet. `tell` decides; `bury` keeps what nobody can read."""

    def __init__(
        self, bus: Bus, work: BoundedWork, clock: Clock, *, tell: Tell, bury: Bury, retry_s: float = 1.0
    ) -> None:
        self._bus = bus
        self._work = work
        self._clock = clock
        self._tell = tell
        self._bury = bury
        self._retry_s = retry_s
        self._open: dict[Place, asyncio.Task[None]] = {}
        self._delivered_again: dict[Place, Callable[[], Coroutine[Any, Any, None]]] = {}
        """What to do of records that came again while they were open, as what is said of them counts for the last delivery."""
        self._passing = asyncio.Lock()

    def offer(self, record: Record, delivery: Delivery, item: Received | None = None) -> None:
        """Take care of a record, and say when it is done. `item`: what was read of it, where it was."""
        self._begin(record, lambda: self._settle(record, delivery, item))

    def offer_all(self, items: Sequence[Received], delivery: Delivery) -> None:
        """Take care of questions that were read, as `offer` does of each: small ones of a tenant together."""
        small: dict[str, list[Received]] = {}
        for item in items:
            if believed(item.record) or len(item.record.value or b"") > QUICK_BYTES_MAX:
                self.offer(item.record, delivery, item)
            else:
                small.setdefault(_tenant_of(item.record, item), []).append(item)
        for tenant, of_tenant in small.items():
            for group in small_groups(of_tenant, lambda item: len(item.record.value or b""), TOGETHER_MAX):
                if len(group) == 1:
                    self.offer(group[0].record, delivery, group[0])
                else:
                    self._begin_together(tenant, group, delivery)

    def pass_on(self, record: Record, delivery: Delivery) -> None:
        """Put a record on the topic for large questions, one at a time, and say when it is there."""
        self._begin(record, lambda: self._pass_on(record, delivery))

    def held_of(self, records: Sequence[Record]) -> set[Place]:
        """Which of these records are not done with, and are said to be done here."""
        return {place for place in map(place_of, records) if place in self._open} if self._open else set()

    def _begin(self, record: Record, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Once a record at a time, and once more where the last delivery of it is another, and still wants it."""
        self._begin_at(place_of(record), work)

    def _begin_at(self, place: Place, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if place in self._open:
            self._delivered_again[place] = work
            return
        self._open[place] = task = asyncio.ensure_future(work())
        task.add_done_callback(partial(self._ended, [place]))

    def _begin_together(self, tenant: str, group: Sequence[Received], delivery: Delivery) -> None:
        new: list[Received] = []
        for item in group:
            if place_of(item.record) in self._open:
                self.offer(item.record, delivery, item)
            else:
                new.append(item)
        if not new:
            return
        places = [place_of(item.record) for item in new]
        task = asyncio.ensure_future(self._settle_together(tenant, new, delivery))
        self._open |= dict.fromkeys(places, task)
        task.add_done_callback(partial(self._ended, places))

    def _ended(self, places: Sequence[Place], task: asyncio.Task[None]) -> None:
        for place in places:
            if self._open.get(place) is task:
                del self._open[place]
                work = self._delivered_again.pop(place, None)
                if work is not None and not task.cancelled():
                    self._begin_at(place, work)

    async def _settle_together(self, tenant: str, group: Sequence[Received], delivery: Delivery) -> None:
        """In one process and one visit to the store. What goes wrong for all of them at once is no failure of any: then each
        is taken care of alone, and so is what there was no time for.
        """
        records = [item.record for item in group if delivery.wanted(item.record)]
        settled: Sequence[Record] = ()
        try:
            size_bytes = sum(len(record.value or b"") for record in records)
            answers = await self._work.run(READ_ALL, records, tenant=tenant, size_bytes=size_bytes)
            read = list(zip(records, answers, strict=False))
            await self._take_all(read)
            settled = [record for record, _ in read]
        except Exception as error:
            log.info("%d questions are admitted each alone: %s", len(records), error)
        for record in settled:
            delivery.done(record)
        done = set(map(place_of, settled))
        for item in group:
            if (place := place_of(item.record)) not in done:
                del self._open[place]
                self.offer(item.record, delivery, item)

    async def _pass_on(self, record: Record, delivery: Delivery) -> None:
        while delivery.wanted(record):
            try:
                async with self._passing:
                    await self._forward(record)
            except BusError as error:
                log.warning("a large question waits on: %s", error)
                await self._clock.sleep(self._retry_s)
            else:
                delivery.done(record)

    async def _forward(self, record: Record) -> None:
        """As it came. Raises BusError."""
        headers = [*_unmarked(record), UNADMITTED]
        await self._bus.publish([Outgoing(LARGE, record.key or b"", record.value or b"", headers)])

    async def _settle(self, record: Record, delivery: Delivery, item: Received | None) -> None:
        crashes = 0
        while delivery.wanted(record):
            try:
                await self._once(record, item, refuse=crashes >= CRASHES_MAX)
            except Overloaded:
                await self._clock.sleep(BUSY_S)
            except (StoreUnavailable, Contended, BusError, PoolError) as error:
                crashes += isinstance(error, PoolCrashed)
                log.warning("a question waits on: %s", error)
                await self._clock.sleep(self._retry_s)
            except Exception:
                # As the bus does with whoever handles: else nobody would come back to the record.
                log.exception("a question waits: it could not be decided on")
                await self._clock.sleep(self._retry_s)
            else:
                delivery.done(record)

    async def _once(self, record: Record, item: Received | None, *, refuse: bool) -> None:
        size_bytes = len(record.value or b"")
        if believed(record):
            async with self._work.large_turns.turn(_tenant_of(record, item), size_bytes):
                await self._take(record, read_believed(record))
            return
        if refuse:
            answer = self._refusal(record, item, "ends the process that checks it")
            await self._take(record, answer)
            return
        try:
            answer = await self._work.run(READ, record, tenant=_tenant_of(record, item), size_bytes=size_bytes)
        except Overloaded:
            if record.topic == LARGE:
                raise
            await self._forward(record)
            return
        except PoolExhausted:
            answer = self._refusal(record, item, f"takes more than {cpu_max_s_of(size_bytes):.3g} s to check")
        except TaskFailed as error:
            answer = self._refusal(record, item, f"cannot be checked ({error.kind})")
        except PoolMemory:
            answer = self._refusal(record, item, "takes more memory to check than it may have")
        await self._take(record, answer)

    async def _take(self, record: Record, answer: Answer) -> None:
        await self._take_all([(record, answer)])

    async def _take_all(self, answers: Sequence[tuple[Record, Answer]]) -> None:
        told: list[Question | Refused] = []
        for record, answer in answers:
            match answer:
                case None:
                    pass
                case ContractError():
                    await self._bury(record, answer)
                case Question(received, outcome):
                    told.append(Question(received._replace(record=record), outcome))
                case Refused():
                    told.append(replace(answer, record=record))
                case _:
                    assert_never(answer)
        if told:
            await self._tell(told)

    def _refusal(self, record: Record, item: Received | None, why: str) -> Question | Refused | ContractError:
        error = TooCostly(
            f"/request/problem/statement: {why}.",
            remedy="State a smaller or simpler problem, or divide it.",
            fields=(FieldError("/request/problem/statement", TooCostly.code, why),),
        )
        if item is not None:
            return Question(item, rejection_of(item.envelope.id, error))
        return refused_of(record, error) or error


def _tenant_of(record: Record, item: Received | None) -> str:
    """Whose turn it is; where nobody has read the data, as far as the envelope tells."""
    if item is not None and isinstance(item.envelope.data, JobSubmitted):
        return item.envelope.data.request.tenant
    headers = dict(record.headers)
    named = headers.get(_TENANT) or headers.get("ce_source") or b""
    return named.decode("utf-8", "replace")


def _unmarked(record: Record) -> list[tuple[str, bytes]]:
    return [(name, value) for name, value in record.headers if name != UNADMITTED[0]]
