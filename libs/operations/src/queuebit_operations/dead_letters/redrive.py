"""Redriving: slowly first, faster while it goes well, and not any further once letters come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from queuebit_operations.bulk.operation import FAILED, Operation
from queuebit_operations.bulk.runner import Step
from queuebit_operations.dead_letters.box import Kept, box_of
from queuebit_operations.errors import NotThere
from queuebit_runtime.bus.dead_letters.marks import Became, Mark
from queuebit_runtime.bus.port import Record
from queuebit_runtime.clock import Clock

STEPS = (1, 2, 5)
"""Each stage sends this often a second, times ten after each round: 1, 2, 5, 10, 20, 50, …"""
RATE = 100.0
"""Where nobody says how fast at most."""
REDRIVEN, DROPPED, QUARANTINED, DONE_BEFORE, GONE = "redriven", "dropped", "quarantined", "settled before", "not there"


class Sender(Protocol):
    """Writes letters and marks."""

    async def send(self, kept: Kept, redrive: str) -> int: ...

    async def mark(self, mark: Mark, group: str) -> None: ...


class Reader(Protocol):
    """Reads what lies behind a letter, and what one holds."""

    async def read(self, group: str, *, after: int = -1) -> list[Record]: ...

    async def whole(self, kept: Kept) -> Kept: ...


@dataclass(frozen=True, slots=True)
class RedrivePlan:
    """What is sent, in this order, or goes into quarantine; and what stays where it is."""

    send: tuple[Kept, ...]
    held_back: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class RedriveSettings:
    """`stage_s`: how long each rate lasts before the dead letters are looked at. `failures_max`: so many may come back.
    `settle_s`: how long they are looked at after the last one. `replays_max`: what was sent so often goes into quarantine.
    """

    stage_s: float = 5.0
    failures_max: int = 0
    settle_s: float = 10.0
    replays_max: int = 3


def plan_redrive(
    chosen: Sequence[Kept],
    *,
    replays_max: int,
    skip_tenants: Sequence[str] = (),
    quarantined: bool = False,
) -> RedrivePlan:
    """Plan for letters in sequence. Whatever follows one that goes into quarantine, for it was sent `replays_max` times, stays;
    so does what follows one of a tenant that is skipped. What is in quarantine stays there, unless `quarantined` asks for it.
    """
    send: list[Kept] = []
    held: list[Kept] = []
    stopped: set[tuple[str, bytes]] = set()
    for each in chosen:
        kept_back = each.state == "quarantined" and not quarantined
        if each.sequence in stopped or kept_back or each.letter.named("ce_tenant") in skip_tenants:
            held.append(each)
            stopped.add(each.sequence)
            continue
        send.append(each)
        if each.letter.replays >= replays_max:
            stopped.add(each.sequence)
    return RedrivePlan(tuple(send), tuple(held))


def rates(most: float) -> Iterator[float]:
    """1, 2, 5, 10, … a second, the last again and again."""
    factor = 1
    while True:
        for step in STEPS:
            if step * factor >= most:
                while True:
                    yield most
            yield float(step * factor)
        factor *= 10


class Redrive:
    """One redrive in one process: an `Act`. Each letter is marked once its record is there, so that whoever goes on after a
    crash passes over it.
    """

    def __init__(self, id: str, settings: RedriveSettings, sender: Sender, reader: Reader, clock: Clock) -> None:
        self._id = id
        self._settings = settings
        self._sender = sender
        self._reader = reader
        self._clock = clock
        self._rates: Iterator[float] | None = None
        self._letters: dict[str, Kept] = {}
        self._ends: dict[str, int] = {}
        self._back: list[Kept] = []

    async def __call__(self, targets: Sequence[str], operation: Operation) -> Step:
        """One stage: some of the targets, and a look at what came back."""
        self._rates = self._rates or rates(operation.rate_per_s or RATE)
        rate = next(self._rates)
        stage = targets[: max(1, round(rate * self._settings.stage_s))]
        outcomes = {each: await self._one(each, rate, operation) for each in stage}
        await self._look()
        if len(stage) == len(operation.left):
            await self._settle()
        failures: dict[str, str] = {}
        # Consumers need their time: what comes back now may have been sent in a stage before.
        for each in (*operation.targets[: operation.done], *stage) if self._back else ():
            again = self._came_back(each)
            if again is None or each in (operation.failures or {}):
                continue
            failures[each] = f"It came back as {again.id}."
            if each in outcomes:
                outcomes[each] = FAILED
        stop = ""
        if len(self._back) > self._settings.failures_max:
            stop = f"{len(self._back)} came back, as {self._back[0].id}."
        return Step(outcomes, failures, stop)

    async def _one(self, target: str, rate: float, operation: Operation) -> str:
        began_s = self._clock.monotonic_s()
        kept = await self._letter(target)
        if kept is None:
            return GONE
        if not kept.open and kept.state != "quarantined":
            return DONE_BEFORE
        if kept.letter.replays >= self._settings.replays_max:
            await self._mark(kept, "quarantined", operation)
            return QUARANTINED
        try:
            whole = await self._reader.whole(kept)
        except NotThere:
            # Retention took it after its group was read.
            return GONE
        offset = await self._sender.send(whole, self._id)
        await self._mark(kept, "redriven", operation, offset)
        await self._clock.sleep(max(0.0, 1 / rate - (self._clock.monotonic_s() - began_s)))
        return REDRIVEN

    async def _letter(self, target: str) -> Kept | None:
        group = target.rpartition(":")[0]
        if group not in self._ends:
            records = await self._reader.read(group)
            self._ends[group] = records[-1].offset if records else -1
            self._letters |= {each.id: each for each in box_of(records)}
        return self._letters.get(target)

    async def _look(self) -> None:
        """What of this redrive came back since the last look."""
        for group, end in self._ends.items():
            if records := await self._reader.read(group, after=end):
                self._ends[group] = records[-1].offset
                found = box_of(records)
                self._back += [each for each in found if each.letter.redrive == self._id and each.letter.behind is None]

    async def _settle(self) -> None:
        deadline_s = self._clock.monotonic_s() + self._settings.settle_s
        while not self._back and self._clock.monotonic_s() < deadline_s:
            await self._clock.sleep(min(1.0, self._settings.settle_s))
            await self._look()

    def _came_back(self, target: str) -> Kept | None:
        sent = self._letters.get(target)
        if sent is None:
            return None
        first = (sent.letter.origin.topic, sent.letter.origin.partition, sent.letter.first_offset)
        for each in self._back:
            if (each.letter.origin.topic, each.letter.origin.partition, each.letter.first_offset) == first:
                return each
        return None

    async def _mark(self, kept: Kept, became: Became, operation: Operation, offset: int | None = None) -> None:
        mark = Mark(
            became,
            operation.actor,
            operation.reason,
            self._clock.now(),
            kept.letter.origin,
            kept.letter.key or b"",
            offset,
            redrive=self._id,
        )
        await self._sender.mark(mark, kept.letter.group)
