"""What is told about an answer, so that circuit, polish and placebo are never mistaken for each other.

| field | meaning |
| --- | --- |
| `method`, `mixer`, `layers`, `layers_wished`, `circuits`, `iterations` | what ran; circuits of all rounds and iterations |
| `shots`, `distinct_samples` | samples of the final circuits (not of training or elimination), and how many differ |
| `feasible_fraction` | share of those samples whose answer, decoded and neither repaired nor polished, keeps every constraint |
| `best_raw_objective`, `best_raw_count` | the best objective among the feasible samples as they came, and how many had it |
| `mean_energy`, `energy_std`, `best_energy` | of the samples in the problem's QUBO, penalties included |
| `energy_min`, `energy_max`, `energy_random` | least, largest and mean energy over what the mixer reaches; None if too many |
| `q`, `q_random` | (energy_max - mean) / (energy_max - energy_min) of the samples, and of random ones |
| `q_normalised` | (q - q_random) / (1 - q_random): 0 is random sampling, 1 is the optimum every time |
| `optimum` | the optimal objective, where enumeration or the kind's bound proves it; else None |
| `p_opt`, `p_opt_interval` | share of raw samples with that objective, and its 95 % interval (Wilson); None without `optimum` |
| `rqaoa_objective` | what recursive elimination ended with, before polish; None for other methods |
| `start_objective` | the classical answer that cores were cut around; None where none was needed |
| `best_source` | where the answer is from: reduction, start, samples, elimination or polish |
| `best_fraction` | share of raw samples with the objective of the answer |
| `polished`, `polish_starts`, `polished_objective` | whether polish made the answer; the samples it took; what it reached |
| `placebo_best` | the best that as many random samples reached through the same repair and polish |
| `placebo` | the raw numbers of the random samples: the fields from `shots` to `best_energy`, `q`, `p_opt` |
| `esp` | estimated success of the deepest circuit on a noisy target; None on an ideal one |
| `target` | on a noisy target its name, noise and calibration, and layout, depth and gates there; else absent |
| `backend_health`, `calibrated_at` | the share of the noisy target that works, and when it was calibrated; else absent |
| `reasons` | what was decided or changed, in words |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queuebit_contracts.intervals import wilson
from queuebit_contracts.jobs import Number
from queuebit_quantum_adapter.algorithms.spectrum import Range
from queuebit_quantum_adapter.pipelines.samples import Candidate, Question, Reading
from queuebit_quantum_adapter.ports import Capabilities

OPTIMUM_QUBITS_MAX = 20
"""Beyond so many qubits no enumeration is tried, only the bound."""


def reading_evidence(reading: Reading | None, spread: Range | None, optimum: Number | None) -> dict[str, Any]:
    """What samples say, by themselves and against all energies and the optimum. Without samples only that there are none."""
    if reading is None:
        return {"shots": 0}
    best = reading.best
    found: dict[str, Any] = {
        "shots": reading.shots,
        "distinct_samples": len(reading.bits),
        "feasible_fraction": reading.feasible / reading.shots,
        "best_raw_objective": None if best is None else best.objective,
        "best_raw_count": reading.best_count,
        "mean_energy": reading.mean_energy,
        "energy_std": reading.energy_std,
        "best_energy": reading.best_energy,
        "q": None,
        "p_opt": None,
        "p_opt_interval": None,
    }
    if spread is not None and spread.largest > spread.least:
        found["q"] = (spread.largest - reading.mean_energy) / (spread.largest - spread.least)
    if optimum is not None:
        share = reading.best_count / reading.shots if best is not None and best.objective == optimum else 0.0
        found |= {"p_opt": share, "p_opt_interval": list(wilson(share, reading.shots))}
    return found


def range_evidence(reading: Reading | None, spread: Range | None) -> dict[str, Any]:
    """The range of energies, and how far beyond random sampling the samples are in it."""
    if spread is None:
        return dict.fromkeys(("energy_min", "energy_max", "energy_random", "q_random", "q_normalised"))
    width, gain = spread.largest - spread.least, spread.mean - spread.least
    return {
        "energy_min": spread.least,
        "energy_max": spread.largest,
        "energy_random": spread.mean,
        "q_random": (spread.largest - spread.mean) / width if width else None,
        "q_normalised": (spread.mean - reading.mean_energy) / gain if reading is not None and gain > 0 else None,
    }


def target_evidence(capabilities: Capabilities, target: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a noisy target is, and what it made of the circuits; empty where there is none."""
    if target is None:
        return {}
    known = {"backend_health": capabilities.health, "calibrated_at": capabilities.calibrated_at}
    return {"target": dict(target), **{name: value for name, value in known.items() if value is not None}}


def known_optimum(question: Question, best: Candidate | None) -> Number | None:
    """The optimal objective, where the bound meets the best answer or enumeration is cheap."""
    kind, statement = question.kind, question.statement
    if best is not None and kind.trivial_bound(statement) == best.objective:
        return best.objective
    if question.encoding.qubo.n > OPTIMUM_QUBITS_MAX:
        return None
    enumerated = kind.enumerated(statement)
    return None if enumerated is None else enumerated.objective
