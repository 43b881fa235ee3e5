"""Recursive QAOA: each circuit's strongest correlation ties one spin to another, until the rest can be enumerated.

Bravyi, Kliesch, Koenig and Tang (2020). Imported in worker processes only (numpy).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from queuebit_circuits.circuit import Bound
from queuebit_problems.encoding.qubo import Exact, Ising, Pair
from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.algorithms.spectrum import all_energies

FLOOR = 8
"""So many spins are enumerated."""
LAYERS_MAX = 5
CIRCUITS_MAX = 16
"""So many circuits at most; of larger models several spins are tied after each."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Spin `spin` is `sign` times spin `to`, or `sign` itself where `to` is None."""

    spin: int
    sign: int
    to: int | None


def circuits_of(spins: int) -> int:
    """How many circuits a model of so many spins takes."""
    return -(-max(0, spins - FLOOR) // _at_once(spins))


def solve(
    ising: Ising,
    counts: Mapping[int, int],
    layers: int,
    sample: Callable[[Bound], Mapping[int, int]],
    progress: Callable[[int], None],
) -> tuple[int, int]:
    """(a string as an integer whose bit q is qubit q, circuits used beyond the first). `counts` are of a circuit of `ising`."""
    at_once = _at_once(ising.n)
    left = list(range(ising.n))
    ties: list[Tie] = []
    circuits = 0
    while len(left) > FLOOR:
        if counts:
            chosen = _strongest(ising, counts, left, min(at_once, len(left) - FLOOR))
        else:
            small = _compact(ising, left)
            circuits += 1
            progress(circuits)
            found = sample(qaoa_circuit(small, linear_ramp(small, min(layers, LAYERS_MAX))))
            chosen = _strongest(ising, _spread(found, left), left, min(at_once, len(left) - FLOOR))
        counts = {}
        for tie in chosen:
            ising = _tied(ising, tie)
            left.remove(tie.spin)
            ties.append(tie)
    small = _compact(ising, left)
    index = int(all_energies(small).argmin())
    spins = {spin: 1 - 2 * (index >> place & 1) for place, spin in enumerate(left)}
    for tie in reversed(ties):
        spins[tie.spin] = tie.sign if tie.to is None else tie.sign * spins[tie.to]
    return sum(1 << spin for spin, value in spins.items() if value < 0), circuits


def _at_once(spins: int) -> int:
    return max(1, -(-(spins - FLOOR) // CIRCUITS_MAX))


def _spread(counts: Mapping[int, int], left: list[int]) -> dict[int, int]:
    """Samples of the compact model as samples over the first numbering."""
    return {sum((sample >> place & 1) << spin for place, spin in enumerate(left)): n for sample, n in counts.items()}


def _strongest(ising: Ising, counts: Mapping[int, int], left: list[int], most: int) -> list[Tie]:
    """The ties that the samples are surest of, on different spins; spins without any term come first: they are free."""
    samples = sorted(counts)
    weights = np.array([counts[sample] for sample in samples], dtype=np.float64)
    weights /= weights.sum()
    spins = {q: np.array([1 - 2 * (sample >> q & 1) for sample in samples], dtype=np.float64) for q in left}
    bound = {q for pair in ising.j for q in pair} | set(ising.h)
    found = [(2.0, Tie(q, 1, None)) for q in left if q not in bound]
    for i in sorted(ising.h):
        mean = float(weights @ spins[i])
        found.append((abs(mean), Tie(i, 1 if mean >= 0 else -1, None)))
    for i, k in sorted(ising.j):
        mean = float(weights @ (spins[i] * spins[k]))
        found.append((abs(mean), Tie(k, 1 if mean >= 0 else -1, i)))
    found.sort(key=lambda item: (-item[0], item[1].spin, -1 if item[1].to is None else item[1].to))
    chosen: list[Tie] = []
    touched: set[int] = set()
    for _, tie in found:
        spins_of = {tie.spin} if tie.to is None else {tie.spin, tie.to}
        if len(chosen) < most and not spins_of & touched:
            chosen.append(tie)
            touched |= spins_of
    return chosen


def _tied(ising: Ising, tie: Tie) -> Ising:
    """The model without a spin, which is replaced by what it is tied to."""
    h: dict[int, Exact] = dict(ising.h)
    j: dict[Pair, Exact] = {}
    own = h.pop(tie.spin, 0)
    if tie.to is not None and own:
        h[tie.to] = h.get(tie.to, 0) + tie.sign * own
    for (i, k), value in ising.j.items():
        if tie.spin not in (i, k):
            j[(i, k)] = j.get((i, k), 0) + value
            continue
        other = k if i == tie.spin else i
        if tie.to is None:
            h[other] = h.get(other, 0) + tie.sign * value
        elif other != tie.to:
            pair = (min(other, tie.to), max(other, tie.to))
            j[pair] = j.get(pair, 0) + tie.sign * value
    return Ising(ising.n, {i: v for i, v in h.items() if v}, {pair: v for pair, v in j.items() if v})


def _compact(ising: Ising, left: list[int]) -> Ising:
    """The model over the spins that are left, numbered from 0."""
    place = {spin: index for index, spin in enumerate(left)}
    return Ising(
        len(left),
        {place[i]: value for i, value in ising.h.items()},
        {(place[i], place[k]): value for (i, k), value in ising.j.items()},
    )
