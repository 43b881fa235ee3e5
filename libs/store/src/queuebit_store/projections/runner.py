"""Takes builds of projections forward, batch by batch: each by one process at a time, each event exactly once.

What several builds need is read once. One that meets an event that it cannot take stands still before it and says so; the
others go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from queuebit_store.errors import StoreError
from queuebit_store.leadership.port import Leadership, Lease
from queuebit_store.log.port import Position
from queuebit_store.projections.folding import (
    Batch,
    Fold,
    Folded,
    Read,
    Told,
    failure_of,
    registry_of,
    sentence_of,
    slices,
    types_of,
    unknown_keys,
    wanted_of,
)
from queuebit_store.projections.known import KnownRows
from queuebit_store.projections.pages import Pages
from queuebit_store.projections.port import Advance, Build, BuildState, Failure, LogPages, Page, Projections

log = logging.getLogger(__name__)

TTL_S = 30.0
"""A runner that stops without a word is replaced after this: projections are late meanwhile, and lose nothing."""
RETRY_S = 60.0
"""A build that stands still is tried again so often, and once by each new process: its release may take the event."""
LIVE: tuple[BuildState, ...] = ("live",)
_DOUBTED_S = float("-inf")
"""Instead of the time at which a build was taken, where the store must say who has it before anything else is done."""
Tell = Callable[[Sequence[Told]], Awaitable[None]]


class RunnerStore(Projections, Leadership, Protocol):
    """What the runner needs of the store."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """How the builds of a runner stand after a step. `events`: how many each projection took; `read`: how many were read, also
    those that none of them takes. `more`: there is more to read at once; then `newest` is the time of the last event that the
    one farthest behind has come to. `busy_s`: how long the process did nothing but fold. `foreign`: live builds of other
    versions of the folds, which wait for whoever folds those.
    """

    builds: Sequence[Build] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    more: bool = False
    newest: datetime | None = None
    read: int = 0
    busy_s: float = 0.0
    foreign: Sequence[Build] = ()


async def tell_nobody(_told: Sequence[Told]) -> None:
    """For projections that tell nothing."""


class ProjectionRunner:
    """`holder` is new at each start of a process. `only`: the builds that it works on, where not all of the wanted states."""

    def __init__(
        self,
        store: RunnerStore,
        folds: Iterable[Fold],
        *,
        holder: str,
        now: Callable[[], datetime],
        monotonic_s: Callable[[], float],
        states: Collection[BuildState] = LIVE,
        only: Collection[str] | None = None,
        tell: Tell = tell_nobody,
        log: LogPages | None = None,
        reads_ahead: bool = False,
    ) -> None:
        """`log`: what is read, where the store's own log is not all of it. `reads_ahead`: the next page is read while one is
        folded and saved, for whoever has a whole log before him.
        """
        self._store = store
        self._folds = registry_of(folds)
        self._holder = holder
        self._now = now
        self._monotonic_s = monotonic_s
        self._states = states
        self._only = only
        self._tell = tell
        self._pages = Pages(log or store, reads_ahead=reads_ahead, busy=self._busy)
        self._leases: dict[str, tuple[Lease, float]] = {}
        self._known: dict[str, KnownRows] = {}
        self._tried: dict[str, float] = {}
        self._busy_s = 0.0

    async def prepare(self) -> None:
        """A live build for each projection that has none yet."""
        builds = await self._store.builds()
        live = {each.name for each in builds if each.state == "live"}
        for fold in self._folds.values():
            if fold.name not in live:
                await self._store.create_build(fold, live=True)

    async def step(self, *, limit: int) -> Stepped:
        """Take the next events. Raises StoreUnavailable; then nothing is known to be saved, and nothing is lost."""
        builds = await self._store.builds()
        wanted = [each for each in builds if self._is_mine(each)]
        await self._let_go({each.build for each in wanted})
        mine = [each for each in wanted if await self._holds(each)]
        together: dict[Position, list[Build]] = {}
        for build in mine:
            together.setdefault(build.cursor, []).append(build)
        stepped = [await self._step(after, some, limit) for after, some in together.items()]
        return Stepped(
            tuple(build for each in stepped for build in each.builds),
            {name: count for each in stepped for name, count in each.events.items()},
            any(each.more for each in stepped),
            min((each.newest for each in stepped if each.more and each.newest is not None), default=None),
            sum(each.read for each in stepped),
            sum(each.busy_s for each in stepped),
            tuple(each for each in builds if each.state == "live" and self._is_foreign(each)),
        )

    async def _step(self, after: Position, builds: Sequence[Build], limit: int) -> Stepped:
        """Take builds forward that stand at the same place: what comes next is read once for all of them, and saved at once."""
        folds = [self._fold_of(each) for each in builds]
        categories = tuple(dict.fromkeys(category for each in folds for category in each.categories))
        self._busy_s = 0.0
        page, reads = await self._pages.read(after, limit, categories, types_of(folds))
        if not page.count:
            return Stepped(tuple(builds))
        taken = await self._take_all(builds, page, reads)
        events = {new.name: new.events - old.events for old, new in zip(builds, taken, strict=True)}
        newest = page.events[-1].time if page.events else None
        more = page.more or any(map(self._is_doubted, taken))
        return Stepped(taken, events, more, newest, page.count, self._busy_s)

    async def release(self) -> None:
        """Let others take over at once. Raises StoreUnavailable."""
        self._pages.forget()
        self._known.clear()
        while self._leases:
            _, (lease, _) = self._leases.popitem()
            await self._store.release(lease)

    async def _let_go(self, wanted: Collection[str]) -> None:
        """What was switched away or stands still may be somebody else's."""
        for build in [each for each in self._leases if each not in wanted]:
            self._known.pop(build, None)
            await self._store.release(self._leases.pop(build)[0])

    def _is_mine(self, build: Build) -> bool:
        if build.state not in self._states or (build.name, build.version) not in self._folds:
            return False
        if self._only is not None and build.build not in self._only:
            return False
        tried_s = self._tried.get(build.build)
        return build.failure is None or tried_s is None or self._monotonic_s() >= tried_s + RETRY_S

    def _is_foreign(self, build: Build) -> bool:
        return (build.name, build.version) not in self._folds and any(name == build.name for name, _ in self._folds)

    async def _holds(self, build: Build) -> bool:
        """Whether nobody else works on it, as far as this process can know; the store knows for certain when it saves."""
        held = self._leases.get(build.build)
        now_s = self._monotonic_s()
        if held is not None and now_s < held[1] + TTL_S / 3:
            return True
        lease = await self._store.take(build.lease, self._holder, TTL_S)
        if lease is None:
            self._leases.pop(build.build, None)
            return False
        self._leases[build.build] = (lease, now_s)
        return True

    async def _take_all(self, builds: Sequence[Build], page: Page, reads: Sequence[Read]) -> list[Build]:
        """The builds after the events of the page, each at most before the first that it cannot take."""
        folded = [
            (build, await self._fold(build, wanted_of(self._fold_of(build), reads), page.end)) for build in builds
        ]
        try:
            return await self._save(folded)
        except StoreError as error:
            if error.transient or not error.of_one:
                raise
        # Something that one of them would save is refused: each alone then, so that the others go on.
        return [await self._take_alone(build, page, reads) for build in builds]

    async def _take_alone(self, build: Build, page: Page, reads: Sequence[Read]) -> Build:
        mine, end = wanted_of(self._fold_of(build), reads), page.end
        while True:
            try:
                return (await self._save([(build, await self._fold(build, mine, end))]))[0]
            except StoreError as error:
                if error.transient or not error.of_one or not mine:
                    raise
                # The rows of one event are refused: it is found by halves.
                if len(mine) == 1:
                    await self._stand_still(build, failure_of(mine[0].event, error, self._now()))
                    return build
                mine = mine[: len(mine) // 2]
                end = mine[-1].event.position

    async def _fold(self, build: Build, reads: Sequence[Read], end: Position) -> Folded:
        """Fold them, from the rows that are known and those that the store says."""
        fold = self._fold_of(build)
        known = self._known.setdefault(build.build, KnownRows()).at(build.cursor)
        with self._busy():
            unknown = unknown_keys(fold, reads, known)
        rows = {**known, **await self._store.rows(fold, build.build, unknown)} if unknown else known
        batch = Batch(fold, build, rows)
        for some in slices(reads):
            with self._busy():
                batch.take(some)
            await asyncio.sleep(0)
        return batch.folded(end, self._now())

    async def _save(self, folded: Sequence[tuple[Build, Folded]]) -> list[Build]:
        """Save what was folded, all of it by one statement; the builds as they stand then."""
        for _, each in folded:
            if each.told:
                await self._tell(each.told)
        advances = [
            Advance(self._fold_of(build), build, each.progress, self._leases[build.build][0])
            for build, each in folded
            if each.progress.after != build.cursor
        ]
        saved = await self._store.advance(advances) if advances else ()
        tried = {each.build.build for each in advances}
        return [
            await self._after(build, each, tried=build.build in tried, saved=build.build in saved)
            for build, each in folded
        ]

    async def _after(self, build: Build, folded: Folded, *, tried: bool, saved: bool) -> Build:
        after = build
        if tried and not saved:
            log.warning("another process works on the projection %s, or it was changed", build.build)
            # It may have been moved just before this process took it: then it is still this one's to let go.
            self._leases[build.build] = (self._leases[build.build][0], _DOUBTED_S)
            return build
        if saved:
            progress = folded.progress
            self._leases[build.build] = (self._leases[build.build][0], self._monotonic_s())
            self._known[build.build].moved(progress.after, folded.changed)
            after = replace(build, cursor=progress.after, events=build.events + progress.events)
        if folded.failure is not None:
            await self._stand_still(after, folded.failure)
            return replace(after, failure=folded.failure)
        self._tried.pop(build.build, None)
        return replace(after, failure=None)

    def _is_doubted(self, build: Build) -> bool:
        return build.build in self._leases and self._leases[build.build][1] == _DOUBTED_S

    def _fold_of(self, build: Build) -> Fold:
        return self._folds[build.name, build.version]

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Counts the time in which the process does nothing else."""
        began_s = self._monotonic_s()
        yield
        self._busy_s += self._monotonic_s() - began_s

    async def _stand_still(self, build: Build, failure: Failure) -> None:
        self._tried[build.build] = self._monotonic_s()
        log.error("the projection %s stands still: %s", build.build, sentence_of(failure))
        await self._store.stand_still(build, failure)
