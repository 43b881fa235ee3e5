"""Exact enumeration for small problems: the oracle that proves optima, and the solver of tiny jobs.

Energies of all bit strings are built by doubling: those of k + 1 variables are those of k, and the same again plus what
variable k adds. Blocks beyond the low variables are walked in Gray code, so that each step is one addition of two lists.
The cuts of a tiny graph stand side by side in one long integer, so that an edge is added to all of them at once.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add, sub
from typing import Any

from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import Exact, Qubo
from queuebit_problems.encoding.qubo_search import Quadratic, quadratic_of

VARIABLES_MAX = 24
PLAIN_MAX = 12
"""Up to here plain Python lists are faster than reaching for numpy; above, numpy is used where it is installed."""
_LOW_PLAIN = 12
_LOW_NUMPY = 16
CUT_NODES_MAX = 8
"""Up to here all cuts of a graph are added up in one long integer."""
CUT_TOTAL_MAX = 2**32 - 1
"""The largest sum of the magnitudes of all weights of such a graph: what one lane of the integer holds."""
_LANE_BITS = 32


@dataclass(frozen=True, slots=True)
class Enumerated:
    """A proved optimum: the answer, its objective, and how many answers reach it (None where they were not counted)."""

    answer: dict[str, Any]
    objective: Number
    optima: int | None = None


@dataclass(frozen=True, slots=True)
class Minimum:
    """The least energy over all bit strings, one string that has it, and how many have it."""

    energy: Exact
    bits: list[int]
    count: int


def minimum_of_qubo(qubo: Qubo) -> Minimum:
    """The minimum of a QUBO of at most VARIABLES_MAX variables, exactly."""
    return minimum_of(quadratic_of(qubo))


def minimum_of(form: Quadratic, *, last_is_zero: bool = False) -> Minimum:
    """The minimum of a quadratic form. With `last_is_zero` the last variable stays 0, which halves a symmetric problem."""
    variables = form.n - 1 if last_is_zero else form.n
    if variables > VARIABLES_MAX:
        raise ValueError(f"{variables} variables are more than {VARIABLES_MAX}, the most that are enumerated")
    energy, index, count = _least(form, variables)
    bits = [(index >> i) & 1 for i in range(variables)]
    return Minimum(form.exact(energy), [*bits, 0] if last_is_zero else bits, count)


def _least(form: Quadratic, variables: int) -> tuple[int, int, int]:
    """(energy times denominator, index of a string whose bit i is variable i, how many strings) over the first variables."""
    rows = [_earlier(form, k) for k in range(variables)]
    if variables > PLAIN_MAX and _fits_64_bits(form):
        try:
            import numpy as np
        except ImportError:
            return _least_plain(form, rows)
        return _least_numpy(form, rows, np)
    return _least_plain(form, rows)


def _earlier(form: Quadratic, k: int) -> list[int]:
    """The coefficients between variable k and each earlier one."""
    row = [0] * k
    for j, q in form.neighbours[k]:
        if j < k:
            row[j] += q
    return row


def _fits_64_bits(form: Quadratic) -> bool:
    total = abs(form.offset) + sum(map(abs, form.linear))
    return total + sum(abs(q) for row in form.neighbours for _, q in row) < 2**62


def _least_plain(form: Quadratic, rows: list[list[int]]) -> tuple[int, int, int]:
    low = min(len(rows), _LOW_PLAIN)
    energies = [form.offset]
    for k in range(low):
        energies += map(add, energies, _slopes(form.linear[k], rows[k]))
    fields = [_slopes(form.linear[k], rows[k][:low]) for k in range(low, len(rows))]
    best = min(energies)
    index, count = energies.index(best), energies.count(best)
    for step, k, sign, constant in _gray(rows, low):
        energies = list(map(add if sign > 0 else sub, energies, fields[k]))
        least = min(energies) + constant
        if least <= best:
            found = energies.count(least - constant)
            if least < best:
                best, count = least, 0
                index = energies.index(least - constant) | (step ^ (step >> 1)) << low
            count += found
    return best, index, count


def _slopes(linear: int, row: Sequence[int]) -> list[int]:
    """What setting a variable adds to the energy, for each string of the earlier variables in `row`."""
    slopes = [linear]
    for q in row:
        slopes += [slope + q for slope in slopes] if q else slopes
    return slopes


def _gray(rows: list[list[int]], low: int) -> Any:
    """Walk the strings of the variables above `low` in Gray code: (step, which flips, +1 set or -1 cleared, constant).

    The constant is the energy among the set variables above `low`.
    """
    high = len(rows) - low
    state, constant = [0] * high, 0
    for step in range(1, 1 << high):
        k = (step & -step).bit_length() - 1
        sign = 1 - 2 * state[k]
        state[k] ^= 1
        mine = rows[low + k]
        among = sum(mine[low + j] for j in range(k) if state[j])
        among += sum(rows[low + j][low + k] for j in range(k + 1, high) if state[j])
        constant += sign * among
        yield step, k, sign, constant


def _least_numpy(form: Quadratic, rows: list[list[int]], np: Any) -> tuple[int, int, int]:
    low = min(len(rows), _LOW_NUMPY)

    def slopes(linear: int, row: Sequence[int]) -> Any:
        values = np.array([linear], dtype=np.int64)
        for q in row:
            values = np.concatenate((values, values + q))
        return values

    energies = np.array([form.offset], dtype=np.int64)
    for k in range(low):
        energies = np.concatenate((energies, energies + slopes(form.linear[k], rows[k])))
    fields = [slopes(form.linear[k], rows[k][:low]) for k in range(low, len(rows))]
    best = int(energies.min())
    index, count = int(energies.argmin()), int(np.count_nonzero(energies == best))
    for step, k, sign, constant in _gray(rows, low):
        if sign > 0:
            energies += fields[k]
        else:
            energies -= fields[k]
        least = int(energies.min()) + constant
        if least <= best:
            if least < best:
                best, count = least, 0
                index = int(energies.argmin()) | (step ^ (step >> 1)) << low
            count += int(np.count_nonzero(energies == least - constant))
    return best, index, count


@dataclass(frozen=True, slots=True)
class _Lanes:
    """All divisions of some nodes that leave the last node on side 0, as long integers with one lane for each.

    `sides[node]` has in each lane the side of the node, `ones` has 1 in every lane, `numbers` reads all lanes.
    """

    sides: tuple[int, ...]
    ones: int
    numbers: struct.Struct


@lru_cache(maxsize=CUT_NODES_MAX)
def _lanes(nodes: int) -> _Lanes:
    divisions = range(1 << (nodes - 1))
    sides = tuple(sum((each >> node & 1) << _LANE_BITS * each for each in divisions) for node in range(nodes))
    return _Lanes(sides, sum(1 << _LANE_BITS * each for each in divisions), struct.Struct(f"<{len(divisions)}I"))


def best_cut(nodes: int, edges: Sequence[tuple[int, int, Any]], weights: Sequence[int]) -> tuple[int, list[int], int]:
    """The best cut of a graph: (its weight, sides with node 0 on side 0, how many divisions reach it).

    At most CUT_NODES_MAX nodes, and weights (one for each edge) whose magnitudes add up to at most CUT_TOTAL_MAX.
    """
    lanes = _lanes(nodes)
    sides, cuts, least = lanes.sides, 0, 0
    for (u, v, _), weight in zip(edges, weights, strict=True):
        cuts += (sides[u] ^ sides[v]) * weight
        if weight < 0:
            least += weight
    # No cut is below the sum of the negative weights; less that, no lane is negative and borrows from the next.
    above = lanes.numbers.unpack((cuts - least * lanes.ones).to_bytes(lanes.numbers.size, "little"))
    best = max(above)
    index = above.index(best)
    if index & 1:
        index ^= (1 << nodes) - 1
    return best + least, [index >> node & 1 for node in range(nodes)], 2 * above.count(best)


def best_packing(profits: Sequence[int], weights: Sequence[int], capacity: int) -> tuple[int, list[int], int]:
    """The best 0/1 knapsack: (profit, take, how many packings reach it). Meets in the middle: 2^(n/2) strings a half.

    All numbers are integers that are not negative.
    """
    items = len(profits)
    if items > VARIABLES_MAX:
        raise ValueError(f"{items} items are more than {VARIABLES_MAX}, the most that are enumerated")
    middle = items // 2
    left_weights, left_profits = _sums(weights[:middle]), _sums(profits[:middle])
    right_weights, right_profits = _sums(weights[middle:]), _sums(profits[middle:])
    order = sorted(range(len(right_weights)), key=right_weights.__getitem__)
    sorted_weights = [right_weights[index] for index in order]
    prefixes: list[tuple[int, int, int]] = []
    top, top_index, top_count = -1, 0, 0
    for index in order:
        profit = right_profits[index]
        if profit > top:
            top, top_index, top_count = profit, index, 1
        elif profit == top:
            top_count += 1
        prefixes.append((top, top_index, top_count))
    best, best_left, best_right, count = -1, 0, 0, 0
    for left, (weight, profit) in enumerate(zip(left_weights, left_profits, strict=True)):
        if weight > capacity:
            continue
        reach = prefixes[bisect_right(sorted_weights, capacity - weight) - 1]
        if profit + reach[0] > best:
            best, best_left, best_right, count = profit + reach[0], left, reach[1], reach[2]
        elif profit + reach[0] == best:
            count += reach[2]
    take = [(best_left >> i) & 1 for i in range(middle)] + [(best_right >> i) & 1 for i in range(items - middle)]
    return best, take, count


def _sums(values: Sequence[int]) -> list[int]:
    """The sum of each subset, by index: bit i stands for values[i]."""
    sums = [0]
    for value in values:
        sums += [total + value for total in sums]
    return sums
