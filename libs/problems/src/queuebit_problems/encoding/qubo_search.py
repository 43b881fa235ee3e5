"""A quadratic form over bits with integer coefficients: descent, greedy and tabu search, in plain Python.

E(x) = (offset + sum_i linear_i x_i + sum_{i<j} q_ij x_i x_j) / denominator, to be minimised.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from queuebit_problems.encoding.qubo import Exact, Qubo, simplest

PASSES_MAX = 100
STEPS_EACH_MAX = 20
WORK_MAX = 400_000
"""Roughly how many gains and coefficients one search may look at."""


@dataclass(frozen=True, slots=True)
class Quadratic:
    """`neighbours[i]` lists (j, q_ij); each pair stands with both of its ends."""

    n: int
    linear: list[int]
    neighbours: list[list[tuple[int, int]]]
    offset: int = 0
    denominator: int = 1

    def energy(self, bits: Sequence[int]) -> int:
        """E of bits, times the denominator."""
        total = 2 * self.offset
        for i, bit in enumerate(bits):
            if bit:
                total += 2 * self.linear[i]
                for j, q in self.neighbours[i]:
                    if bits[j]:
                        total += q
        return total // 2

    def exact(self, energy: int) -> Exact:
        """The energy that an integer of `energy` stands for."""
        return simplest(Fraction(energy, self.denominator))


def quadratic_of(qubo: Qubo) -> Quadratic:
    """The QUBO with integer coefficients over their common denominator."""
    values = [qubo.offset, *qubo.linear.values(), *qubo.quadratic.values()]
    denominator = math.lcm(*(value.denominator for value in values))
    linear = [0] * qubo.n
    neighbours: list[list[tuple[int, int]]] = [[] for _ in range(qubo.n)]
    for i, value in qubo.linear.items():
        linear[i] = int(value * denominator)
    for (i, j), value in qubo.quadratic.items():
        q = int(value * denominator)
        neighbours[i].append((j, q))
        neighbours[j].append((i, q))
    return Quadratic(qubo.n, linear, neighbours, int(qubo.offset * denominator), denominator)


def flip_gains(form: Quadratic, bits: Sequence[int]) -> list[int]:
    """For each variable, what flipping it would add to the energy."""
    gains: list[int] = []
    for i, bit in enumerate(bits):
        slope = form.linear[i]
        for j, q in form.neighbours[i]:
            if bits[j]:
                slope += q
        gains.append(-slope if bit else slope)
    return gains


def flip(form: Quadratic, bits: list[int], gains: list[int], i: int) -> None:
    """Flip variable i, and bring the gains up to date."""
    sign = 1 - 2 * bits[i]
    bits[i] ^= 1
    gains[i] = -gains[i]
    for j, q in form.neighbours[i]:
        gains[j] += sign * q * (1 - 2 * bits[j])


def descend(form: Quadratic, start: Sequence[int]) -> list[int]:
    """Flip single variables while that lowers the energy (1-opt), at most PASSES_MAX passes; never worse than the start."""
    bits = list(start)
    gains = flip_gains(form, bits)
    for _ in range(PASSES_MAX):
        moved = False
        for i in range(form.n):
            if gains[i] >= 0:
                continue
            moved = True
            flip(form, bits, gains, i)
        if not moved:
            break
    return bits


def greedy(form: Quadratic, order: Sequence[int]) -> list[int]:
    """One pass: each variable in turn is set where that lowers the energy given those already set; no search."""
    bits = [0] * form.n
    for i in order:
        slope = form.linear[i]
        for j, q in form.neighbours[i]:
            if bits[j]:
                slope += q
        if slope < 0:
            bits[i] = 1
    return bits


def search(form: Quadratic, start: Sequence[int], seed: int) -> list[int]:
    """Tabu search from a start and from greedy, whichever descends lower; bounded by WORK_MAX, repeatable by seed.

    Each step flips the best variable that was not flipped lately, even where that climbs, and the lowest point is kept.
    """
    rng = random.Random(seed)
    best = min(descend(form, start), descend(form, greedy(form, range(form.n))), key=form.energy)
    bits, gains = list(best), flip_gains(form, best)
    energy = lowest = form.energy(best)
    coefficients = sum(len(row) for row in form.neighbours)
    free_at = [0] * form.n
    for step in range(1, 1 + min(STEPS_EACH_MAX * form.n, WORK_MAX // (form.n + coefficients // form.n))):
        allowed = [i for i in range(form.n) if free_at[i] <= step or energy + gains[i] < lowest]
        if not allowed:
            continue
        i = min(allowed, key=gains.__getitem__)
        energy += gains[i]
        flip(form, bits, gains, i)
        free_at[i] = step + 1 + form.n // 10 + rng.randint(0, 1 + form.n // 20)
        if energy < lowest:
            best, lowest = list(bits), energy
    return best
