"""Job shops in plain Python: dispatching, tabu search on the critical path, and exact search. Operations count from 0."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

STEPS_MAX = 4_000
WORK_MAX = 600_000
"""Roughly how many operations all steps of one tabu search may look at."""
BRANCHES_MAX = 60_000

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

    @cached_property
    def quick(self) -> Starts:
        """The best schedule of the dispatching rules, after a short tabu search."""
        return tabu(self, dispatched(self), random.Random(0), steps_max=100)

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
    return min((_active(shop, rule) for rule in rules), key=shop.makespan)


def _active(shop: Shop, rule: Callable[[int], float]) -> Starts:
    """Giffler and Thompson: on the machine of the operation that can end first, one of those that it would delay."""
    state = _Partial(shop)
    while state.waiting:
        state.place(min(state.conflict(), key=lambda operation: (rule(operation), operation)))
    return state.starts


class _Partial:
    """A schedule under construction."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.starts = [0] * len(shop.machine)
        self.job_of = {operation: job for job, operations in enumerate(shop.jobs) for operation in operations}
        self.after = {a: b for job in shop.jobs for a, b in pairwise(job)}
        self.waiting = {operations[0]: 0 for operations in shop.jobs}
        """The next operation of each job, and when its job is free."""
        self.machine_free = dict.fromkeys(shop.machine, 0)

    def earliest(self, operation: int) -> int:
        return max(self.waiting[operation], self.machine_free[self.shop.machine[operation]])

    def conflict(self) -> list[int]:
        duration, machine = self.shop.duration, self.shop.machine
        first = min(self.waiting, key=lambda o: (self.earliest(o) + duration[o], o))
        end = self.earliest(first) + duration[first]
        return [
            o
            for o in self.waiting
            if machine[o] == machine[first] and (self.earliest(o) < end or not duration[o] or o == first)
        ]

    def place(self, operation: int) -> None:
        start = self.earliest(operation)
        end = start + self.shop.duration[operation]
        self.starts[operation] = start
        self.machine_free[self.shop.machine[operation]] = end
        del self.waiting[operation]
        if operation in self.after:
            self.waiting[self.after[operation]] = end


class _Graph:
    """The order of the operations on each machine, and the longest paths that follow from it."""

    def __init__(self, shop: Shop, starts: Sequence[int]) -> None:
        n = len(shop.machine)
        self.shop, self.n = shop, n
        self.job_before, self.job_after = [-1] * n, [-1] * n
        self.before, self.after = [-1] * n, [-1] * n
        for job in shop.jobs:
            for a, b in pairwise(job):
                self.job_after[a], self.job_before[b] = b, a
        order = {o: place for place, o in enumerate(_topological(shop, starts))}
        for mine in shop.machines:
            ordered = sorted(mine, key=order.__getitem__)
            for a, b in pairwise(ordered):
                self.after[a], self.before[b] = b, a
        self.start, self.rest = [0] * n, [0] * n

    def measure(self) -> int:
        """Bring starts and rests (the longest path after each operation) up to date; the makespan."""
        duration, n = self.shop.duration, self.n
        missing = [(a >= 0) + (b >= 0) for a, b in zip(self.job_before, self.before, strict=True)]
        ready = [o for o in range(n) if not missing[o]]
        start = [0] * n
        for o in ready:
            end = start[o] + duration[o]
            for following in (self.job_after[o], self.after[o]):
                if following >= 0:
                    start[following] = max(start[following], end)
                    missing[following] -= 1
                    if not missing[following]:
                        ready.append(following)
        rest = [0] * n
        for o in reversed(ready):
            whole = rest[o] + duration[o]
            for earlier in (self.job_before[o], self.before[o]):
                if earlier >= 0 and rest[earlier] < whole:
                    rest[earlier] = whole
        self.start, self.rest = start, rest
        return self.shop.makespan(start)

    def swaps(self, makespan: int, rng: random.Random) -> list[tuple[int, int]]:
        """The pairs at the ends of the blocks of one critical path: exchanging any other cannot shorten it at once."""
        duration, start, rest = self.shop.duration, self.start, self.rest
        critical = [o for o in range(self.n) if start[o] + duration[o] + rest[o] == makespan]
        firsts = [o for o in critical if start[o] == 0 and duration[o]]
        if not firsts:
            return []
        path = [firsts[rng.randrange(len(firsts))]]
        while rest[path[-1]]:
            o = path[-1]
            end = start[o] + duration[o]
            onward = [
                p
                for p in (self.job_after[o], self.after[o])
                if p >= 0 and start[p] == end and end + duration[p] + rest[p] == makespan
            ]
            path.append(onward[rng.randrange(len(onward))])
        blocks: list[list[int]] = []
        for o in path:
            if (
                blocks
                and self.shop.machine[blocks[-1][-1]] == self.shop.machine[o]
                and self.before[o] == blocks[-1][-1]
            ):
                blocks[-1].append(o)
            else:
                blocks.append([o])
        found: dict[tuple[int, int], None] = {}
        for place, block in enumerate(blocks):
            if len(block) > 1:
                if place > 0:
                    found[block[0], block[1]] = None
                if place < len(blocks) - 1:
                    found[block[-2], block[-1]] = None
        return [pair for pair in found if self.job_after[pair[0]] != pair[1]]

    def estimate(self, u: int, v: int) -> int:
        """The longest path through u or v once v stands before u."""
        duration, start, rest = self.shop.duration, self.start, self.rest

        def end(o: int) -> int:
            return start[o] + duration[o] if o >= 0 else 0

        def whole(o: int) -> int:
            return rest[o] + duration[o] if o >= 0 else 0

        v_starts = max(end(self.job_before[v]), end(self.before[u]))
        u_starts = max(end(self.job_before[u]), v_starts + duration[v])
        u_rests = max(whole(self.job_after[u]), whole(self.after[v]))
        v_rests = max(whole(self.job_after[v]), u_rests + duration[u])
        return max(v_starts + duration[v] + v_rests, u_starts + duration[u] + u_rests)

    def swap(self, u: int, v: int) -> None:
        """Put v before u, its neighbour on the machine."""
        first, last = self.before[u], self.after[v]
        if first >= 0:
            self.after[first] = v
        if last >= 0:
            self.before[last] = u
        self.before[v], self.after[v] = first, u
        self.before[u], self.after[u] = v, last


