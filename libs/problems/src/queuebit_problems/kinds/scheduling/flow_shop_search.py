"""Orders of a permutation flow shop, in plain Python: makespans, insertion at the best place, iterated greedy.

NEH (Nawaz, Enscore, Ham) with Taillard's way to rate all places of a job at once; iterated greedy after Ruiz and Stuetzle.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

Durations = list[list[int]]
"""Of each job on each machine."""

REMOVED = 4
TEMPERATURE = 0.4
"""In tenths of the mean duration, as Ruiz and Stuetzle found best."""
PASSES_MEAN = 3
WORK_MAX = 400_000
"""Roughly how many durations one search may look at."""
NEH_WORK_MAX = 1_500_000
"""As many durations NEH looks at where nobody can stop it: about a second of it."""
Over = Callable[[], bool]
"""Whether there is no time left: asked before each job is put in."""


def never() -> bool:
    """For whoever has all the time."""
    return False


def makespan(durations: Durations, order: Sequence[int]) -> int:
    """When the last job leaves the last machine."""
    free = [0] * len(durations[0])
    for job in order:
        done = 0
        for machine, duration in enumerate(durations[job]):
            done = max(done, free[machine]) + duration
            free[machine] = done
    return free[-1]


def lower_bound(durations: Durations) -> int:
    """The longest job, or the load of a machine with the least that comes before and after it."""
    machines = range(len(durations[0]))
    loads = [
        sum(job[m] for job in durations)
        + min(sum(job[:m]) for job in durations)
        + min(sum(job[m + 1 :]) for job in durations)
        for m in machines
    ]
    return max(*loads, *(sum(job) for job in durations))


def inserted(durations: Durations, order: list[int], job: int) -> tuple[int, int]:
    """(least makespan with the job put in, the place where it stands then)."""
    mine = durations[job]
    machines = len(mine)
    heads, free = [[0] * machines], [0] * machines
    for other in order:
        done, now = 0, []
        for before, duration in zip(free, durations[other], strict=True):
            done = max(done, before) + duration
            now.append(done)
        free = now
        heads.append(free)
    tails, after = [[0] * machines], [0] * machines
    for other in reversed(order):
        done, now = 0, [0] * machines
        row = durations[other]
        for m in range(machines - 1, -1, -1):
            done = max(done, after[m]) + row[m]
            now[m] = done
        after = now
        tails.append(after)
    best, at = -1, 0
    for place, head in enumerate(heads):
        done, longest = 0, 0
        tail = tails[len(order) - place]
        for before, duration, rest in zip(head, mine, tail, strict=True):
            done = max(done, before) + duration
            longest = max(longest, done + rest)
        if best < 0 or longest < best:
            best, at = longest, place
    return best, at


def neh(durations: Durations, over: Over = never) -> list[int]:
    """Long jobs first, each at its best place; once it is over, those that are left come last."""
    waiting = sorted(range(len(durations)), key=lambda job: (-sum(durations[job]), job))
    order: list[int] = []
    for nth, job in enumerate(waiting):
        if over():
            return order + waiting[nth:]
        order.insert(inserted(durations, order, job)[1], job)
    return order


def bounded_neh(durations: Durations, work_max: int = NEH_WORK_MAX) -> list[int]:
    """NEH of as many jobs as so much work allows."""
    left, machines, there = work_max, len(durations[0]), 0

    def over() -> bool:
        nonlocal left, there
        there += 1
        left -= there * machines
        return left < 0

    return neh(durations, over)


def settled(durations: Durations, start: Sequence[int], rng: random.Random, over: Over = never) -> list[int]:
    """Each job, in any order, taken out and put in at its best place, until none gains, or it is over."""
    order, best = list(start), makespan(durations, start)
    gained = True
    while gained:
        gained = False
        for job in rng.sample(order, len(order)):
            if over():
                return order
            place = order.index(job)
            order.pop(place)
            value, at = inserted(durations, order, job)
            order.insert(at if value < best else place, job)
            gained |= value < best
            best = min(best, value)
    return order


class IteratedGreedy:
    """Some jobs are taken out and put in again, one by one; a worse order is kept now and then."""

    def __init__(self, durations: Durations, start: Sequence[int], rng: random.Random) -> None:
        self.durations, self.rng = durations, rng
        self.order = list(start)
        self.value = makespan(durations, start)
        self.best, self.least = list(start), self.value
        cells = len(durations) * len(durations[0])
        self._warmth = max(1e-9, TEMPERATURE * sum(map(sum, durations)) / cells / 10)
        self.work_each = cells * (REMOVED + PASSES_MEAN * len(durations)) * 3

    def step(self, over: Over = never) -> bool:
        """One round, the rest of which is left out once it is over; whether it found the best order so far."""
        order = list(self.order)
        gone = self.rng.sample(order, min(REMOVED, len(order)))
        for job in gone:
            order.remove(job)
        for job in gone:
            order.insert(inserted(self.durations, order, job)[1], job)
        order = settled(self.durations, order, self.rng, over)
        value = makespan(self.durations, order)
        if value < self.value or self.rng.random() < math.exp((self.value - value) / self._warmth):
            self.order, self.value = order, value
        if value >= self.least:
            return False
        self.best, self.least = list(order), value
        return True


def searched(durations: Durations, start: Sequence[int], rng: random.Random, work_max: int = WORK_MAX) -> list[int]:
    """Iterated greedy from a start, bounded by its work."""
    bound, greedy = lower_bound(durations), IteratedGreedy(durations, start, rng)
    for _ in range(work_max // greedy.work_each):
        if greedy.least == bound:
            break
        greedy.step()
    return greedy.best
