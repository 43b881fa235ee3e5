"""Packing bins in plain Python: first fit, minimum bin slack, a lower bound, exact search. Sizes are integers."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

Bins = list[list[int]]
"""The items of each bin."""

TRIES_MAX = 1_500
TRIES_MIN = 20
"""How many partial fillings the search for one bin may look at: fewer where there are many items."""
WORK_MAX = 200_000
"""How many partial fillings and items all searches together may look at."""


def first_fit(sizes: Sequence[int], capacity: int, order: Iterable[int], start: Bins | None = None) -> Bins:
    """Each item in the given order goes into the first bin that has room for it."""
    bins = [list(members) for members in start or []]
    room = [capacity - sum(sizes[item] for item in members) for members in bins]
    for item in order:
        place = next((b for b, free in enumerate(room) if sizes[item] <= free), len(bins))
        if place == len(bins):
            bins.append([])
            room.append(capacity)
        bins[place].append(item)
        room[place] -= sizes[item]
    return bins


def decreasing(sizes: Sequence[int], items: Iterable[int] | None = None) -> list[int]:
    """The items, largest first."""
    return sorted(range(len(sizes)) if items is None else items, key=lambda item: (-sizes[item], item))


def lower_bound(sizes: Sequence[int], capacity: int) -> int:
    """Martello and Toth's L2: the large items stand alone, and what is left of their bins must hold the middle ones."""
    ordered = sorted(sizes)
    sums = [0]
    for size in ordered:
        sums.append(sums[-1] + size)
    half = sum(2 * size <= capacity for size in ordered)
    best = -(-sums[-1] // capacity) if capacity else 0
    for place in [0, *(k for k in range(half) if k == 0 or ordered[k] != ordered[k - 1])]:
        small = ordered[place] if place < len(ordered) else 0
        alone = sum(size > capacity - small for size in ordered[half:])
        large = len(ordered) - half
        middle = sums[half] - sums[place]
        room = (large - alone) * capacity - (sums[len(ordered) - alone] - sums[half])
        best = max(best, large + max(0, -(-(middle - room) // capacity) if capacity else 0))
    return max(best, 1)


def least_slack(
    sizes: Sequence[int], capacity: int, items: Sequence[int], rng: random.Random | None
) -> tuple[Bins, int]:
    """Bin by bin, the largest item left and those that fill up its bin best (Gupta and Ho): (bins, fillings looked at)."""
    left, bins, work = decreasing(sizes, items), Bins(), 0
    tries_max = max(TRIES_MIN, min(TRIES_MAX, WORK_MAX // max(1, len(left))))
    while left:
        first, *rest = left
        if rng is not None and len(rest) > 1 and rng.random() < 0.3:
            cut = rng.randrange(len(rest))
            rest = sorted(rest[cut:] + rest[:cut], key=lambda item: -sizes[item] + rng.random())
        members, tried = _fullest(sizes, capacity - sizes[first], rest, tries_max)
        work += tried
        bins.append([first, *members])
        gone = {first, *members}
        left = [item for item in left if item not in gone]
    return bins, work


def _fullest(sizes: Sequence[int], room: int, items: list[int], tries_max: int) -> tuple[list[int], int]:
    """The items that fill the room best, as far as a bounded search finds: (items, fillings looked at)."""
    best, least, tries = list[int](), room, 0
    open_: list[tuple[int, int, tuple[int, ...]]] = [(0, room, ())]
    while open_ and least and tries < tries_max:
        place, free, chosen = open_.pop()
        tries, first = tries + 1, place
        while place < len(items) and sizes[items[place]] > free:
            place += 1
        tries += (place - first) // 64
        if place == len(items):
            continue
        following = place + 1
        while following < len(items) and sizes[items[following]] == sizes[items[place]]:
            following += 1
        open_.append((following, free, chosen))
        taken, rest = (*chosen, items[place]), free - sizes[items[place]]
        open_.append((place + 1, rest, taken))
        if rest < least:
            best, least = list(taken), rest
    return best, tries


def packed(sizes: Sequence[int], capacity: int, start: Bins, bound: int, rng: random.Random) -> Bins:
    """As few bins as are found: empty some at random, fill their items in again by least slack, keep what is not worse.

    Of packings with as many bins, the one with the fuller bins (by squares) is better: it leaves more room in the others.
    """

    def rank(bins: Bins) -> tuple[int, int]:
        return len(bins), -sum(sum(sizes[item] for item in members) ** 2 for members in bins)

    best, work = least_slack(sizes, capacity, range(len(sizes)), None)
    best = min(start, best, key=rank)
    while len(best) > bound and work < WORK_MAX:
        count = min(len(best), rng.randint(2, 2 + len(best) // 3))
        chosen = set(rng.sample(range(len(best)), count))
        loose = [item for b in chosen for item in best[b]]
        again, tried = least_slack(sizes, capacity, sorted(loose), rng)
        work += tried + len(loose) + len(sizes)
        found = [members for b, members in enumerate(best) if b not in chosen] + again
        if rank(found) <= rank(best):
            best = found
    return best


def repaired(sizes: Sequence[int], capacity: int, groups: Iterable[Sequence[int]]) -> Bins:
    """The groups as bins; of one that is too full, the smallest items go to the first bins that have room."""
    bins, loose = Bins(), list[int]()
    for group in groups:
        members, load = decreasing(sizes, group), sum(sizes[item] for item in group)
        while load > capacity:
            load -= sizes[members[-1]]
            loose.append(members.pop())
        bins.append(members)
    return [members for members in first_fit(sizes, capacity, decreasing(sizes, loose), bins) if members]


def fewest(sizes: Sequence[int], capacity: int) -> Bins:
    """A packing in the fewest bins, proved over all sets of items: for each, the fewest bins and the least load of the last."""
    n = len(sizes)
    best: list[tuple[int, int, int]] = [(1, 0, -1)]
    for chosen in range(1, 1 << n):
        options = []
        for item in range(n):
            if chosen >> item & 1:
                bins, load, _ = best[chosen ^ (1 << item)]
                fits = load + sizes[item] <= capacity
                options.append((bins, load + sizes[item], item) if fits else (bins + 1, sizes[item], item))
        best.append(min(options))
    chosen, groups = (1 << n) - 1, dict[int, list[int]]()
    while chosen:
        bins, _, item = best[chosen]
        groups.setdefault(bins, []).append(item)
        chosen ^= 1 << item
    return list(groups.values())
