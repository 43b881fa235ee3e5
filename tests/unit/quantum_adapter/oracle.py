"""An independent simulator of QAOA: no circuit, no SDK, only the definition.

State after each layer: multiply by exp(-i gamma E(x)), then apply exp(-i beta X) to every qubit. Index x has bit q for qubit q.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from queuebit_problems.encoding.qubo import Ising

Distribution = NDArray[np.float64]


def energies(ising: Ising) -> NDArray[np.float64]:
    """E of every x, from spins s = 1 - 2 bit, by the exact arithmetic of the model itself."""
    return np.array([float(ising.energy([1 - 2 * (x >> q & 1) for q in range(ising.n)])) for x in range(2**ising.n)])


def qaoa_distribution(ising: Ising, gammas: Sequence[float], betas: Sequence[float]) -> Distribution:
    """The exact distribution of the measurement."""
    n, cost = ising.n, energies(ising)
    state = np.full(2**n, 2 ** (-n / 2), dtype=np.complex128)
    for gamma, beta in zip(gammas, betas, strict=True):
        state = state * np.exp(-1j * gamma * cost)
        for q in range(n):
            flipped = state[np.arange(2**n) ^ (1 << q)]
            state = np.cos(beta) * state - 1j * np.sin(beta) * flipped
    return np.abs(state) ** 2


def total_variation(counts: Mapping[int, int], exact: Distribution) -> float:
    """Half the sum of the differences between frequencies and probabilities."""
    shots = sum(counts.values())
    seen = np.zeros(len(exact))
    for sample, count in counts.items():
        seen[sample] = count / shots
    return float(np.abs(seen - exact).sum() / 2)
