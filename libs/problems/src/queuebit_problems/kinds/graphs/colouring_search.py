"""Colouring graphs: DSATUR, tabu search for one colour fewer, and exact search for small graphs. Nodes count from 0."""

from __future__ import annotations

import random
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from queuebit_problems.kinds.graphs.graph_statement import bits_of

STEPS_EACH_MAX = 2_000
WORK_MAX = 3_000_000
"""Roughly how many neighbours and colours all steps of the tabu search may look at."""


def first_fit(masks: Sequence[int], order: Sequence[int]) -> list[int]:
    """Each node in the given order gets the lowest colour that no neighbour has."""
    colour = [0] * len(masks)
    classes: list[int] = []
    for node in order:
        mine = next((c for c, members in enumerate(classes) if not members & masks[node]), len(classes))
        if mine == len(classes):
            classes.append(0)
        classes[mine] |= 1 << node
        colour[node] = mine
    return colour


def dsatur(masks: Sequence[int]) -> list[int]:
    """Always the node that sees the most colours next, then the one of most neighbours; it gets the lowest colour free."""
    nodes = len(masks)
    colour, seen = [-1] * nodes, [0] * nodes
    degree = [mask.bit_count() for mask in masks]
    left = (1 << nodes) - 1
    queue = [(0, -degree[node], node) for node in range(nodes)]
    heapify(queue)
    while queue:
        colours, _, node = heappop(queue)
        if colour[node] >= 0 or -colours != seen[node].bit_count():
            continue
        free = ~seen[node]
        low = free & -free
        colour[node] = low.bit_length() - 1
        left ^= 1 << node
        for other in bits_of(masks[node] & left):
            if not seen[other] & low:
                seen[other] |= low
                heappush(queue, (-seen[other].bit_count(), -degree[other], other))
    return colour


def relabelled(colour: Sequence[int]) -> list[int]:
    """The same classes, numbered from 0 in the order of their first nodes."""
    names: dict[int, int] = {}
    return [names.setdefault(c, len(names)) for c in colour]


def fewer(masks: Sequence[int], colour: Sequence[int], bound: int, rng: random.Random) -> list[int]:
    """A proper colouring with as few colours as tabu search finds, starting from a proper one; at least `bound` are needed."""
    best = relabelled(colour)
    work = WORK_MAX - 4 * sum(mask.bit_count() for mask in masks)
    if work <= 0:
        return best
    neighbours = [list(bits_of(mask)) for mask in masks]
    while (colours := max(best) + 1) > max(bound, 1) and work > 0:
        target = colours - 1
        start = [c if c < target else rng.randrange(target) for c in best]
        found, spent = _without_conflict(neighbours, start, target, rng, work)
        work -= spent
        if found is None:
            break
        best = relabelled(found)
    return best


def _without_conflict(
    neighbours: list[list[int]], start: list[int], colours: int, rng: random.Random, work_max: int
) -> tuple[list[int] | None, int]:
    """Move nodes in conflict to other colours until no conflict is left (TabuCol): (a colouring or None, work done)."""
    colour, nodes = start, len(start)
    clash = [[0] * colours for _ in range(nodes)]
    for node in range(nodes):
        for other in neighbours[node]:
            clash[node][colour[other]] += 1
    conflicts = sum(clash[node][colour[node]] for node in range(nodes)) // 2
    lowest, work = conflicts, nodes * colours + sum(map(len, neighbours))
    free_at = [[0] * colours for _ in range(nodes)]
    for step in range(1, 1 + STEPS_EACH_MAX * nodes):
        if not conflicts:
            return colour, work
        if work > work_max:
            break
        best, moves = 1 << 60, list[tuple[int, int]]()
        for node in range(nodes):
            mine, row = colour[node], clash[node]
            if not row[mine]:
                continue
            work += colours
            for c in range(colours):
                change = row[c] - row[mine]
                if c == mine or change > best or (free_at[node][c] > step and conflicts + change >= lowest):
                    continue
                if change < best:
                    best, moves = change, []
                moves.append((node, c))
        if not moves:
            continue
        node, c = moves[rng.randrange(len(moves))]
        old = colour[node]
        colour[node] = c
        for other in neighbours[node]:
            clash[other][old] -= 1
            clash[other][c] += 1
        work += len(neighbours[node])
        conflicts += best
        lowest = min(lowest, conflicts)
        free_at[node][old] = step + rng.randrange(10) + 6 * conflicts // 10
    return None, work


def repaired(masks: Sequence[int], colour: Sequence[int]) -> list[int]:
    """A proper colouring: nodes in conflict, most conflicts first, are taken out and put back by first fit."""
    classes: dict[int, int] = {}
    for node, c in enumerate(colour):
        classes[c] = classes.get(c, 0) | 1 << node
    out: list[int] = []
    for c, members in classes.items():
        while True:
            worst = max(bits_of(members), key=lambda node: (masks[node] & members).bit_count(), default=0)
            if not masks[worst] & members:
                break
            members ^= 1 << worst
            out.append(worst)
        classes[c] = members
    rows = [members for members in classes.values() if members]
    for node in out:
        place = next((c for c, members in enumerate(rows) if not members & masks[node]), len(rows))
        if place == len(rows):
            rows.append(0)
        rows[place] |= 1 << node
    found = [0] * len(masks)
    for c, members in enumerate(rows):
        for node in bits_of(members):
            found[node] = c
    return relabelled(found)


def least(masks: Sequence[int], bound: int) -> list[int]:
    """A colouring with the fewest colours, proved by search; for small graphs. At least `bound` colours are needed."""
    best = relabelled(dsatur(masks))
    colour = [-1] * len(masks)

    def visit(left: int, used: int) -> bool:
        """Whether the bound is reached, so that nothing better can come."""
        nonlocal best
        if used > max(best):
            return False
        if not left:
            best = list(colour)
            return used <= bound
        seen = {node: {colour[other] for other in bits_of(masks[node] & ~left)} for node in bits_of(left)}
        node = max(seen, key=lambda node: (len(seen[node]), masks[node].bit_count()))
        for c in range(min(used + 1, max(best))):
            if c not in seen[node]:
                colour[node] = c
                if visit(left & ~(1 << node), max(used, c + 1)):
                    return True
        colour[node] = -1
        return False

    if max(best) + 1 > bound:
        visit((1 << len(masks)) - 1, 0)
    return relabelled(best)
