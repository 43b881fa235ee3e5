"""Linear-ramp QAOA: one circuit without training, with one rescaling rule that suits every problem family.

gamma_k = -0.6 (k + 1) / p / sigma and beta_k = 0.6 (1 - k / p) for k = 0 .. p - 1, with
sigma = sqrt(mean_i(sum_j J_ij^2 + h_i^2)) of the Ising form; the layers are exp(-i gamma E) and RX(2 beta).
The signs go together: with RX(2 beta), beta > 0, the start |+...+> is the highest state of the mixer, and a negative gamma
leads it to the highest state of -E, the minimum of E.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import sqrt

from queuebit_problems.qubo import Ising, Pair
from queuebit_quantum_adapter.circuits import BoundCircuit, Gate, Template

RAMP = 0.6


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
    largest = max((abs(Fraction(value)) for value in (*ising.h.values(), *ising.j.values())), default=Fraction(0))
    if not largest:
        return 0.0
    total = sum(((h / largest) ** 2 for h in ising.h.values()), start=Fraction(0))
    total += 2 * sum(((j / largest) ** 2 for j in ising.j.values()), start=Fraction(0))
    return float(largest) * sqrt(total / ising.n)


def linear_ramp(ising: Ising, layers: int) -> Ramp:
    """The ramp of an Ising model. Without terms every gamma is 0: there is nothing to follow."""
    sigma = sigma_of(ising)
    scale = RAMP / sigma if sigma else 0.0
    gammas = tuple(-scale * (k + 1) / layers for k in range(layers))
    betas = tuple(RAMP * (1 - k / layers) for k in range(layers))
    return Ramp(gammas, betas, sigma)


@lru_cache(maxsize=64)
def qaoa_template(qubits: int, pairs: tuple[Pair, ...], fields: tuple[int, ...], layers: int) -> Template:
    """The QAOA circuit of a structure: H on all, then `layers` times RZZ on `pairs`, RZ on `fields`, RX on all.

    A layer takes its slots in this order: one a pair, one a field, one for the mixer.
    """
    gates = [Gate("h", (qubit,)) for qubit in range(qubits)]
    slot = 0
    for _ in range(layers):
        for pair in pairs:
            gates.append(Gate("rzz", pair, slot))
            slot += 1
        for qubit in fields:
            gates.append(Gate("rz", (qubit,), slot))
            slot += 1
        gates += [Gate("rx", (qubit,), slot) for qubit in range(qubits)]
        slot += 1
    return Template(qubits, tuple(gates), slot)


def qaoa_circuit(ising: Ising, ramp: Ramp) -> BoundCircuit:
    """The circuit of an Ising model at the angles of a ramp: RZZ(2 gamma J), RZ(2 gamma h), RX(2 beta)."""
    pairs = tuple(sorted(ising.j))
    fields = tuple(sorted(ising.h))
    coefficients = [float(ising.j[pair]) for pair in pairs] + [float(ising.h[i]) for i in fields]
    angles: list[float] = []
    for gamma, beta in zip(ramp.gammas, ramp.betas, strict=True):
        angles += [2 * gamma * value for value in coefficients]
        angles.append(2 * beta)
    return BoundCircuit(qaoa_template(ising.n, pairs, fields, ramp.layers), tuple(angles))
