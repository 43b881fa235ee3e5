"""Samples become answers: scored exactly, repaired and polished, with what the raw samples reached kept apart.

Imported in worker processes only (numpy).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import Qubo
from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Encoding, Optimisation
from queuebit_quantum_adapter.algorithms.reduction import Core, Reduced

FloatArray = NDArray[np.float64]
Bits = tuple[int, ...]
FURTHER = 10
WORK_MAX = 4_000_000
SCORED_MIN = 32
"""How many terms may be added up to score samples, and how many samples are scored at least."""


@dataclass(frozen=True, slots=True)
class Question:
    """A problem as the samples are read for it."""

    kind: Optimisation[Any]
    statement: Any
    encoding: Encoding

    def candidate(self, answer: Answer) -> Candidate | None:
        """The answer with its objective, or None where it breaks a constraint."""
        if self.kind.violations(self.statement, answer):
            return None
        return Candidate(answer, self.kind.objective(self.statement, answer))

    def better(self, left: Candidate | None, right: Candidate | None) -> Candidate | None:
        """The better of two; the right one where neither is."""
        if left is None or right is None:
            return left or right
        return left if self.kind.better(left.objective, right.objective) else right


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feasible answer and its objective, recomputed by the kind."""

    answer: Answer
    objective: Number


@dataclass(frozen=True, slots=True)
class Reading:
    """What a set of samples says, before any polish.

    `bits` are the distinct samples over all variables, best energy first; `best` is the best feasible one as sampled, and
    `best_count` how often samples with its objective were seen. Energies are those of the QUBO, penalties included.
    """

    shots: int
    bits: tuple[Bits, ...]
    feasible: int
    best: Candidate | None
    best_count: int
    mean_energy: float
    energy_std: float
    best_energy: float


def read_samples(question: Question, counts: Mapping[Bits, int]) -> Reading:
    """Decode and score every distinct sample; of a large problem only as many feasible ones as WORK_MAX allows, best first.

    The order depends on the counts alone, not on how they came.
    """
    samples = sorted(counts)
    weights = np.array([counts[sample] for sample in samples], dtype=np.float64)
    energies = qubo_energies(question.encoding.qubo, np.array(samples, dtype=np.float64))
    order = np.lexsort((np.arange(len(samples)), energies)).tolist()
    best: Candidate | None = None
    best_count = feasible = scored = 0
    scored_max = max(SCORED_MIN, WORK_MAX // (1 + len(question.encoding.qubo.quadratic)))
    for place in order:
        count = counts[samples[place]]
        answer = question.encoding.decode(samples[place])
        if question.kind.violations(question.statement, answer):
            continue
        feasible += count
        scored += 1
        if scored > scored_max:
            continue
        found = Candidate(answer, question.kind.objective(question.statement, answer))
        if best is None or question.kind.better(found.objective, best.objective):
            best, best_count = found, count
        elif found.objective == best.objective:
            best_count += count
    shots = int(weights.sum())
    mean = float(energies @ weights) / shots
    return Reading(
        shots=shots,
        bits=tuple(samples[place] for place in order),
        feasible=feasible,
        best=best,
        best_count=best_count,
        mean_energy=mean,
        energy_std=float(np.sqrt(((energies - mean) ** 2) @ weights / shots)),
        best_energy=float(energies.min()),
    )


def polish(
    question: Question, bits: Sequence[Bits], starts: int, best: Candidate | None = None, optimum: Number | None = None
) -> tuple[Candidate | None, int]:
    """(the best of `best` and of the first `starts` samples after repair and local search, how many of them it took).

    Where the optimum is known it ends as soon as that is reached, for nothing can better it, and goes on to FURTHER times as
    many samples where it is not.
    """
    used = 0
    for each in bits[: starts if optimum is None else FURTHER * starts]:
        if best is not None and best.objective == optimum:
            break
        answer = question.kind.improve(question.statement, question.encoding.decode(each))
        best = question.better(question.candidate(answer), best)
        used += 1
    return best, used


def joined(reduced: Reduced, counts: Sequence[Mapping[int, int]], seed: int) -> dict[Bits, int]:
    """Samples of cores, which are independent, as samples of the whole: the shots of each are put side by side at random, as
    many as there are of all.
    """
    if len(counts) == 1:
        return {reduced.lift([sample]): count for sample, count in sorted(counts[0].items())}
    generator = np.random.default_rng(seed)
    columns = []
    for each in counts:
        samples = sorted(each)
        drawn = np.repeat(np.arange(len(samples)), [each[sample] for sample in samples])
        columns.append([samples[place] for place in generator.permutation(drawn)])
    together = Counter(zip(*columns, strict=False))
    return {reduced.lift(samples): count for samples, count in sorted(together.items())}


def random_counts(core: Core, shots: int, seed: int) -> dict[int, int]:
    """Random samples, even over what the mixer reaches: what the same steps make of no circuit at all."""
    generator = np.random.default_rng(seed)
    n = core.ising.n
    bits = generator.integers(0, 2, size=(shots, n))
    for group in core.groups:
        row = np.array([1] * group.count + [0] * (len(group.qubits) - group.count))
        bits[:, group.qubits] = generator.permuted(np.tile(row, (shots, 1)), axis=1)
    values = bits @ (1 << np.arange(n, dtype=np.int64))
    return dict(Counter(values.tolist()))


def derived_seed(seed: int, name: str) -> int:
    """A seed for one use, from 0 to 2^31 - 1: the same for the same job seed and name, everywhere."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def qubo_energies(qubo: Qubo, bits: FloatArray) -> FloatArray:
    """E of each row of bits, in floating point: for order and statistics, never for an objective."""
    table = np.zeros((qubo.n, qubo.n))
    for i, value in qubo.linear.items():
        table[i, i] = float(value)
    for (i, k), value in qubo.quadratic.items():
        table[i, k] = float(value)
    energies: FloatArray = float(qubo.offset) + ((bits @ table) * bits).sum(axis=1)
    return energies
