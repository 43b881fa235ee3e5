"""QUBO and Ising in exact arithmetic: the common ground between problems, circuits and samplers.

A QUBO is minimise E(x) = offset + sum_i a_i x_i + sum_{i<j} b_ij x_i x_j over x in {0,1}^n, each unordered pair counted once.
An Ising form is E(s) = offset + sum_i h_i s_i + sum_{i<j} J_ij s_i s_j over s in {-1,+1}^n, with x_i = (1 - s_i) / 2, so that
x = 0 is s = +1, the +1 eigenstate of Pauli Z. Coefficients are int or Fraction: what is stated exactly is kept exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

Exact = int | Fraction
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ising:
    """E(s) = offset + sum h_i s_i + sum_{i<j} J_ij s_i s_j, s in {-1,+1}^n. Only non-zero terms are kept."""

    n: int
    h: Mapping[int, Exact] = field(default_factory=dict)
    j: Mapping[Pair, Exact] = field(default_factory=dict)
    offset: Exact = 0

    def energy(self, spins: Sequence[int]) -> Exact:
        """E of spins (each +1 or -1), exactly."""
        linear = sum((value * spins[i] for i, value in self.h.items()), start=Fraction(0))
        pairs = sum((value * spins[i] * spins[k] for (i, k), value in self.j.items()), start=Fraction(0))
        return simplest(linear + pairs + self.offset)


@dataclass(frozen=True, slots=True)
class Qubo:
    """E(x) = offset + sum a_i x_i + sum_{i<j} b_ij x_i x_j, x in {0,1}^n, to be minimised. Only non-zero terms are kept."""

    n: int
    linear: Mapping[int, Exact] = field(default_factory=dict)
    quadratic: Mapping[Pair, Exact] = field(default_factory=dict)
    offset: Exact = 0

    def energy(self, bits: Sequence[int]) -> Exact:
        """E of bits (each 0 or 1), exactly."""
        total: Exact = self.offset
        for i, value in self.linear.items():
            if bits[i]:
                total += value
        for (i, k), value in self.quadratic.items():
            if bits[i] and bits[k]:
                total += value
        return simplest(total)

    def to_ising(self) -> Ising:
        """The same energies over spins, with x_i = (1 - s_i) / 2."""
        h: dict[int, Fraction] = {}
        j: dict[Pair, Exact] = {}
        offset = Fraction(self.offset)
        for i, value in self.linear.items():
            h[i] = h.get(i, Fraction(0)) - Fraction(value, 2)
            offset += Fraction(value, 2)
        for (i, k), value in self.quadratic.items():
            quarter = Fraction(value, 4)
            j[(i, k)] = simplest(quarter)
            h[i] = h.get(i, Fraction(0)) - quarter
            h[k] = h.get(k, Fraction(0)) - quarter
            offset += quarter
        return Ising(self.n, {i: simplest(value) for i, value in h.items() if value}, j, simplest(offset))


class QuboBuilder:
    """Collects terms; pairs may come in either order, repeated terms add up, i = j is linear (x*x = x)."""

    def __init__(self, n: int, offset: Exact = 0) -> None:
        self._n = n
        self._linear: dict[int, Exact] = {}
        self._quadratic: dict[Pair, Exact] = {}
        self._offset: Exact = offset

    def add(self, i: int, k: int, value: Exact) -> None:
        """Add value * x_i * x_k."""
        if not (0 <= i < self._n and 0 <= k < self._n):
            raise IndexError(f"({i}, {k}) is outside 0..{self._n - 1}")
        if i == k:
            self._linear[i] = self._linear.get(i, 0) + value
        else:
            pair = (i, k) if i < k else (k, i)
            self._quadratic[pair] = self._quadratic.get(pair, 0) + value

    def add_linear(self, i: int, value: Exact) -> None:
        """Add value * x_i."""
        self.add(i, i, value)

    def add_offset(self, value: Exact) -> None:
        """Add a constant."""
        self._offset += value

    def add_squared(self, terms: Mapping[int, Exact], constant: Exact, weight: Exact) -> None:
        """Add weight * (sum_i terms_i x_i + constant)^2: the penalty of a linear equality."""
        items = list(terms.items())
        self._offset += weight * constant * constant
        for position, (i, a) in enumerate(items):
            self.add_linear(i, weight * (a * a + 2 * a * constant))
            for k, b in items[position + 1 :]:
                self.add(i, k, 2 * weight * a * b)

    def build(self) -> Qubo:
        """The finished QUBO."""
        return Qubo(
            self._n,
            {i: simplest(value) for i, value in sorted(self._linear.items()) if value},
            {pair: simplest(value) for pair, value in sorted(self._quadratic.items()) if value},
            simplest(self._offset),
        )


def simplest(value: Exact) -> Exact:
    """An integral fraction as an int."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def exact(value: float) -> Exact:
    """The number as its shortest decimal text states it: 0.1 is one tenth, not the nearest binary fraction."""
    return value if isinstance(value, int) else simplest(Fraction(repr(value)))
