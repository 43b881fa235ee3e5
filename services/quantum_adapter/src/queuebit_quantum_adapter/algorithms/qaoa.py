"""Linear-ramp QAOA: one circuit without training, with one rescaling rule that suits every problem family.

gamma_k = -G (k + 1) / p / sigma and beta_k = B (1 - k / p) for k = 0 .. p - 1; a layer is exp(-i gamma E), then the mixer.
Qubits begin in |+> and are mixed by RX(2 beta). The qubits of a group, which always hold so many ones, begin in the even
superposition of such strings and are mixed by RXX and RYY, which exchange a one and a zero; beta is shared out evenly among
the pairs that a qubit is in. Free qubits beside groups, which are slack mostly, are mixed half as strongly.

G and B were measured (decision 0012): 0.6 and 0.6, with groups 1.0 and 0.6. Sigma is half of what one move of the mixer (a
flip, an exchange) typically changes the energy by: without groups that is sqrt(mean_i(sum_j J_ij^2 + h_i^2)) of the Ising
form.

The signs go together: with beta > 0 the start is the highest state of the mixer, and a negative gamma leads it to the highest
state of -E, the minimum of E.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, sqrt

from queuebit_circuits.circuit import Bound, Circuit
from queuebit_problems.encoding.qubo import Ising, Pair
from queuebit_quantum_adapter.algorithms.dicke import Drawing, draw_dicke

RAMP = 0.6
GROUP_RAMP = 1.0
COMPLETE_MAX = 5
"""In groups of up to so many qubits every pair is exchanged."""
STRIDE = 0.4
STATES = 32
"""How many random strings sigma is estimated from where there are groups."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Qubits of which the circuit always has exactly `count` in 1. 0 < count < number of qubits."""

    qubits: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Ramp:
    """The angles of a linear ramp, a layer each, and the scale that they were divided by."""

    gammas: tuple[float, ...]
    betas: tuple[float, ...]
    sigma: float

    @property
    def layers(self) -> int:
        return len(self.betas)


def sigma_of(ising: Ising) -> float:
    """The root mean square field on a spin: what makes one ramp suit every scale of coefficients. 0 without terms."""
    largest = _largest(ising)
    if not largest:
        return 0.0
    total = sum(((h / largest) ** 2 for h in ising.h.values()), start=Fraction(0))
    total += 2 * sum(((j / largest) ** 2 for j in ising.j.values()), start=Fraction(0))
    return float(largest) * sqrt(total / ising.n)


def group_sigma_of(ising: Ising, groups: Sequence[Kept]) -> float:
    """The same for a mixer that keeps groups: from random strings that hold them, always the same ones. 0 without terms."""
    largest = _largest(ising)
    if not largest:
        return 0.0
    h = [0.0] * ising.n
    rows: list[list[tuple[int, float]]] = [[] for _ in range(ising.n)]
    for i, value in ising.h.items():
        h[i] = float(value / largest)
    for (i, k), value in ising.j.items():
        scaled = float(value / largest)
        rows[i].append((k, scaled))
        rows[k].append((i, scaled))
    generator = random.Random(0)
    free = free_qubits(ising.n, groups)
    total, moves = 0.0, 0
    for _ in range(STATES):
        spins = [generator.choice((1, -1)) for _ in range(ising.n)]
        for group in groups:
            ones = set(generator.sample(group.qubits, group.count))
            for q in group.qubits:
                spins[q] = -1 if q in ones else 1
        fields = [h[i] + sum(value * spins[k] for k, value in rows[i]) for i in range(ising.n)]
        total += sum(fields[i] ** 2 for i in free)
        moves += len(free)
        for group in groups:
            for a, b in exchanges(len(group.qubits)):
                i, k = group.qubits[a], group.qubits[b]
                if spins[i] != spins[k]:
                    coupling = next((value for other, value in rows[i] if other == k), 0.0)
                    total += (spins[i] * (fields[i] - fields[k]) + 2 * coupling) ** 2
                    moves += 1
    return float(largest) * sqrt(total / moves) if moves else 0.0


def linear_ramp(ising: Ising, layers: int, groups: Sequence[Kept] = ()) -> Ramp:
    """The ramp of an Ising model. Without terms every gamma is 0: there is nothing to follow."""
    sigma = group_sigma_of(ising, groups) if groups else sigma_of(ising)
    scale = (GROUP_RAMP if groups else RAMP) / sigma if sigma else 0.0
    gammas = tuple(-scale * (k + 1) / layers for k in range(layers))
    betas = tuple(RAMP * (1 - k / layers) for k in range(layers))
    return Ramp(gammas, betas, sigma)


