"""All energies of a small core: what its samples are measured against. Imported in worker processes only (numpy)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, prod
from typing import Any

import numpy as np

from queuebit_problems.encoding.qubo import Ising
from queuebit_quantum_adapter.algorithms.qaoa import free_qubits
from queuebit_quantum_adapter.algorithms.reduction import Core, Reduced

QUBITS_MAX = 20
"""Cores without groups are enumerated up to here."""
STRINGS_MAX = 200_000
"""Cores with groups, up to so many strings that hold them."""


@dataclass(frozen=True, slots=True)
class Range:
    """The least, the largest and the mean energy over all strings that the mixer reaches."""

    least: float
    largest: float
    mean: float


def range_of(reduced: Reduced) -> Range | None:
    """The range of a reduced problem; None where a core is too large to be enumerated."""
    least = largest = mean = float(reduced.offset)
    for core in reduced.cores:
        energies = energies_of(core)
        if energies is None:
            return None
        least += float(energies.min())
        largest += float(energies.max())
        mean += float(energies.mean())
    return Range(least, largest, mean)


def energies_of(core: Core) -> Any:
    """The energies of all strings that hold the groups, as an array; None where there are too many."""
    if not core.groups:
        return all_energies(core.ising) if core.ising.n <= QUBITS_MAX else None
    free = free_qubits(core.ising.n, core.groups)
    if len(free) > QUBITS_MAX:
        return None
    strings = prod(comb(len(group.qubits), group.count) for group in core.groups) << len(free)
    if strings > STRINGS_MAX:
        return None
    spins = np.ones((1, core.ising.n))
    for group in core.groups:
        choices = np.array(list(combinations(group.qubits, group.count)))
        spins = np.repeat(spins, len(choices), axis=0)
        rows = np.arange(len(spins))[:, None]
        spins[rows, np.tile(choices, (len(spins) // len(choices), 1))] = -1
    for qubit in free:
        other = spins.copy()
        other[:, qubit] = -1
        spins = np.concatenate((spins, other))
    fields = np.zeros(core.ising.n)
    couplings = np.zeros((core.ising.n, core.ising.n))
    for i, value in core.ising.h.items():
        fields[i] = float(value)
    for (i, k), coupling in core.ising.j.items():
        couplings[i, k] = float(coupling)
    return spins @ fields + ((spins @ couplings) * spins).sum(axis=1)


def all_energies(ising: Ising) -> Any:
    """E of every string without the offset; bit q of the index is qubit q. By doubling, one qubit at a time."""
    rows: list[dict[int, float]] = [{} for _ in range(ising.n)]
    for (i, k), coupling in ising.j.items():
        rows[max(i, k)][min(i, k)] = float(coupling)
    energies = np.zeros(1)
    for qubit in range(ising.n):
        field = np.full(1, float(ising.h.get(qubit, 0)))
        for other in range(qubit):
            value = rows[qubit].get(other, 0.0)
            field = np.concatenate((field + value, field - value))
        energies = np.concatenate((energies + field, energies - field))
    return energies
