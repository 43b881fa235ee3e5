"""What leaves a table unchanged, and what the costs of all placements have in common: so that less must be searched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Table = Sequence[Sequence[int]]
Automorphism = tuple[int, ...]
"""The place that each place goes to, with every entry of the table as before."""

FOUND_MAX = 1_000
TRIES_MAX = 200_000


def automorphisms(table: Table) -> list[Automorphism]:
    """Some automorphisms but the identity: exchanges of two, and the first in order, as far as they are found soon."""
    n = len(table)
    found: dict[Automorphism, None] = {}
    for i in range(n):
        for j in range(i + 1, n):
            if len(found) < FOUND_MAX and _exchangeable(table, i, j):
                found[(*range(i), j, *range(i + 1, j), i, *range(j + 1, n))] = None
    looks = [(row[i], tuple(sorted(row)), tuple(sorted(other[i] for other in table))) for i, row in enumerate(table)]
    image: list[int] = []
    untried = [iter(range(n))]
    tries = 0
    while untried and tries < TRIES_MAX and len(found) < FOUND_MAX:
        i = len(image)
        k = next(untried[-1], None)
        tries += 1
        if k is None:
            untried.pop()
            if image:
                image.pop()
        elif k not in image and looks[i] == looks[k] and _fits(table, image, i, k):
            if i + 1 < n:
                image.append(k)
                untried.append(iter(range(n)))
            else:
                found[(*image, k)] = None
    found.pop(tuple(range(n)), None)
    return list(found)


def _fits(table: Table, image: Sequence[int], i: int, k: int) -> bool:
    return all(table[i][j] == table[k][m] and table[j][i] == table[m][k] for j, m in enumerate(image))


def _exchangeable(table: Table, i: int, j: int) -> bool:
    if table[i][i] != table[j][j] or table[i][j] != table[j][i]:
        return False
    return all(row[i] == row[j] and table[i][k] == table[j][k] for k, row in enumerate(table) if k not in (i, j))


def orbits(n: int, moves: Iterable[Automorphism]) -> list[int]:
    """The least place that each place can be brought to by these moves, one after the other."""
    least = list(range(n))

    def root(place: int) -> int:
        while least[place] != place:
            place = least[place]
        return place

    for move in moves:
        for place, to in enumerate(move):
            one, other = sorted((root(place), root(to)))
            least[other] = one
    return [root(place) for place in range(n)]


def cost_step(a: Table, b: Table) -> int:
    """A number by which the costs of all permutations differ in multiples; 0 where all cost the same.

    For two facilities i and j, whatever their places, the cost is one of a[i][j] * b[k][m] + a[j][i] * b[m][k]: these differ in
    multiples of a common step, and so do whole permutations. The same holds with a and b exchanged.
    """
    one, other = _step(a, b), _step(b, a)
    return math.lcm(one, other) if one and other else 0


def _step(a: Table, b: Table) -> int:
    n = len(a)
    ways = [(b[k][m], b[m][k]) for k in range(n) for m in range(n) if k != m]
    step = 0
    # Differences of ways are sums of multiples of two of them, so that these two tell what all costs have in common.
    there, back, back_only = _lattice((way[0] - ways[0][0], way[1] - ways[0][1]) for way in ways)
    for i in range(n):
        for j in range(i):
            step = math.gcd(step, a[i][j] * there + a[j][i] * back, a[j][i] * back_only)
        for k in range(n):
            step = math.gcd(step, a[i][i] * (b[k][k] - b[0][0]))
    return step


def _lattice(vectors: Iterable[tuple[int, int]]) -> tuple[int, int, int]:
    """(p, q, s) so that the sums of multiples of (p, q) and (0, s) are those of the vectors."""
    p = q = s = 0
    for x, y in vectors:
        while x:
            times = p // x
            p, q, x, y = x, y, p - times * x, q - times * y
        s = math.gcd(s, y)
        if s:
            q %= s
    return p, q, s
