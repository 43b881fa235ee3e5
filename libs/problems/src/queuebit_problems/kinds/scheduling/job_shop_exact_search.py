"""Job shops in plain Python: exact search over the active schedules. Operations count from 0."""

from __future__ import annotations

from itertools import pairwise

from queuebit_problems.kinds.scheduling.job_shop_search import Shop, Starts

BRANCHES_MAX = 60_000


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


def shortest(shop: Shop, start: Starts) -> Starts | None:
    """A schedule of least makespan, proved by going through the active ones; None where it takes too long."""
    best = list(start)
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
