"""The orders that a worker has taken: which wait, which run, which nobody wants any more."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from queuebit_contracts.events import JobQueued
from queuebit_contracts.jobs import TIERS, Tier
from queuebit_runtime.bus.port import Delivery, Record
from queuebit_runtime.worker.reports import Report

ABANDONED_MAX = 100_000
"""Some 20 MB. Beyond it the oldest are forgotten, and their orders may be run for nothing."""


LOOK_MAX = 2_000
"""Among so many that wait another tenant is looked for."""


@dataclass(frozen=True, slots=True)
class Alike:
    """What orders have in common that may run together, and how many of them may at one time. `again`: those that are to run
    later may run together with each other then, once; else each runs alone.
    """

    key: Hashable
    count_max: int
    again: bool = False


class Work:
    """An attempt that waits or runs, and every record that asked for it. `begun`: it has begun, and waits to run again."""

    __slots__ = ("alike", "begun", "claims", "large", "order", "report", "running", "stop")

    def __init__(self, order: JobQueued, report: Report, *, large: bool) -> None:
        self.order = order
        self.report = report
        self.large = large
        self.running = False
        self.begun = False
        self.alike: Alike | None = None
        self.claims: list[tuple[Delivery, Record]] = []
        self.stop = asyncio.Event()

    @property
    def wanted(self) -> bool:
        return any(delivery.wanted(record) for delivery, record in self.claims)

    def done(self) -> None:
        for delivery, record in self.claims:
            delivery.done(record)


class Orders:
    """Interactive before batch before scheduled; never two large ones of one job at once; an abandoned one is skipped. Of the
    large ones of a tier, those of a tenant of whom none runs here come first, so that one who has many waiting holds up nobody.
    """

    def __init__(self) -> None:
        self._works: dict[int, Work] = {}
        """By the number of the attempt's id: the id itself is hashed in Python, several times an order."""
        self._small: dict[Tier, deque[Work]] = {tier: deque() for tier in TIERS}
        self._large: dict[Tier, deque[Work]] = {tier: deque() for tier in TIERS}
        self._large_jobs: dict[str, int] = {}
        self._running_jobs: set[str] = set()
        self._running_of: Counter[str | None] = Counter()
        self._abandoned: OrderedDict[UUID, datetime] = OrderedDict()

    @property
    def small_waiting(self) -> bool:
        return any(self._small.values())

    def claim(self, attempt_id: UUID, delivery: Delivery, record: Record) -> bool:
        """Whether nothing is left to do for this record: its attempt is abandoned, or here already."""
        if self._abandoned and attempt_id in self._abandoned:
            delivery.done(record)
            return True
        if (known := self._works.get(attempt_id.int)) is not None:
            known.claims.append((delivery, record))
            return True
        return False

    def has_large(self, job: str) -> bool:
        """Whether a large order of the job is here: a later one must not overtake it."""
        return job in self._large_jobs

    def add(self, work: Work) -> None:
        self._works[work.order.attempt_id.int] = work
        if work.large:
            self._large_jobs[work.report.job] = self._large_jobs.get(work.report.job, 0) + 1
        (self._large if work.large else self._small)[work.order.tier].append(work)

    def abandon(self, attempt_id: UUID, begin_by: datetime, now: datetime) -> None:
        """Remember it until it may not begin anyway, as its order may come later; tell it to stop where it runs. Where it
        waits, it is skipped when its turn comes.
        """
        if begin_by > now:
            self._abandoned[attempt_id] = begin_by
            self._abandoned.move_to_end(attempt_id)
            while len(self._abandoned) > ABANDONED_MAX or next(iter(self._abandoned.values())) <= now:
                self._abandoned.popitem(last=False)
        if (work := self._works.get(attempt_id.int)) is not None:
            work.stop.set()

    def waiting(self) -> Iterator[Work]:
        """What is wanted and has not begun."""
        for queues in (self._small, self._large):
            for queue in queues.values():
                yield from (work for work in queue if not work.stop.is_set())

    def next_smalls(self, count_max: int) -> list[Work]:
        """The small orders whose turn it is."""
        works: list[Work] = []
        for tier in TIERS:
            waiting = self._small[tier]
            while waiting and len(works) < count_max:
                work = waiting.popleft()
                if work.stop.is_set() or not work.wanted:
                    self.finish(work)
                else:
                    works.append(work)
        return works

    def next_large(self) -> Work | None:
        """The large order whose turn it is; its job counts as running until it is dropped."""
        for tier in TIERS:
            work = self._turn_of(tier)
            if work is not None:
                self._large[tier].remove(work)
                self._run(work)
                return work
        return None

    def _turn_of(self, tier: Tier) -> Work | None:
        """The first of a tenant of whom none runs, else the first."""
        waiting, first = self._large[tier], None
        for seen, work in enumerate(list(waiting)):
            busy = self._running_of[work.report.tenant] > 0
            if first is not None:
                if seen >= LOOK_MAX:
                    break
                if busy:
                    continue
            if work.stop.is_set() or not work.wanted:
                waiting.remove(work)
                self.finish(work)
            elif work.report.job not in self._running_jobs:
                if work.begun or not busy:
                    return work
                first = work
        return first

    def next_alike(self, first: Work) -> list[Work]:
        """The large orders of its tier that wait and may run together with one whose turn it is: as many as it says."""
        if first.alike is None:
            return []
        found: list[Work] = []
        waiting = self._large[first.order.tier]
        for _ in range(len(waiting)):
            work = waiting.popleft()
            if (
                len(found) + 1 < first.alike.count_max
                and work.alike == first.alike
                and work.report.job not in self._running_jobs
                and work.wanted
                and not work.stop.is_set()
            ):
                self._run(work)
                found.append(work)
            else:
                waiting.append(work)
        return found

    def _run(self, work: Work) -> None:
        self._running_jobs.add(work.report.job)
        self._running_of[work.report.tenant] += 1
        work.running = True

    def _runs_no_more(self, work: Work) -> None:
        self._running_jobs.discard(work.report.job)
        self._running_of -= Counter((work.report.tenant,))
        work.running = False

    def put_back(self, works: Sequence[Work]) -> None:
        """They are the next of their tiers, and run alone where they are not to run together again, or did so already."""
        for work in reversed(works):
            self._runs_no_more(work)
            if work.begun or (work.alike is not None and not work.alike.again):
                work.alike = None
            work.begun = True
            self._large[work.order.tier].appendleft(work)

    def finish(self, work: Work) -> None:
        """Nothing more will come of it here: its records are done, unless they are no longer ours."""
        self.drop(work)
        work.done()

    def drop(self, work: Work) -> None:
        """Forget it, done or not. Repeatable."""
        if self._works.get(work.order.attempt_id.int) is not work:
            return
        del self._works[work.order.attempt_id.int]
        job = work.report.job
        if work.running:
            self._runs_no_more(work)
        if work.large:
            self._large_jobs[job] -= 1
            if self._large_jobs[job] == 0:
                del self._large_jobs[job]