@lru_cache(maxsize=64)
def exchanges(size: int) -> tuple[Pair, ...]:
    """The pairs of places of a group that exchange: all of a small one, else two rings of different strides.

    A ring alone carries a one too slowly around: two mix nearly as well as all pairs do, at a cost that grows with the size.
    """
    strides = range(1, size // 2 + 1)
    if size > COMPLETE_MAX:
        coprime = [stride for stride in strides[1:] if gcd(stride, size) == 1]
        strides_used = [1, min(coprime, key=lambda stride: abs(stride - STRIDE * size), default=2)]
    else:
        strides_used = list(strides)
    return tuple(pair for stride in strides_used for pair in _ring(size, stride))


def _ring(size: int, stride: int) -> list[Pair]:
    """Each place with the one a stride further, once, in rounds of pairs that do not touch."""
    rounds: list[list[Pair]] = [[], [], []]
    seen: set[frozenset[int]] = set()
    for first in range(size):
        pair = (first, (first + stride) % size)
        if frozenset(pair) in seen:
            continue
        seen.add(frozenset(pair))
        place = next((each for each in rounds if not any(set(pair) & set(other) for other in each)), rounds[-1])
        place.append(pair)
    return [pair for each in rounds for pair in each]


def free_qubits(qubits: int, groups: Sequence[Kept]) -> list[int]:
    """The qubits that are in no group."""
    taken = {q for group in groups for q in group.qubits}
    return [q for q in range(qubits) if q not in taken]


@lru_cache(maxsize=64)
def qaoa_template(
    qubits: int, pairs: tuple[Pair, ...], fields: tuple[int, ...], layers: int, groups: tuple[Kept, ...] = ()
) -> tuple[Circuit, tuple[float, ...]]:
    """The QAOA circuit of a structure, and the values of its first slots, which prepare the start.

    A layer takes its slots in this order: one a pair (RZZ), one a field (RZ), one for RX where qubits are free, one a group for
    its RXX and RYY.
    """
    drawing = Drawing()
    free = free_qubits(qubits, groups)
    for qubit in free:
        drawing.add("h", qubit)
    for group in groups:
        draw_dicke(drawing, group.qubits, group.count)
    start = tuple(drawing.angles)
    for _ in range(layers):
        for pair in pairs:
            drawing.turn("rzz", 0.0, *pair)
        for qubit in fields:
            drawing.turn("rz", 0.0, qubit)
        if free:
            slot = drawing.slot(0.0)
            for qubit in free:
                drawing.turn_by("rx", slot, qubit)
        for group in groups:
            slot = drawing.slot(0.0)
            for a, b in exchanges(len(group.qubits)):
                drawing.turn_by("rxx", slot, group.qubits[a], group.qubits[b])
                drawing.turn_by("ryy", slot, group.qubits[a], group.qubits[b])
    return drawing.circuit(qubits), start


def mixer_factors(qubits: int, groups: Sequence[Kept]) -> list[float]:
    """What beta is multiplied by for each mixer slot of a layer: RX(2 beta), or RX(beta) beside groups, and each group's."""
    free = [1.0 if groups else 2.0] if free_qubits(qubits, groups) else []
    return free + [len(group.qubits) / len(exchanges(len(group.qubits))) for group in groups]


def qaoa_circuit(ising: Ising, ramp: Ramp, groups: tuple[Kept, ...] = ()) -> Bound:
    """The circuit of an Ising model at the angles of a ramp: RZZ(2 gamma J), RZ(2 gamma h), then the mixer."""
    pairs = tuple(sorted(ising.j))
    fields = tuple(sorted(ising.h))
    coefficients = [float(ising.j[pair]) for pair in pairs] + [float(ising.h[i]) for i in fields]
    template, start = qaoa_template(ising.n, pairs, fields, ramp.layers, groups)
    mixers = mixer_factors(ising.n, groups)
    angles = list(start)
    for gamma, beta in zip(ramp.gammas, ramp.betas, strict=True):
        angles += [2 * gamma * value for value in coefficients]
        angles += [factor * beta for factor in mixers]
    return Bound(template, tuple(angles))


def terms_of(ising: Ising, groups: Sequence[Kept] = ()) -> int:
    """How many gates a layer has beyond one a qubit."""
    return len(ising.j) + len(ising.h) + 2 * sum(len(exchanges(len(group.qubits))) for group in groups)


def _largest(ising: Ising) -> Fraction:
    """The largest coefficient: what is divided by it stays within floating point."""
    return max((abs(Fraction(value)) for value in (*ising.h.values(), *ising.j.values())), default=Fraction(0))
