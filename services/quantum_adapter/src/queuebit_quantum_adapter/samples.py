"""Samples become answers: scored exactly, repaired and polished, with what the raw samples reached kept apart.

Imported in worker processes only (numpy).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from queuebit_contracts.jobs import Number
from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Encoding, Optimisation
from queuebit_problems.qubo import Qubo
from queuebit_quantum_adapter.reduction import Reduced

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feasible answer and its objective, recomputed by the kind."""

    answer: Answer
    objective: Number


@dataclass(frozen=True, slots=True)
class Reading:
    """What a set of samples says, before any polish.

    `bits` are the distinct samples over all variables, best energy first; `best` is the best feasible one as sampled, and
    `best_count` how often samples with its objective were seen. Energies are those of the QUBO.
    """

    shots: int
    bits: tuple[tuple[int, ...], ...]
    feasible: int
    best: Candidate | None
    best_count: int
    mean_energy: float
    energy_std: float
    best_energy: float

    def evidence(self) -> dict[str, Any]:
        """The numbers that confidence and reports are computed from."""
        return {
            "shots": self.shots,
            "distinct_samples": len(self.bits),
            "feasible_fraction": self.feasible / self.shots,
            "best_raw_objective": None if self.best is None else self.best.objective,
            "best_raw_count": self.best_count,
            "mean_energy": self.mean_energy,
            "energy_std": self.energy_std,
            "best_energy": self.best_energy,
        }


def read_samples(
    kind: Optimisation[Any], statement: Any, encoding: Encoding, reduced: Reduced, counts: Mapping[int, int]
) -> Reading:
    """Decode and score every distinct sample. The order depends on the counts alone, not on how they came."""
    samples = sorted(counts)
    lifted = [reduced.lift(sample) for sample in samples]
    weights = np.array([counts[sample] for sample in samples], dtype=np.float64)
    energies = qubo_energies(encoding.qubo, np.array(lifted, dtype=np.float64))
    order = np.lexsort((np.arange(len(samples)), energies)).tolist()
    best: Candidate | None = None
    best_count = feasible = 0
    for place in order:
        count = counts[samples[place]]
        found = as_candidate(kind, statement, encoding.decode(lifted[place]))
        if found is None:
            continue
        feasible += count
        if best is None or kind.better(found.objective, best.objective):
            best, best_count = found, count
        elif found.objective == best.objective:
            best_count += count
    shots = int(weights.sum())
    mean = float(energies @ weights) / shots
    return Reading(
        shots=shots,
        bits=tuple(lifted[place] for place in order),
        feasible=feasible,
        best=best,
        best_count=best_count,
        mean_energy=mean,
        energy_std=float(np.sqrt(((energies - mean) ** 2) @ weights / shots)),
        best_energy=float(energies.min()),
    )


def polish(
    kind: Optimisation[Any], statement: Any, encoding: Encoding, reading: Reading, starts: int
) -> Candidate | None:
    """The best of the raw answer and of `starts` samples, lowest energy first, after repair and local search."""
    best = reading.best
    for bits in reading.bits[:starts]:
        found = as_candidate(kind, statement, kind.improve(statement, encoding.decode(bits)))
        if found is not None and (best is None or kind.better(found.objective, best.objective)):
            best = found
    return best


def as_candidate(kind: Optimisation[Any], statement: Any, answer: Answer) -> Candidate | None:
    """The answer with its objective, or None where it breaks a constraint."""
    if kind.violations(statement, answer):
        return None
    return Candidate(answer, kind.objective(statement, answer))


def random_counts(qubits: int, shots: int, seed: int) -> dict[int, int]:
    """Uniform random samples: what the same steps make of no circuit at all."""
    generator = np.random.default_rng(seed)
    return dict(Counter(generator.integers(0, 2**qubits, size=shots).tolist()))


def derived_seed(seed: int, name: str) -> int:
    """A seed for one use, from 0 to 2^31 - 1: the same for the same job seed and name, everywhere."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def qubo_energies(qubo: Qubo, bits: FloatArray) -> FloatArray:
    """E of each row of bits, in floating point: for order and statistics, never for an objective."""
    energies = np.full(len(bits), float(qubo.offset))
    if qubo.linear:
        where = list(qubo.linear)
        energies += bits[:, where] @ np.array([float(qubo.linear[i]) for i in where])
    if qubo.quadratic:
        first, second = (list(side) for side in zip(*qubo.quadratic, strict=True))
        values = np.array([float(value) for value in qubo.quadratic.values()])
        energies += (bits[:, first] * bits[:, second]) @ values
    return energies
