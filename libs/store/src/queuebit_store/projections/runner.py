"""Takes builds of projections forward, batch by batch: each by one process at a time, each event exactly once.

What several builds need is read once. One that meets an event that it cannot take stands still before it and says so; the
others go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from queuebit_store.errors import StoreError
from queuebit_store.leadership.port import Leadership, Lease
from queuebit_store.log.port import Position
from queuebit_store.projections.folding import (
    Fold,
    Folded,
    Read,
    Told,
    failure_of,
    fold_batch,
    keys_of,
    read_all,
    registry_of,
    wanted_of,
)
from queuebit_store.projections.port import Build, BuildState, Failure, Page, Projections

log = logging.getLogger(__name__)

TTL_S = 30.0
"""A runner that stops without a word is replaced after this: projections are late meanwhile, and lose nothing."""
RETRY_S = 60.0
"""A build that stands still is tried again so often, and once by each new process: its release may take the event."""
LIVE: tuple[BuildState, ...] = ("live",)
Tell = Callable[[Sequence[Told]], Awaitable[None]]


class RunnerStore(Projections, Leadership, Protocol):
    """What the runner needs of the store."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """How the builds of a runner stand after a step. `events`: how many each projection took; `read`: how many were read, also
    those that none of them takes. `more`: there is more to read at once; then `newest` is the time of the last event that the
    one farthest behind has come to. `busy_s`: how long the process did nothing but fold.
    """

    builds: Sequence[Build] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    more: bool = False
    newest: datetime | None = None
    read: int = 0
    busy_s: float = 0.0


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
        reads_ahead: bool = False,
    ) -> None:
        """`reads_ahead`: the next page is read while one is folded, for whoever has a whole log before him."""
        self._store = store
        self._folds = registry_of(folds)
        self._holder = holder
        self._now = now
        self._monotonic_s = monotonic_s
        self._states = states
        self._only = only
        self._tell = tell
        self._reads_ahead = reads_ahead
        self._ahead: tuple[tuple[object, ...], asyncio.Task[Page]] | None = None
        self._leases: dict[str, tuple[Lease, float]] = {}
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
        stepped = [await self._step(after, builds, limit) for after, builds in together.items()]
        return Stepped(
            tuple(build for each in stepped for build in each.builds),
            {name: count for each in stepped for name, count in each.events.items()},
            any(each.more for each in stepped),
            min((each.newest for each in stepped if each.more and each.newest is not None), default=None),
            sum(each.read for each in stepped),
            sum(each.busy_s for each in stepped),
        )

    async def _step(self, after: Position, builds: Sequence[Build], limit: int) -> Stepped:
        """Take builds forward that stand at the same place: what comes next is read once for all of them."""
        folds = [self._folds[each.name, each.version] for each in builds]
        types = frozenset[str]().union(*(each.types for each in folds))
        categories = tuple(dict.fromkeys(category for each in folds for category in each.categories))
        page = await self._page(after, limit, categories, types)
        if not page.count:
            return Stepped(tuple(builds))
        self._busy_s = 0.0
        began_s = self._monotonic_s()
        reads = read_all(page.events)
        self._busy_s += self._monotonic_s() - began_s
        taken = [await self._take(build, page, reads) for build in builds]
        events = {new.name: new.events - old.events for old, new in zip(builds, taken, strict=True)}
        newest = page.events[-1].time if page.events else None
        return Stepped(taken, events, page.more, newest, page.count, self._busy_s)

    async def _page(self, after: Position, limit: int, categories: tuple[str, ...], types: frozenset[str]) -> Page:
        """The next page, read before where that was foreseen. What was read earlier is no less true: events only follow."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == (after, limit, categories, types):
            page = await ahead[1]
        else:
            if ahead is not None:
                ahead[1].cancel()
            page = await self._store.read_page(after, limit=limit, categories=categories, types=types)
        if self._reads_ahead and page.more:
            reading = self._store.read_page(page.end, limit=limit, categories=categories, types=types)
            self._ahead = (page.end, limit, categories, types), asyncio.ensure_future(reading)
        return page

    async def release(self) -> None:
        """Let others take over at once. Raises StoreUnavailable."""
        if self._ahead is not None:
            self._ahead[1].cancel()
            self._ahead = None
        while self._leases:
            _, (lease, _) = self._leases.popitem()
            await self._store.release(lease)

    async def _let_go(self, wanted: Collection[str]) -> None:
        """What was switched away or stands still may be somebody else's."""
        for build in [each for each in self._leases if each not in wanted]:
            await self._store.release(self._leases.pop(build)[0])

    def _is_mine(self, build: Build) -> bool:
        if build.state not in self._states or (build.name, build.version) not in self._folds:
            return False
        if self._only is not None and build.build not in self._only:
            return False
        tried_s = self._tried.get(build.build)
        return build.failure is None or tried_s is None or self._monotonic_s() >= tried_s + RETRY_S

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

    async def _take(self, build: Build, page: Page, reads: Sequence[Read]) -> Build:
        """The build after the events of the page, or before the first that it cannot take."""
        fold = self._folds[build.name, build.version]
        mine, end = wanted_of(fold, build, reads), page.end
        while True:
            rows = await self._store.rows(fold, build.build, keys_of(fold, mine))
            began_s = self._monotonic_s()
            folded = fold_batch(fold, build, mine, end, rows, self._now())
            self._busy_s += self._monotonic_s() - began_s
            try:
                return await self._save(fold, build, folded)
            except StoreError as error:
                if error.transient or not error.of_one or not mine:
                    raise
                # The rows of one event are refused: it is found by halves.
                if len(mine) == 1:
                    await self._stand_still(build, failure_of(mine[0].event, error, self._now()))
                    return build
                mine = mine[: len(mine) // 2]
                end = mine[-1].event.position

    async def _save(self, fold: Fold, build: Build, folded: Folded) -> Build:
        after = build
        lease, _ = self._leases[build.build]
        if folded.told:
            await self._tell(folded.told)
        if folded.progress.after != build.cursor:
            if not await self._store.advance(fold, build, folded.progress, lease):
                log.warning("another process works on the projection %s, or it was changed", build.build)
                self._leases.pop(build.build, None)
                return build
            self._leases[build.build] = (lease, self._monotonic_s())
            after = replace(build, cursor=folded.progress.after, events=build.events + folded.progress.events)
        if folded.failure is not None:
            await self._stand_still(after, folded.failure)
            return replace(after, failure=folded.failure)
        self._tried.pop(build.build, None)
        return replace(after, failure=None)

    async def _stand_still(self, build: Build, failure: Failure) -> None:
        self._tried[build.build] = self._monotonic_s()
        log.error("the projection %s stands still: %s", build.build, sentence_of(failure))
        await self._store.stand_still(build, failure)


def sentence_of(failure: Failure) -> str:
    """Which event it is and why, for people."""
    place = "/".join(map(str, failure.position))
    return f"version {failure.version} of {failure.stream_id} ({failure.type}, position {place}): {failure.error}"
