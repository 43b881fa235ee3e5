"""The keeper of pairs: follows the plans of jobs in the log, waits for what they measure, and appends it to the stream of
the path.

Every process follows, so that all know how many jobs are measured now; one appends, who leads. Two that both believe to
lead cannot append the same pair, as an append names the version that it expects. After a restart plans are read again from
where all before were dealt with; what a path holds already is known by the moment at which it was asked.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import Protocol, cast
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.paths import PathEvent, PathPairRecorded
from queuebit_contracts.registry import REGISTRY
from queuebit_contracts.streams import JOB
from queuebit_control_plane.paths.board import PathBoard
from queuebit_control_plane.paths.plans import Behind, Plan, folded, without_repeats
from queuebit_domain.job.codec import read_event
from queuebit_domain.paths.case import Case
from queuebit_domain.paths.cases import Told, case_of
from queuebit_domain.paths.cohort import CATEGORY, HEAD_STATE, OPERATOR
from queuebit_domain.paths.deciding import fold_ready, look
from queuebit_domain.paths.pairing import settled
from queuebit_domain.paths.state import Path, evolve_path
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreError, StoreUnavailable
from queuebit_store.leadership.port import Lease
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, Head, OrderedReaderCursors, Position, StreamStore
from queuebit_store.projections.port import Page, Projections

log = logging.getLogger(__name__)

CURSOR = "paths"
PAGE = 2000
BEHIND_MAX = 20_000
"""So many plans are kept in mind, in equal parts for each path; of one that has more the further ones are read again when half
of these are done, and the others go on."""
OF_PATH_MIN = 200
"""So many of each path, however many there are."""
AT_ONCE_MAX = 50
DRAWN_MAX = 20_000
"""So many problems of a path are remembered, drawn or not; whoever begins anew counts a draw of each once more."""
SETTLE = timedelta(seconds=2)
"""A plan is dealt with so long after it was made, so that those before it are there, whichever process made them."""
POLL_INTERVAL_S = 0.5
"""So old is what is known of a path at most, while the store answers; while it does not, nothing is planned either."""
PLANNED = ev.JobPlanned.__name__


class Store(StreamStore, OrderedReaderCursors, Projections, Protocol):
    """What the keeper needs of the store."""


class Leads(Protocol):
    """Whether this process leads."""

    @property
    def lease(self) -> Lease | None: ...


class PathKeeper:
    """Runs beside the relay, under the same lead."""

    def __init__(
        self, store: Store, board: PathBoard, lead: Leads, clock: Clock, *, poll_interval_s: float = POLL_INTERVAL_S
    ) -> None:
        self._store = store
        self._board = board
        self._lead = lead
        self._clock = clock
        self._poll_interval_s = poll_interval_s
        self._position: Position | None = None
        self._saved: Position | None = None
        self._plans: dict[UUID, list[Plan]] = {}
        self._behind: dict[UUID, Behind] = {}
        self._cut_at: datetime | None = None
        """When the last plan was made that was read, where there is more to read: others of that moment may be there."""
        self._drawn: dict[UUID, dict[str, None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep pairs until `stop`."""
        while not stop.is_set():
            more = False
            try:
                await self._board.read()
                more = await self.step()
            except StoreUnavailable as error:
                log.warning("the pairs of paths wait: %s", error)
            except StoreError as error:
                log.error("the pairs of paths cannot be kept: %s", error)
            if not more:
                await wait_event(stop, self._clock, self._poll_interval_s)

    async def step(self) -> bool:
        """Read further plans and append what is settled; True when there may be more at once. Raises StoreError."""
        if not self._plans and not any(path.stage != "retired" for path in self._board.paths.values()):
            self._position = None
            self._behind.clear()
            return False
        more = await self._read()
        now = self._clock.now()
        for path_id in [*self._board.paths]:
            self._forget_folded(path_id)
            if self._lead.lease is not None:
                try:
                    await self._settle(path_id, now)
                except StoreError:
                    raise
                except Exception as error:
                    # Whatever it is: the other paths must not wait for it.
                    self._board.leave_alone(path_id, error)
            passed_over = self._behind[path_id].measured if path_id in self._behind else 0
            self._board.out[path_id] = passed_over + sum(plan.draw.measured for plan in self._plans.get(path_id, ()))
        if self._lead.lease is not None:
            await self._save()
        return more

    async def _read(self) -> bool:
        if self._position is None:
            self._saved = await self._store.load_cursor(CURSOR)
            self._position = max(self._saved, self._board.began())
        plans, page = await self._page(self._position)
        room = self._of_path_max
        for plan in plans:
            self._take(plan, room)
        self._position = page.end
        if plans or not page.more:
            self._cut_at = max(plan.planned_at for plan in plans) if page.more else None
        return await self._catch_up(page.end) or page.more

    async def _page(self, position: Position) -> tuple[list[Plan], Page]:
        """The plans in which a path took part, of the next page."""
        page = await self._store.read_page(
            position, limit=PAGE, categories=(JOB,), types={PLANNED: ev.JobPlanned.schema_version}
        )
        found: list[Plan] = []
        for event in page.events:
            try:
                planned = cast(ev.JobPlanned, REGISTRY.read_stored(event.type, event.schema_version, event.data))
            except Exception as error:
                log.error(
                    "a plan cannot be read, and is no pair", exc_info=error, extra={"job_id": str(event.stream_id)}
                )
                continue
            if planned.path is not None:
                found.append(Plan(event.time, event.stream_id.int, event.stream_id, planned.path, position))
        return found, page

    def _take(self, plan: Plan, room: float) -> bool:
        """Keep a plan in mind, unless it is there, or its path is gone, holds it or a later one, or has no room for it; whether
        it is kept. For one asked no later than those in mind there is room: when these are pairs it would be too late.
        """
        path_id = plan.draw.path_id
        path = self._board.paths.get(path_id)
        if path is None or folded(plan, path):
            return False
        plans = self._plans.get(path_id, [])
        place = bisect_left(plans, plan)
        if place < len(plans) and plans[place] == plan:
            return False
        later = not plans or plan.planned_at > plans[-1].planned_at
        if later and path_id not in self._behind and len(plans) >= room:
            self._behind[path_id] = Behind(plan.before, plan.planned_at)
            log.warning("path %s is behind: what it measures waits for jobs before", path_id)
        if later and path_id in self._behind:
            self._behind[path_id].measured += plan.draw.measured
            return False
        self._plans.setdefault(path_id, plans).insert(place, plan)
        return True

    @property
    def _of_path_max(self) -> int:
        open_ = sum(path.stage != "retired" for path in self._board.paths.values())
        return max(OF_PATH_MIN, BEHIND_MAX // max(1, open_))

    async def _catch_up(self, end: Position) -> bool:
        """Read a page for a path that was behind and has room again; whether there was one."""
        for path_id, behind in [*self._behind.items()]:
            if path_id not in self._board.paths:
                del self._behind[path_id]
                continue
            plans = self._plans.get(path_id, [])
            plans[:] = without_repeats(plans, self._drawn.get(path_id, ()))
            whole = [plan for plan in plans if plan.planned_at < behind.since]
            waits = any(plan.draw.measured for plan in whole)
            if waits and len(whole) > self._of_path_max // 2:
                continue
            found, page = await self._page(behind.position)
            del self._behind[path_id]
            # What is not measured goes with the next that is, however many they are.
            room = self._of_path_max if waits else inf
            took = [plan for plan in found if plan.draw.path_id == path_id and self._take(plan, room)]
            if path_id not in self._behind and behind.position < page.end < end:
                self._behind[path_id] = Behind(page.end, max([behind.since, *(plan.planned_at for plan in found)]))
            if path_id in self._behind:
                self._behind[path_id].measured = max(0, behind.measured - sum(plan.draw.measured for plan in took))
            return bool(took) or self._behind.get(path_id) != behind
        return False

    def _forget_folded(self, path_id: UUID) -> None:
        plans, path = self._plans.get(path_id, []), self._board.paths[path_id]
        self._done(path_id, next((at for at, plan in enumerate(plans) if not folded(plan, path)), len(plans)))
        if not plans:
            self._plans.pop(path_id, None)

    async def _settle(self, path_id: UUID, now: datetime) -> None:
        path, plans = self._board.paths[path_id], self._plans.get(path_id, [])
        due = [plan for plan in plans if plan.draw.measured][:AT_ONCE_MAX]
        await self._look_up([plan for plan in due if plan.planned_at + SETTLE <= now])
        ready: list[Case] = []
        eligible = done = 0
        drawn = self._drawn.get(path_id, {}).copy()
        until = self._whole_until(path_id)
        for place, plan in enumerate(plans):
            if until is not None and plan.planned_at >= until:
                break
            fresh = plan.draw.problem is None or plan.draw.problem not in drawn
            drawn[plan.draw.problem or ""] = None
            eligible += fresh
            if not plan.draw.measured:
                continue
            if plan.version == 0 or (plan.case is not None and not settled(plan.case, path.registered, now)):
                break
            if plan.case is not None:
                known = None if fresh else True
                ready.append(replace(plan.case, eligible=eligible + (not fresh), drawn_before=known))
            eligible, done = 0, place + 1
        events, after = fold_ready(path, ready, now)
        if not events:
            events = [*look(path, now)]
            for event in events:
                after = evolve_path(after, event, now)
        if not events or await self._append(path_id, path, events, after, now):
            self._done(path_id, done)

    def _whole_until(self, path_id: UUID) -> datetime | None:
        """Before which moment all plans of the path are in mind; None where all are. A batch is planned at one moment."""
        moments = [self._cut_at, self._behind[path_id].since if path_id in self._behind else None]
        return min((each for each in moments if each is not None), default=None)

    def _done(self, path_id: UUID, count: int) -> None:
        """Forget the first plans of a path, but for the problems that they drew: alike ones are no further draw."""
        plans = self._plans.get(path_id, [])
        drawn = self._drawn.setdefault(path_id, {})
        for plan in plans[:count]:
            if plan.draw.problem is not None:
                drawn[plan.draw.problem] = None
        while len(drawn) > DRAWN_MAX:
            del drawn[next(iter(drawn))]
        del plans[:count]

    async def _look_up(self, plans: Sequence[Plan]) -> None:
        """Read the jobs of these plans that moved on since they were looked at."""
        if not plans:
            return
        heads = await self._store.heads([plan.job_id for plan in plans])
        moved = [plan for plan in plans if (row := heads.get(plan.job_id)) is not None and row.version > plan.version]
        stories = await self._store.load([plan.job_id for plan in moved]) if moved else {}
        for plan in moved:
            stored = stories.get(plan.job_id, [])
            plan.version = len(stored)
            try:
                plan.case = case_of(plan.job_id, [Told(each.time, read_event(each)) for each in stored], 1)
            except Exception as error:
                log.error("a job cannot be read, and is no pair", exc_info=error, extra={"job_id": str(plan.job_id)})
                plan.case = None

    async def _append(self, path_id: UUID, path: Path, events: Sequence[PathEvent], after: Path, now: datetime) -> bool:
        """Whether it was appended; where somebody else was quicker, the path is read again and it is tried anew."""
        new = new_events(path_id, path.version, events, now)
        append = Append(path_id, OPERATOR, path.version, new, Head(HEAD_STATE), category=CATEGORY)
        if not (await self._store.append([append]))[0]:
            await self._board.read()
            return False
        for event in events:
            if not isinstance(event, PathPairRecorded):
                log.info("path %s: %s", path_id, type(event).__name__)
        self._board.put(path_id, after)
        return True

    async def _save(self) -> None:
        """Remember from where the log must be read again."""
        assert self._position is not None
        befores = [plan.before for plans in self._plans.values() for plan in plans]
        befores += [behind.position for behind in self._behind.values()]
        position = min([*befores, self._position])
        if position != self._saved:
            await self._store.save_cursor(CURSOR, position)
            self._saved = position
