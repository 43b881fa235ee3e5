"""How a machine reads its bits: how often each is read wrong, and what means become where that is known and taken out.

Bits are read wrong each by itself, so that of several the inverse is a product. What is taken out is the mean error: the values
that runs stand for then lie further apart, and their standard error is larger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from queuebit_circuits.pauli import PSEUDO, Basis, PauliSum, bases

CONTRAST_MIN = 0.1
"""A bit that is read nearly at random says too little to be mended."""


@dataclass(frozen=True, slots=True)
class Misread:
    """How often a 0 is read as 1, and a 1 as 0."""

    zero: float
    one: float

    @property
    def contrast(self) -> float:
        """1 for a bit that is always read right, 0 for one that is read at random."""
        return 1 - self.zero - self.one

    def sign(self, bit: int) -> float:
        """What a reading counts for, so that the mean is that of +1 for 0 and -1 for 1 as it was before it was read."""
        return ((-1.0 if bit else 1.0) - (self.one - self.zero)) / self.contrast


Readout = Mapping[int, Misread]
"""The classical bits that are read, each once and at the end, and how wrong."""


def mendable(readout: Readout | None) -> bool:
    """Whether the mean error can be taken out."""
    return bool(readout) and all(each.contrast >= CONTRAST_MIN for each in (readout or {}).values())


def mended_estimate(
    observable: PauliSum, counts: Sequence[Mapping[str, int]], readouts: Sequence[Readout]
) -> tuple[float, float]:
    """(value, standard error) as `pauli.estimate` gives them, from the same counts, with the errors of readout taken out.

    `readouts`: that of each basis; bit q is qubit q, and every bit of a basis is read.
    """
    value, variance = [observable.constant], 0.0
    for basis, outcomes, readout in zip(bases(observable), counts, readouts, strict=True):
        shots = sum(outcomes.values())
        samples = [(_mended(basis, int(key, 2), readout), number) for key, number in outcomes.items()]
        mean = math.fsum(sample * number for sample, number in samples) / shots
        value.append(mean)
        most = _most(basis, readout)
        squares = math.fsum(number * (sample - mean) ** 2 for sample, number in samples)
        ends = (most - mean) ** 2 + (most + mean) ** 2
        variance += (squares + PSEUDO / 2 * ends) / (shots + PSEUDO) / shots
    return math.fsum(value), math.sqrt(variance)


def _mended(basis: Basis, bits: int, readout: Readout) -> float:
    return math.fsum(
        coefficient * math.prod(readout[qubit].sign(bits >> qubit & 1) for qubit in _qubits(mask))
        for coefficient, mask in basis.terms
    )


def _most(basis: Basis, readout: Readout) -> float:
    """The largest magnitude of what one run counts for."""
    return math.fsum(
        abs(coefficient)
        * math.prod(max(abs(readout[qubit].sign(0)), abs(readout[qubit].sign(1))) for qubit in _qubits(mask))
        for coefficient, mask in basis.terms
    )


def _qubits(mask: int) -> list[int]:
    return [qubit for qubit in range(mask.bit_length()) if mask >> qubit & 1]
