"""Families of trial states for variational searches: circuits with angles, all of which start where a search should.

Hardware-efficient: layers of rotations of each qubit and a chain of CX (Kandala et al. 2017).
Particle-conserving: rotations that move one or two ones between qubits, from the best basis state on: unitary coupled cluster
of qubit excitations, without the signs of fermions (Yordanov et al. 2020; Arrazola et al. 2022 show that such rotations reach
every real state of the sector).
"""

from __future__ import annotations

import random
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from queuebit_circuits.circuit import Circuit, Gate, Operation
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.pauli import PauliSum, masks

MOVES_MAX = 600

Group = tuple[tuple[int, ...], int]
"""Qubits, and how many of them are 1."""


class Ansatz(Protocol):
    """A family of states. Every angle is that of a rotation whose energy has the given number of `frequencies`."""

    @property
    def layers(self) -> int: ...

    @property
    def parameters(self) -> int: ...

    @property
    def frequencies(self) -> int:
        """1: the energy is a + b cos(t + c) in each angle t; 2: it has half of that frequency too."""
        ...

    @property
    def grows(self) -> bool:
        """Whether an angle of 0 leaves its gates out, so that a search may begin with few."""
        ...

    @property
    def stages(self) -> tuple[range, ...]:
        """The parameters in the order in which a search should take them up."""
        ...

    def start(self, seed: int) -> tuple[float, ...]: ...

    def circuit(self, angles: Sequence[float], kept: Container[int] = ()) -> Circuit:
        """Where the ansatz grows, an angle of 0 leaves its gates out, but for the `kept` ones: circuits of one form."""
        ...


@dataclass(frozen=True, slots=True)
class HardwareEfficient:
    """Rotations about Y, with `phases` about Z too, of each qubit before, between and after `layers` chains of CX."""

    qubits: int
    layers: int
    phases: bool
    grows = False
    frequencies = 1

    @property
    def parameters(self) -> int:
        return self.qubits * (self.layers + 1) * (2 if self.phases else 1)

    @property
    def stages(self) -> tuple[range, ...]:
        return (range(self.parameters),)

    def start(self, seed: int) -> tuple[float, ...]:
        """At random within half a radian of |0...0>, where no gradient vanishes by symmetry."""
        rng = random.Random(f"hardware_efficient {seed}")
        return tuple(rng.uniform(-0.5, 0.5) for _ in range(self.parameters))

    def circuit(self, angles: Sequence[float], kept: Container[int] = ()) -> Circuit:
        del kept
        operations: list[Operation] = []
        rest = iter(angles)
        for layer in range(self.layers + 1):
            for qubit in range(self.qubits):
                operations.append(Gate("ry", (qubit,), (next(rest),)))
                if self.phases:
                    operations.append(Gate("rz", (qubit,), (next(rest),)))
            if layer < self.layers:
                operations += [Gate("cx", (qubit, qubit + 1)) for qubit in range(self.qubits - 1)]
        return Circuit(self.qubits, (), tuple(operations))


@dataclass(frozen=True, slots=True)
class Excitation:
    """Turns between the states where the `source` qubits are 1 and the `target` qubits 0, and the other way round."""

    source: tuple[int, ...]
    target: tuple[int, ...]

    @property
    def flips(self) -> int:
        return sum(1 << qubit for qubit in self.source + self.target)

    def gates(self, angle: float) -> Iterator[Gate]:
        """A CX from the first source qubit to all others makes both states equal but for that qubit, which then turns where the
        others say so: RY(t/2) X RY(-t/2) X is RY(t), and nothing where the X are controlled and off.
        """
        pivot, *sources = self.source
        others = [*sources, *self.target]
        fans = [Gate("cx", (pivot, qubit)) for qubit in others]
        yield from fans
        if len(others) == 1:
            yield Gate("cry", (others[0], pivot), (angle,))
        else:
            flip = Gate("c3x", (*others, pivot))
            yield from (Gate("x", (qubit,)) for qubit in sources)
            yield Gate("ry", (pivot,), (angle / 2,))
            yield flip
            yield Gate("ry", (pivot,), (-angle / 2,))
            yield flip
            yield from (Gate("x", (qubit,)) for qubit in sources)
        yield from reversed(fans)


