"""Angles found by search instead of by rule: an experiment, kept to compare with. Imported in worker processes only (SciPy)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]

from queuebit_circuits.circuit import Bound
from queuebit_problems.encoding.qubo import Ising
from queuebit_quantum_adapter.algorithms.qaoa import Kept, Ramp, qaoa_circuit

LAYERS_MAX = 5
"""More angles than these do not settle within the circuits that a job may take."""
FIRST_STEP = 0.1


def train(
    ising: Ising,
    groups: tuple[Kept, ...],
    start: Ramp,
    sample: Callable[[Bound], Mapping[int, int]],
    *,
    iterations: int,
    cvar: float,
    progress: Callable[[int], None],
) -> tuple[Ramp, int]:
    """(angles with the lowest mean energy seen over the best `cvar` of the samples, circuits used). COBYLA from the ramp."""
    scale = start.sigma or 1.0
    used = 0
    best: tuple[float, Ramp] | None = None

    def ramp_of(point: np.ndarray) -> Ramp:
        angles = [float(value) for value in point]
        half = len(angles) // 2
        return Ramp(tuple(value / scale for value in angles[:half]), tuple(angles[half:]), start.sigma)

    def cost(point: np.ndarray) -> float:
        nonlocal used, best
        used += 1
        progress(used)
        ramp = ramp_of(point)
        value = tail_energy(ising, sample(qaoa_circuit(ising, ramp, groups)), cvar) / scale
        if best is None or value < best[0]:
            best = value, ramp
        return value

    first = np.array([gamma * scale for gamma in start.gammas] + list(start.betas))
    minimize(cost, first, method="COBYLA", options={"maxiter": iterations, "rhobeg": FIRST_STEP})
    assert best is not None
    return best[1], used


def tail_energy(ising: Ising, counts: Mapping[int, int], share: float) -> float:
    """The mean energy of the best `share` of the samples, without the offset (CVaR; 1: of all)."""
    samples = sorted(counts)
    spins = np.array([[1 - 2 * (sample >> q & 1) for q in range(ising.n)] for sample in samples], dtype=np.float64)
    energies = np.zeros(len(samples))
    for i, value in ising.h.items():
        energies += float(value) * spins[:, i]
    for (i, k), value in ising.j.items():
        energies += float(value) * spins[:, i] * spins[:, k]
    order = np.argsort(energies, kind="stable")
    weights = np.array([counts[sample] for sample in samples], dtype=np.float64)[order]
    most = max(1.0, share * float(weights.sum()))
    before = np.concatenate(([0.0], np.cumsum(weights)[:-1]))
    taken = np.clip(most - before, 0.0, weights)
    return float(energies[order] @ taken / taken.sum())
