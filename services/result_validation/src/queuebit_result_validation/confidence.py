"""How far an accepted answer can be trusted: a weighted mean of named parts.

    value = sum(weight * part) / sum(weight), over the parts that are known

| part        | value                                                                    | weight |
| ----------- | ------------------------------------------------------------------------ | ------ |
| feasibility | 1: the validator recomputed it, or there would be no confidence          | 4      |
| optimality  | 1 where proved, else 1 - gap to the best valid bound, at least 0         | 4      |
| baseline    | 1 - how far it stays behind our own quick classical answer, at least 0   | 1      |
| samples     | lower end of the Wilson interval of the feasible fraction                | 1      |
| agreement   | lower end of the Wilson interval of the share that agrees                | 0.5    |
| variance    | d / (d + h): the mean energy is known to ± h and lies d above the best   | 0.5    |
| backend     | health as the backend reports it                                         | 0.5    |
| calibration | halves with every HALF_LIFE_S of age                                     | 0.5    |
| history     | lower end of the Wilson interval of the share of this backend's earlier  | 0.5    |
|             | answers to this kind that were accepted, from HISTORY_MIN of them on     |        |

All after `baseline` are about answers that were sampled. Where random samples did as well (the placebo), or the answer was
there before any circuit ran, `samples`, `agreement` and `variance` are worth 0: the circuit gets no credit. Where the optimum
is proved, how the answer was found no longer matters: these parts are stated with weight 0, and the value is 1. Where it is
not proved, the value stays below 1. The intervals are of 95 %.
"""

from __future__ import annotations

from collections.abc import Iterator

from queuebit_contracts.intervals import mean_interval, wilson
from queuebit_contracts.jobs import Confidence, ConfidencePart
from queuebit_result_validation.evidence import NOTHING, Evidence
from queuebit_result_validation.history import NO_TRACK, Track
from queuebit_result_validation.rivals import Baseline

HALF_LIFE_S = 24 * 3600.0
HISTORY_MIN = 10
UNPROVED_MAX = 0.999

WEIGHTS = {
    "feasibility": 4.0,
    "optimality": 4.0,
    "baseline": 1.0,
    "samples": 1.0,
    "agreement": 0.5,
    "variance": 0.5,
    "backend": 0.5,
    "calibration": 0.5,
    "history": 0.5,
}
OF_THE_CIRCUIT = frozenset({"samples", "agreement", "variance"})


def _part(name: str, value: float, detail: str) -> ConfidencePart:
    return ConfidencePart(name=name, value=value, weight=WEIGHTS[name], detail=detail)


_FEASIBILITY = _part("feasibility", 1.0, "recomputed from the problem")


def confidence_of(
    gap: float | None,
    *,
    proved: bool,
    evidence: Evidence,
    baseline: Baseline | None = None,
    track: Track = NO_TRACK,
    uncredited: str = "",
    prover: str = "",
) -> Confidence:
    """The confidence in a feasible answer with this gap (None: no bound is known).

    `uncredited`: why the circuit gets no credit for it, "" where it may.
    `prover`: the solver that proved it, with its version; "" where the proof was made here.
    """
    shown = _part("optimality", 1.0, f"proved by {prover}" if prover else "proved")
    if proved and evidence is NOTHING and track is NO_TRACK:
        return Confidence(value=1.0, parts=(_FEASIBILITY, shown))
    sampled = tuple(_credited(part, uncredited) for part in sampled_parts(evidence, track))
    if proved:
        stated = tuple(part.model_copy(update={"weight": 0.0}) for part in sampled)
        return Confidence(value=1.0, parts=(_FEASIBILITY, shown, *stated))
    parts = (_FEASIBILITY, _optimality(gap), *_against(baseline), *sampled)
    mean = sum(part.weight * part.value for part in parts) / sum(part.weight for part in parts)
    return Confidence(value=min(UNPROVED_MAX, round(mean, 6)), parts=parts)


def _optimality(gap: float | None) -> ConfidencePart:
    if gap is None:
        return _part("optimality", 0.0, "no bound is known")
    return _part("optimality", max(0.0, 1.0 - gap), f"gap {gap:.6g}")


def _against(baseline: Baseline | None) -> Iterator[ConfidencePart]:
    if baseline is not None:
        behind = f", {baseline.shortfall:.2%} behind" if baseline.shortfall else ", not better"
        yield _part("baseline", max(0.0, 1.0 - baseline.shortfall), f"{baseline.source} {baseline.objective}{behind}")


def sampled_parts(evidence: Evidence, track: Track) -> Iterator[ConfidencePart]:
    shots = evidence.shots
    if shots is not None:
        for name, fraction in (("samples", evidence.feasible_fraction), ("agreement", evidence.best_fraction)):
            if fraction is not None:
                low, high = wilson(fraction, shots)
                yield _part(name, low, f"{fraction:.4g} of {shots} samples, {_interval(low, high)}")
        yield from _variance(evidence, shots)
    if evidence.backend_health is not None:
        yield _part("backend", evidence.backend_health, "as the backend reports")
    if evidence.calibration_age_s is not None:
        age_h = evidence.calibration_age_s / 3600
        yield _part("calibration", 0.5 ** (evidence.calibration_age_s / HALF_LIFE_S), f"{age_h:.1f} h old")
    if track.count >= HISTORY_MIN:
        low, high = wilson(track.accepted / track.count, track.count)
        yield _part("history", low, f"{track.accepted} of the last {track.count} accepted, {_interval(low, high)}")


def _variance(evidence: Evidence, shots: int) -> Iterator[ConfidencePart]:
    """How well the samples tell their mean from their best."""
    mean, std, best = evidence.mean_energy, evidence.energy_std, evidence.best_energy
    if mean is None or std is None or best is None:
        return
    low, high = mean_interval(mean, std, shots)
    half, distance = (high - low) / 2, max(0.0, mean - best)
    value = 1.0 if not std else distance / (distance + half)
    yield _part("variance", value, f"mean energy {mean:.6g}, {_interval(low, high)}, best {best:.6g}")


def _credited(part: ConfidencePart, uncredited: str) -> ConfidencePart:
    if not uncredited or part.name not in OF_THE_CIRCUIT:
        return part
    return part.model_copy(update={"value": 0.0, "detail": f"no credit, {uncredited}; {part.detail}"})


def _interval(low: float, high: float) -> str:
    return f"95 % interval {low:.4g} to {high:.4g}"
