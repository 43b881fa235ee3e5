"""Outcomes drawn here, from the probabilities that Aer computes, with noise or without. Imported in worker processes only.

Within one call of Aer the place of a circuit changes its samples even with a fixed seed. Probabilities do not depend on it: so
circuits of one form run in one call, however many jobs they belong to, and each is drawn with its own seed as if it were alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import ParameterExpression
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveProbabilities

from queuebit_circuits.circuit import Barrier, Circuit, Gate, Measure
from queuebit_quantum_adapter.errors import RunFailed
from queuebit_quantum_adapter.providers.aer.simulators import data_of
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit

DRAWN_QUBITS_MAX = 16
"""Wider circuits are sampled by Aer, which then keeps no copy of the probabilities."""
STATES_MAX = 1 << 22
"""So many probabilities are held at one time: 32 MiB."""
MODEL_BITS_MAX = 10
"""Under noise, so many bits are read at most: a probability for each of their outcomes is told."""
SHARE_MIN = 1e-12
GENERATOR = "PCG64"
LABEL = "probabilities"
BOUND_BY_AER = frozenset({"p", "rx", "ry", "rz", "u", "u2", "u3", "rxx", "ryy", "rzz"})
"""The gates whose angles Aer fills in itself. With others it runs one of many sets of angles, or runs them with wrong ones, and
says that all went well: so each form is compared with what Qiskit fills in before it is trusted.
"""
TRUST_SEED, TRUST_SETS = 20_240_602, 2
TOLERANCE = 1e-9

Probabilities = NDArray[np.float64]


def is_drawn(circuit: Circuit) -> bool:
    """Whether a circuit measures at its end alone, each bit once, and is small: whatever else runs beside it."""
    if circuit.qubits > DRAWN_QUBITS_MAX:
        return False
    read: set[int] = set()
    written: set[int] = set()
    for operation in circuit.operations:
        match operation:
            case Gate(_, qubits) if read.isdisjoint(qubits):
                pass
            case Measure(qubit, clbit) if clbit not in written:
                read.add(qubit)
                written.add(clbit)
            case Barrier():
                pass
            case _:
                return False
    return True


@dataclass(frozen=True, slots=True)
class Drawing:
    """A form without its measurements. `parameters`: each open angle that the circuit has, and its place among all. `reads`: of
    the qubits whose probabilities are kept, by their places, the bits that they are read into; `readout` says of each such bit,
    in that order, how often a 0 is read as 1 and a 1 as 0, which the probabilities hold too.
    """

    circuit: Any
    parameters: tuple[tuple[int, Any], ...]
    bound_by_aer: bool
    reads: tuple[tuple[int, int], ...]
    readout: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of(cls, made: OpenCircuit, readout: Sequence[tuple[int, float, float]] = ()) -> Drawing:
        """`readout`: of a noisy machine the bits that are read, and how wrong each is. Then Qiskit fills in the angles, so that
        Aer sees the gates that its noise is for.
        """
        bare = made.circuit.copy_empty_like()
        reads: list[tuple[int, int]] = []
        for item in made.circuit.data:
            if item.operation.name == "measure":
                reads.append((bare.find_bit(item.qubits[0]).index, bare.find_bit(item.clbits[0]).index))
            else:
                bare.append(item)
        if readout:
            place = {clbit: qubit for qubit, clbit in reads}
            clbits = [clbit for clbit, _, _ in readout]
            bare.append(SaveProbabilities(len(clbits), label=LABEL), [place[clbit] for clbit in clbits])
            reads = list(enumerate(clbits))
        else:
            bare.append(SaveProbabilities(bare.num_qubits, label=LABEL), range(bare.num_qubits))
        open_names = {item.operation.name for item in bare.data if _is_open(item.operation)}
        parameters = [(place, each) for place, each in enumerate(made.parameters) if each in bare.parameters]
        by_aer = open_names <= BOUND_BY_AER and not readout
        return cls(bare, tuple(parameters), by_aer, tuple(reads), tuple((zero, one) for _, zero, one in readout))

    def tried(self, simulator: AerSimulator) -> Drawing:
        """The same, its angles filled in by Aer only where that gives what Qiskit's own way gives, at random angles."""
        if not (self.bound_by_aer and self.parameters):
            return self
        other = replace(self, bound_by_aer=False)
        width = 1 + max(place for place, _ in self.parameters)
        sets = np.random.default_rng(TRUST_SEED).uniform(-np.pi, np.pi, (TRUST_SETS, width)).tolist()
        try:
            found = self.probabilities(simulator, sets)
        except RunFailed:
            return other
        pairs = zip(found, other.probabilities(simulator, sets), strict=True)
        return self if all(np.abs(one - two).max() < TOLERANCE for one, two in pairs) else other

    def probabilities(self, simulator: AerSimulator, sets: Sequence[Sequence[float]]) -> list[Probabilities]:
        """Of each basis state, for each set of angles, by one call of Aer. Raises RunFailed or TooMuchMemory."""
        if not self.parameters:
            found = data_of(simulator, [self.circuit], shots=1, seed_simulator=0) * len(sets)
        elif self.bound_by_aer:
            binds = {each: [angles[place] for angles in sets] for place, each in self.parameters}
            found = data_of(simulator, [self.circuit], binds=binds, count=len(sets), shots=1, seed_simulator=0)
        else:
            bound = [
                self.circuit.assign_parameters({each: angles[place] for place, each in self.parameters})
                for angles in sets
            ]
            found = data_of(simulator, bound, shots=1, seed_simulator=0)
        return [self._misread(np.asarray(data[LABEL], dtype=np.float64)) for data in found]

    def model(self, probabilities: Probabilities) -> dict[int, float] | None:
        """The probabilities by their outcomes, where there is noise."""
        if not self.readout:
            return None
        states = np.flatnonzero(probabilities > SHARE_MIN).tolist()
        return dict(zip(self._outcomes(states), probabilities[states].tolist(), strict=True))

    def _misread(self, probabilities: Probabilities) -> Probabilities:
        shares = probabilities.reshape((2,) * len(self.readout)) if self.readout else probabilities
        for k, (zero, one) in enumerate(self.readout):
            axis = len(self.readout) - 1 - k
            wrong = np.array([[1 - zero, one], [zero, 1 - one]])
            shares = np.moveaxis(np.tensordot(wrong, shares, axes=(1, axis)), 0, axis)
        return shares.reshape(-1)

    def drawn(self, probabilities: Probabilities, shots: int, seed: int) -> dict[int, int]:
        """So many outcomes: bit c of one is classical bit c."""
        seen = np.bincount(_states(probabilities, shots, seed))
        states = np.flatnonzero(seen)
        return _added(self._outcomes(states.tolist()), seen[states].tolist())

    def memory(self, probabilities: Probabilities, shots: int, seed: int) -> tuple[int, ...]:
        """The same, in the order in which they are drawn."""
        return tuple(self._outcomes(_states(probabilities, shots, seed).tolist()))

    def _outcomes(self, states: Iterable[int]) -> list[int]:
        if all(qubit == clbit for qubit, clbit in self.reads):
            mask = sum(1 << qubit for qubit, _ in self.reads)
            return [state & mask for state in states]
        return [sum((state >> qubit & 1) << clbit for qubit, clbit in self.reads) for state in states]


def _is_open(operation: Any) -> bool:
    return any(isinstance(each, ParameterExpression) for each in operation.params)


def _states(probabilities: Probabilities, shots: int, seed: int) -> NDArray[np.int64]:
    edges = np.cumsum(probabilities)
    points = np.random.Generator(np.random.PCG64(seed)).random(shots) * edges[-1]
    last = int(np.flatnonzero(probabilities)[-1])  # where rounding takes a point up to the last edge
    return np.asarray(np.minimum(np.searchsorted(edges, points, side="right"), last), dtype=np.int64)


def _added(outcomes: Iterable[int], counts: Iterable[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for outcome, count in zip(outcomes, counts, strict=True):
        found[outcome] = found.get(outcome, 0) + count
    return dict(sorted(found.items()))
