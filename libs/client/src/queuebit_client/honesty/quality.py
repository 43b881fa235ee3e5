"""What the samples of one attempt say: q, q of random samples, feasible fraction, P(opt).

q            = (Emax - <E>) / (Emax - Emin)      over the energies of the problem's QUBO
q_random     = the same of uniform random samples
q_normalised = (q - q_random) / (1 - q_random)
P(opt)       = the share of the raw samples that are optimal
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queuebit_client.honesty.numbers import Number, Share, Unknown, better, count, number, same, section

NO_SAMPLES = "nothing was sampled"
NO_SHOTS = "the number of samples is not reported"
NO_EXTREMES = "the least and the greatest energy of the problem are not known (too large, or not reported)"
NO_ENERGIES = "no energies of samples are reported"
NO_PLACEBO = "no placebo ran beside it; ask for one with --param placebo=true"
NO_OPTIMUM = "no optimum was proved"
NO_RAW = "the best raw sample is not reported"
NO_FEASIBLE = "the feasible samples are not counted"
FLAT = "all energies are the same"


@dataclass(frozen=True, slots=True)
class Quality:
    """The numbers of one attempt, each or why it is not known."""

    q: float | Unknown
    q_random: float | Unknown
    q_normalised: float | Unknown
    feasible_fraction: Share | Unknown
    p_opt: Share | Unknown


NOT_SAMPLED = Quality(*(Unknown(NO_SAMPLES),) * 5)


def quality_of(evidence: Mapping[str, Any], shots: int | None, optimum: Number | None, sense: str | None) -> Quality:
    """The quality of samples, from the evidence. `optimum`: the proved one, where there is one."""
    energies = _extremes(evidence)
    placebo = section(evidence, "placebo")
    q = _q(evidence, energies)
    q_random = _q_random(evidence, placebo, energies)
    return Quality(
        q=q,
        q_random=q_random,
        q_normalised=_normalised(q, q_random),
        feasible_fraction=_feasible(evidence, shots),
        p_opt=_p_opt(evidence, shots, optimum, sense),
    )


def _extremes(evidence: Mapping[str, Any]) -> tuple[float, float] | None:
    low, high = number(evidence, "energy_min"), number(evidence, "energy_max")
    return None if low is None or high is None else (float(low), float(high))


def _q(values: Mapping[str, Any], energies: tuple[float, float] | None) -> float | Unknown:
    """As it is reported, else from the mean energy."""
    stated, mean = number(values, "q"), number(values, "mean_energy")
    if stated is not None:
        return float(stated)
    if mean is None:
        return Unknown(NO_ENERGIES)
    if energies is None:
        return Unknown(NO_EXTREMES)
    low, high = energies
    return (high - mean) / (high - low) if high > low else Unknown(FLAT)


def _q_random(
    evidence: Mapping[str, Any], placebo: Mapping[str, Any], energies: tuple[float, float] | None
) -> float | Unknown:
    """Of all bit strings where that is reported, else of the random samples that ran as a placebo."""
    stated = number(evidence, "q_random")
    if stated is not None:
        return float(stated)
    if not placebo:
        return Unknown(NO_PLACEBO)
    return _q(placebo, energies)


def _normalised(q: float | Unknown, q_random: float | Unknown) -> float | Unknown:
    if isinstance(q, Unknown):
        return q
    if isinstance(q_random, Unknown):
        return q_random
    return (q - q_random) / (1 - q_random) if q_random < 1 else Unknown(FLAT)


def _feasible(evidence: Mapping[str, Any], shots: int | None) -> Share | Unknown:
    fraction = number(evidence, "feasible_fraction")
    if fraction is None:
        return Unknown(NO_FEASIBLE)
    return Unknown(NO_SHOTS) if shots is None else Share.of(float(fraction), shots)


def _p_opt(
    evidence: Mapping[str, Any], shots: int | None, optimum: Number | None, sense: str | None
) -> Share | Unknown:
    """As it is reported, else the share of raw samples that reached the proved optimum."""
    if shots is None:
        return Unknown(NO_SHOTS)
    stated = number(evidence, "p_opt")
    if stated is not None:
        return Share.of(float(stated), shots)
    if optimum is None:
        return Unknown(NO_OPTIMUM)
    if "best_raw_objective" not in evidence:
        return Unknown(NO_RAW)
    raw = number(evidence, "best_raw_objective")
    if raw is None or better(optimum, raw, sense):
        return Share.of(0.0, shots)
    seen = count(evidence, "best_raw_count")
    return Share.of(seen / shots, shots) if same(raw, optimum) and seen is not None else Unknown(NO_RAW)
