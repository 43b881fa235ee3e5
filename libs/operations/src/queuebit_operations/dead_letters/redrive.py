"""Redriving: slowly first, faster while it goes well, and not any further once letters come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from queuebit_operations.bulk.operation import FAILED, Operation
from queuebit_operations.bulk.runner import Step
from queuebit_operations.dead_letters.box import Kept, letter_named
from queuebit_operations.dead_letters.shelf import Lying, Shelf, Standing
from queuebit_runtime.bus.dead_letters.letter import Letter, letter_of
from queuebit_runtime.bus.dead_letters.marks import Became, Mark
from queuebit_runtime.bus.port import Record
from queuebit_runtime.clock import Clock

STEPS = (1, 2, 5)
"""Each stage sends this often a second, times ten after each round: 1, 2, 5, 10, 20, 50, …"""
RATE = 100.0
"""Where nobody says how fast at most."""
AHEAD = 20
"""So many letters are read together, and are in memory at once."""
ONE_BY_ONE = 50
"""So many a second are sent one after the other, and marked; more are so many times as many at once."""
REDRIVEN, DROPPED, QUARANTINED, DONE_BEFORE, GONE = "redriven", "dropped", "quarantined", "settled before", "not there"


class Sender(Protocol):
    """Writes letters and marks."""

    async def send(self, kept: Kept, redrive: str) -> int: ...

    async def mark(self, mark: Mark, group: str) -> None: ...


class Reader(Protocol):
    """Reads what lies behind a letter, and what one holds."""

    def read(self, group: str, *, after: int = -1) -> AsyncIterator[list[Record]]: ...

    async def whole(self, group: str, offsets: Collection[int]) -> dict[int, Letter]: ...


@dataclass(frozen=True, slots=True)
class RedrivePlan:
    """What is sent, in this order, or goes into quarantine; and how many stay where they are."""

    send: tuple[int, ...]
    held_back: int


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
    standing: Iterable[Standing],
    *,
    replays_max: int,
    skip_tenants: Sequence[str] = (),
    quarantined: bool = False,
) -> RedrivePlan:
    """Plan for letters in sequence. Whatever follows one that goes into quarantine, for it was sent `replays_max` times, stays;
    so does what follows one of a tenant that is skipped. What is in quarantine stays there, unless `quarantined` asks for it.
    """
    send: list[int] = []
    held_back = 0
    stopped: set[int] = set()
    for each in standing:
        kept_back = each.quarantined and not quarantined
        if each.sequence in stopped or kept_back or each.tenant in skip_tenants:
            held_back += 1
            stopped.add(each.sequence)
            continue
        send.append(each.letter)
        if each.replays >= replays_max:
            stopped.add(each.sequence)
    return RedrivePlan(tuple(send), held_back)


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
        self._shelves: dict[str, Shelf] = {}
        self._back = 0
        """How many came back."""
        self._first_back = ""

    async def __call__(self, targets: Sequence[str], operation: Operation) -> Step:
        """One stage: some of the targets, and a look at what came back."""
        self._rates = self._rates or rates(operation.rate_per_s or RATE)
        rate = next(self._rates)
        stage = targets[: max(1, round(rate * self._settings.stage_s))]
        outcomes: dict[str, str] = {}
        for at in range(0, len(stage), AHEAD):
            some = stage[at : at + AHEAD]
            letters = await self._read(some)
            at_once = max(1, min(AHEAD, int(rate / ONE_BY_ONE)))
            for first in range(0, len(some), at_once):
                outcomes |= await self._paced(some[first : first + at_once], letters, rate, operation)
        # Consumers need their time: what comes back now may have been sent in a stage before.
        again = await self._look()
        if operation.done + len(stage) >= operation.until:
            again |= await self._settle()
        failures = {each: why for each, why in again.items() if each not in (operation.failures or {})}
        outcomes |= dict.fromkeys(outcomes.keys() & failures.keys(), FAILED)
        stop = ""
        if self._back > self._settings.failures_max:
            stop = f"{self._back} came back, as {self._first_back}."
        return Step(outcomes, failures, stop)

    async def _read(self, targets: Sequence[str]) -> dict[str, Letter]:
        """What they hold, of those that are there yet; from the first of a group on it is known what became of its letters."""
        by_group: dict[str, set[int]] = {}
        for group, offset in map(letter_named, targets):
            by_group.setdefault(group, set()).add(offset)
        for group in by_group.keys() - self._shelves.keys():
            shelf = Shelf()
            async for some in self._reader.read(group):
                shelf.hear(some)
            self._shelves[group] = shelf
        return {
            f"{group}:{offset}": letter
            for group, offsets in by_group.items()
            for offset, letter in (await self._reader.whole(group, offsets)).items()
        }

    async def _paced(
        self, targets: Sequence[str], letters: Mapping[str, Letter], rate: float, operation: Operation
    ) -> dict[str, str]:
        """All at once, but for those of one key: they go one after the other. What the others did counts where one fails."""
        began_s = self._clock.monotonic_s()
        lines: dict[tuple[str, bytes], list[str]] = {}
        for each in targets:
            letter = letters.get(each)
            key = ("", each.encode()) if letter is None else (letter.origin.topic, letter.key or b"")
            lines.setdefault(key, []).append(each)

        async def line(some: Sequence[str]) -> dict[str, str]:
            return {each: await self._one(each, letters.get(each), operation) for each in some}

        outcomes: dict[str, str] = {}
        for told in await asyncio.gather(*map(line, lines.values()), return_exceptions=True):
            if isinstance(told, BaseException):
                raise told
            outcomes |= told
        sent = sum(outcome == REDRIVEN for outcome in outcomes.values())
        await self._clock.sleep(max(0.0, sent / rate - (self._clock.monotonic_s() - began_s)))
        return {each: outcomes[each] for each in targets}

    async def _one(self, target: str, whole: Letter | None, operation: Operation) -> str:
        group, offset = letter_named(target)
        lying = self._shelves[group].find(offset)
        if lying is None:
            return GONE
        if lying.settled:
            return DONE_BEFORE
        if lying.replays >= self._settings.replays_max:
            await self._mark(lying, group, "quarantined", operation)
            return QUARANTINED
        if whole is None:
            # Retention took it after its group was read.
            return GONE
        sent_at = await self._sender.send(Kept(whole, lying.mark), self._id)
        await self._mark(lying, group, "redriven", operation, sent_at)
        return REDRIVEN

    async def _look(self) -> dict[str, str]:
        """What of this redrive came back since the last look: what was sent, and as what it came."""
        found: dict[str, str] = {}
        for group, shelf in self._shelves.items():
            back: list[Letter] = []
            async for some in self._reader.read(group, after=shelf.end):
                shelf.hear(some)
                letters = filter(None, map(letter_of, some))
                back += [each for each in letters if each.redrive == self._id and each.behind is None]
            for each in back:
                name = f"{group}:{each.offset}"
                self._first_back = self._first_back or name
                sent = shelf.sent_from(each.origin, each.first_offset, self._id)
                if sent is not None:
                    found[f"{group}:{sent}"] = f"It came back as {name}."
            self._back += len(back)
        return found

    async def _settle(self) -> dict[str, str]:
        deadline_s = self._clock.monotonic_s() + self._settings.settle_s
        found: dict[str, str] = {}
        while not self._back and self._clock.monotonic_s() < deadline_s:
            await self._clock.sleep(min(1.0, self._settings.settle_s))
            found |= await self._look()
        return found

    async def _mark(
        self, lying: Lying, group: str, became: Became, operation: Operation, sent_at: int | None = None
    ) -> None:
        mark = Mark(
            became,
            operation.actor,
            operation.reason,
            self._clock.now(),
            lying.origin,
            lying.key,
            sent_at,
            redrive=self._id,
        )
        await self._sender.mark(mark, group)
