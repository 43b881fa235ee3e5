"""Job shops in plain Python: what a shop is, and dispatching by rules. Operations count from 0."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from itertools import pairwise

Starts = list[int]
"""When each operation starts."""


@dataclass(frozen=True)
class Shop:
    """Operations in the order of their jobs. `jobs` lists the operations of each job."""

    jobs: list[list[int]]
    machine: list[int]
    duration: list[int]

    @cached_property
    def machines(self) -> list[list[int]]:
        """The operations of each machine that has any."""
        found: dict[int, list[int]] = {}
        for operation, machine in enumerate(self.machine):
            found.setdefault(machine, []).append(operation)
        return list(found.values())

    @cached_property
    def heads(self) -> list[int]:
        """The work of its job before each operation."""
        found = [0] * len(self.machine)
        for job in self.jobs:
            for before, after in pairwise(job):
                found[after] = found[before] + self.duration[before]
        return found

    @cached_property
    def tails(self) -> list[int]:
        """The work of its job after each operation."""
        found = [0] * len(self.machine)
        for job in self.jobs:
            for before, after in zip(job[-2::-1], job[:0:-1], strict=True):
                found[before] = found[after] + self.duration[after]
        return found

    @cached_property
    def bound(self) -> int:
        """The longest job, or the load of a machine with the least work before and after it."""
        longest = max(sum(self.duration[operation] for operation in job) for job in self.jobs)
        loads = (
            min(self.heads[o] for o in mine) + sum(self.duration[o] for o in mine) + min(self.tails[o] for o in mine)
            for mine in self.machines
        )
        return max(longest, *loads)

    def makespan(self, starts: Sequence[int]) -> int:
        """When the last operation ends."""
        return max(start + duration for start, duration in zip(starts, self.duration, strict=True))


def by_priority(shop: Shop, priority: Callable[[int], object]) -> Starts:
    """Schedule operations one by one as early as job and machine allow: of the jobs' next ones, the least priority first."""
    starts, at = [0] * len(shop.machine), [0] * len(shop.jobs)
    job_free, machine_free = [0] * len(shop.jobs), dict.fromkeys(shop.machine, 0)
    waiting = {job: operations[0] for job, operations in enumerate(shop.jobs)}
    while waiting:
        job = min(waiting, key=lambda job: (priority(waiting[job]), job))
        operation = waiting[job]
        starts[operation] = max(job_free[job], machine_free[shop.machine[operation]])
        job_free[job] = machine_free[shop.machine[operation]] = starts[operation] + shop.duration[operation]
        at[job] += 1
        if at[job] < len(shop.jobs[job]):
            waiting[job] = shop.jobs[job][at[job]]
        else:
            del waiting[job]
    return starts


def left_shifted(shop: Shop, starts: Sequence[int]) -> Starts:
    """A feasible schedule in the order of the given starts, which no operation of a feasible one leaves later."""
    return by_priority(shop, lambda o: (starts[o], starts[o] + shop.duration[o]))


def dispatched(shop: Shop, rng: random.Random | None = None) -> Starts:
    """The shortest of the active schedules by most work left, most operations left, shortest and longest operation."""
    left = [tail + duration for tail, duration in zip(shop.tails, shop.duration, strict=True)]
    ahead = [0] * len(left)
    for job in shop.jobs:
        for place, operation in enumerate(job):
            ahead[operation] = len(job) - place
    rules: list[Callable[[int], float]] = [
        lambda o: -left[o],
        lambda o: -ahead[o],
        lambda o: shop.duration[o],
        lambda o: -shop.duration[o],
    ]
    if rng is not None:
        noise = [rng.random() for _ in left]
        rules.append(lambda o: -left[o] * (0.7 + 0.6 * noise[o]))
    best = _active(shop, rules[0])
    for rule in rules[1:]:
        if shop.makespan(best) == shop.bound:
            break
        best = min(best, _active(shop, rule), key=shop.makespan)
    return best


def _active(shop: Shop, rule: Callable[[int], float]) -> Starts:
    """Giffler and Thompson: on the machine of the operation that can end first, one of those that it would delay.

    Each machine knows which of its waiting operations can end first; that changes only where one begins or joins.
    """
    duration, machine = shop.duration, shop.machine
    starts, free = [0] * len(machine), dict.fromkeys(machine, 0)
    after = {a: b for job in shop.jobs for a, b in pairwise(job)}
    waiting: dict[int, dict[int, int]] = {each: {} for each in free}
    """By machine: the next operations of jobs, and when their jobs are free."""
    firsts: dict[int, tuple[int, int]] = {}
    queue: list[tuple[int, int]] = []

    def renew(each: int) -> None:
        at = free[each]
        if waiting[each]:
            firsts[each] = min((max(ready, at) + duration[o], o) for o, ready in waiting[each].items())
            heappush(queue, firsts[each])

    for operations in shop.jobs:
        waiting[machine[operations[0]]][operations[0]] = 0
    for each in free:
        renew(each)
    while queue:
        end, first = heappop(queue)
        here = machine[first]
        if first not in waiting[here] or firsts[here] != (end, first):
            continue
        at, mine = free[here], waiting[here]
        delayed = (o for o, ready in mine.items() if max(ready, at) < end or not duration[o] or o == first)
        chosen = min(delayed, key=lambda o: (rule(o), o))
        starts[chosen] = max(mine.pop(chosen), at)
        free[here] = starts[chosen] + duration[chosen]
        following = after.get(chosen)
        if following is not None:
            waiting[machine[following]][following] = free[here]
            if machine[following] != here:
                renew(machine[following])
        renew(here)
    return starts