@dataclass(frozen=True, slots=True)
class ParticleConserving:
    """From the basis state with the `occupied` qubits 1, the `first` layer of excitations and then `layers` - 1 times the
    `further` ones, all in order; angle 0 leaves one out.
    """

    qubits: int
    occupied: tuple[int, ...]
    first: tuple[Excitation, ...]
    further: tuple[Excitation, ...]
    layers: int
    grows = True
    frequencies = 2

    @property
    def parameters(self) -> int:
        return len(self.first) + (self.layers - 1) * len(self.further)

    @property
    def stages(self) -> tuple[range, ...]:
        begin, size = len(self.first), len(self.further)
        later = (range(begin + layer * size, begin + (layer + 1) * size) for layer in range(self.layers - 1))
        return (range(begin), *later)

    def start(self, seed: int) -> tuple[float, ...]:
        """The occupied state itself."""
        del seed
        return (0.0,) * self.parameters

    def circuit(self, angles: Sequence[float], kept: Container[int] = ()) -> Circuit:
        operations: list[Operation] = [Gate("x", (qubit,)) for qubit in self.occupied]
        excitations = self.first + self.further * (self.layers - 1)
        for place, (angle, excitation) in enumerate(zip(angles, excitations, strict=True)):
            if angle or place in kept:
                operations += excitation.gates(angle)
        return Circuit(self.qubits, (), tuple(operations))


def particle_conserving(observable: PauliSum, groups: Sequence[Group], layers: int) -> ParticleConserving:
    """Single and double excitations from the basis state of least energy that has the stated numbers of ones.

    The first layer moves ones from occupied to empty qubits, as coupled cluster does; further layers move them between any
    qubits of a group. Left out are those that no power of the observable can reach: each symmetry of the observable that is a
    product of Z is also one of the circuit. Raises UnfitCircuit where there are too many.
    """
    occupied = least_occupation(observable, groups)
    pairs = [(source, target) for group, _ in groups for source in group for target in group if source != target]
    out = [(source, target) for source, target in pairs if source in occupied and target not in occupied]
    span = _span(masks(letters)[0] for coefficient, letters in observable.terms if coefficient)
    first = tuple(each for each in _excitations(out) if _within(each.flips, span))
    further = () if layers == 1 else tuple(each for each in _excitations(pairs) if _within(each.flips, span))
    return ParticleConserving(observable.qubits, tuple(sorted(occupied)), first, further, layers)


def _excitations(moves: Sequence[tuple[int, int]]) -> list[Excitation]:
    """Two moves at once, then single ones, each in one direction only, as its angle may have either sign.

    Raises UnfitCircuit where there are too many.
    """
    if len(moves) > MOVES_MAX:
        raise UnfitCircuit(
            f"There are {len(moves)} ways to move a one; a particle-conserving ansatz takes at most {MOVES_MAX}.",
            remedy="State one layer, fewer qubits, or the ansatz hardware_efficient.",
        )
    known = set(moves)
    twice = set[tuple[tuple[int, ...], tuple[int, ...]]]()
    for (a, b), (c, d) in combinations(moves, 2):
        if len({a, b, c, d}) == 4:
            source, target = (min(a, c), max(a, c)), (min(b, d), max(b, d))
            if (target, source) not in twice:
                twice.add((source, target))
    once = [(source, target) for source, target in moves if (target, source) not in known or source < target]
    return [Excitation(*each) for each in sorted(twice)] + [Excitation((a,), (b,)) for a, b in once]


def least_occupation(observable: PauliSum, groups: Sequence[Group]) -> frozenset[int]:
    """The basis state of least energy with the stated numbers of ones, as far as moving one at a time finds it.

    Of a molecule in the orbitals of its mean field that is the Hartree-Fock state.
    """
    diagonal = [
        (coefficient, signs)
        for coefficient, (flips, signs) in ((c, masks(letters)) for c, letters in observable.terms)
        if flips == 0
    ]

    def energy(bits: int) -> float:
        return sum(-c if (bits & signs).bit_count() & 1 else c for c, signs in diagonal)

    bits = sum(1 << qubit for group, count in groups for qubit in group[:count])
    value, better = energy(bits), True
    while better:
        better = False
        for group, _ in groups:
            for source in group:
                for target in group:
                    moved = bits ^ (1 << source) ^ (1 << target)
                    if bits >> source & 1 and not bits >> target & 1 and energy(moved) < value - 1e-12:
                        bits, value, better = moved, energy(moved), True
    return frozenset(qubit for group, _ in groups for qubit in group if bits >> qubit & 1)


def _span(vectors: Iterator[int]) -> list[int]:
    """A basis over GF(2), each with a highest bit of its own, in descending order."""
    basis: list[int] = []
    for vector in vectors:
        rest = _reduced(vector, basis)
        if rest:
            basis = sorted([*basis, rest], reverse=True)
    return basis


def _reduced(vector: int, basis: Sequence[int]) -> int:
    for element in basis:
        vector = min(vector, vector ^ element)
    return vector


def _within(vector: int, basis: Sequence[int]) -> bool:
    return _reduced(vector, basis) == 0
