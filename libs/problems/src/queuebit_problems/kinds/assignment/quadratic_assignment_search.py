"""Quadratic assignment in plain Python: exchanges of two, robust tabu search, Gilmore and Lawler's costs."""

from __future__ import annotations

import random
from collections.abc import Sequence

Matrix = list[list[int]]
STEPS_EACH_MAX = 300
WORK_MAX = 400_000
"""Roughly how many exchanges one search may rate."""
LOOKED_AT_MAX = 2_500_000
"""Roughly how many flows all exchanges that `improved` rates may look at."""


def lawler_costs(a: Matrix, b: Matrix) -> Matrix:
    """What facility i costs at location k at least: its own flow, and its largest flows over the shortest ways from there."""
    n = len(a)
    flows = [sorted(row[:i] + row[i + 1 :]) for i, row in enumerate(a)]
    ways = [sorted(row[:k] + row[k + 1 :], reverse=True) for k, row in enumerate(b)]
    return [[a[i][i] * b[k][k] + sum(map(int.__mul__, flows[i], ways[k])) for k in range(n)] for i in range(n)]


def cost_of(a: Matrix, b: Matrix, p: Sequence[int]) -> int:
    return sum(value * b[p[i]][p[j]] for i, row in enumerate(a) for j, value in enumerate(row) if value)


def _change(a: Matrix, b: Matrix, p: Sequence[int], r: int, s: int) -> int:
    """What exchanging the locations of r and s would add to the cost."""
    k, m, ar, as_ = p[r], p[s], a[r], a[s]
    bk, bm = b[k], b[m]
    change = (ar[r] - as_[s]) * (bm[m] - bk[k]) + (ar[s] - as_[r]) * (bm[k] - bk[m])
    for i, place in enumerate(p):
        if i not in (r, s):
            change += (a[i][r] - a[i][s]) * (b[place][m] - b[place][k]) + (ar[i] - as_[i]) * (bm[place] - bk[place])
    return change


def improved(a: Matrix, b: Matrix, start: Sequence[int]) -> list[int]:
    """Exchange two while that saves, as long as that does not take too long."""
    p, n = list(start), len(start)
    work = LOOKED_AT_MAX
    for _ in range(10 * n):
        moved = False
        for r in range(n):
            work -= r * n
            if work < 0:
                return p
            for s in range(r):
                if _change(a, b, p, r, s) < 0:
                    p[r], p[s] = p[s], p[r]
                    moved = True
        if not moved:
            break
    return p


def tabu(a: Matrix, b: Matrix, start: Sequence[int], rng: random.Random) -> list[int]:
    """Taillard's robust tabu search: the best exchange that was not undone lately; the best permutation seen."""
    n, p = len(a), list(start)
    pairs = [(r, s) for r in range(n) for s in range(r)]
    cost = lowest = cost_of(a, b, p)
    best = list(p)
    if not pairs:
        return best
    if len(pairs) * n > LOOKED_AT_MAX // 4:
        return improved(a, b, p)
    change = {pair: _change(a, b, p, *pair) for pair in pairs}
    last = [[-n * n] * n for _ in range(n)]
    for step in range(min(STEPS_EACH_MAX * n, WORK_MAX // len(pairs))):
        tenure = rng.randint(int(0.9 * n), int(1.1 * n) + 2)
        chosen, least = None, None
        for pair in pairs:
            r, s = pair
            barred = last[r][p[s]] > step - tenure and last[s][p[r]] > step - tenure
            if barred and cost + change[pair] >= lowest:
                continue
            if least is None or change[pair] < least:
                chosen, least = pair, change[pair]
        if chosen is None or least is None:
            continue
        r, s = chosen
        last[r][p[r]] = last[s][p[s]] = step
        p[r], p[s] = p[s], p[r]
        cost += least
        if cost < lowest:
            best, lowest = list(p), cost
        _refresh(a, b, p, change, r, s)
    return best


def _refresh(a: Matrix, b: Matrix, p: list[int], change: dict[tuple[int, int], int], r: int, s: int) -> None:
    """Bring the changes up to date after r and s were exchanged."""
    k, m, ar, as_ = p[r], p[s], a[r], a[s]
    bk, bm = b[k], b[m]
    for pair in change:
        i, j = pair
        if i in (r, s) or j in (r, s):
            change[pair] = _change(a, b, p, i, j)
            continue
        x, y = p[i], p[j]
        change[pair] += (ar[i] - ar[j] + as_[j] - as_[i]) * (bm[x] - bm[y] + bk[y] - bk[x])
        change[pair] += (a[i][r] - a[j][r] + a[j][s] - a[i][s]) * (b[x][m] - b[y][m] + b[y][k] - b[x][k])