def _topological(shop: Shop, starts: Sequence[int]) -> list[int]:
    """The operations of a feasible schedule by start, in an order that jobs and machines keep."""
    place = {o: k for job in shop.jobs for k, o in enumerate(job)}
    return sorted(range(len(starts)), key=lambda o: (starts[o], starts[o] + shop.duration[o], place[o]))


def tabu(shop: Shop, start: Starts, rng: random.Random, *, steps_max: int = STEPS_MAX) -> Starts:
    """Exchange neighbours on a critical path, even where that lengthens it, and keep the best; the start must be feasible."""
    graph = _Graph(shop, start)
    makespan = graph.measure()
    best, lowest = (graph.start, makespan) if makespan <= shop.makespan(start) else (start, shop.makespan(start))
    barred: dict[tuple[int, int], int] = {}
    for step in range(max(1, min(steps_max, WORK_MAX // len(start)))):
        if lowest <= shop.bound:
            break
        pairs = graph.swaps(makespan, rng)
        if not pairs:
            break
        rated = [(graph.estimate(u, v), u, v) for u, v in pairs]
        allowed = [pair for pair in rated if barred.get(pair[1:], -1) < step or pair[0] < lowest]
        _, u, v = min(allowed) if allowed else rated[rng.randrange(len(rated))]
        graph.swap(u, v)
        barred[v, u] = step + 8 + rng.randrange(8)
        makespan = graph.measure()
        if makespan < lowest:
            best, lowest = graph.start, makespan
    return best


def shortest(shop: Shop) -> Starts | None:
    """A schedule of least makespan, proved by going through the active ones; None where that takes too long."""
    best = list(shop.quick)
    lowest, branches = shop.makespan(best), 0
    state = _Partial(shop)

    def visit() -> bool:
        nonlocal best, lowest, branches
        branches += 1
        if branches > BRANCHES_MAX:
            return False
        if not state.waiting:
            found = shop.makespan(state.starts)
            if found < lowest:
                best, lowest = list(state.starts), found
            return True
        for operation in sorted(state.conflict(), key=lambda o: -shop.tails[o]):
            start, free, was = (
                state.starts[operation],
                state.machine_free[shop.machine[operation]],
                state.waiting[operation],
            )
            state.place(operation)
            reach = max((state.earliest(o) + shop.duration[o] + shop.tails[o] for o in state.waiting), default=0)
            placed_end = state.starts[operation] + shop.duration[operation] + shop.tails[operation]
            finished = max(reach, placed_end) >= lowest or visit()
            state.waiting.pop(state.after.get(operation, -1), None)
            state.waiting[operation] = was
            state.machine_free[shop.machine[operation]] = free
            state.starts[operation] = start
            if not finished:
                return False
        return True

    return best if lowest <= shop.bound or visit() else None
