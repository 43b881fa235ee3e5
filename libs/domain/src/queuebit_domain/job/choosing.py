"""Which of several checked answers is the job's, and why."""

from __future__ import annotations

from queuebit_contracts.jobs import Lane, Number, Sense, Thresholds
from queuebit_domain.job.state import Answered, LegState, best_first, proved

_SAMPLED: frozenset[Lane] = frozenset({"quantum", "simulator"})
"""Lanes whose better answer must be better by enough, and not by too much."""
MILLION = 1_000_000


def chosen_of(legs: list[LegState], sense: Sense | None, thresholds: Thresholds | None) -> tuple[LegState, str]:
    """The best objective, on a tie the proved one, then the one that the plan names first; and why it was chosen."""
    ordered = best_first(legs, sense)
    best = ordered[0]
    if len(ordered) == 1:
        return best, ""
    if thresholds is not None and (kept := _kept(ordered, sense, thresholds)) is not None:
        return kept
    others = ", ".join(f"{leg.spec.leg} {objective_text(leg)}" for leg in ordered[1:])
    return best, f"{best.spec.leg} {objective_text(best)} was chosen over {others}"


def _kept(ordered: list[LegState], sense: Sense | None, thresholds: Thresholds) -> tuple[LegState, str] | None:
    """The best answer of another lane, where the best of all gains too little over it, or more than can be believed."""
    best = ordered[0]
    other = next((leg for leg in ordered if leg.spec.lane not in _SAMPLED), None)
    if best.spec.lane not in _SAMPLED or other is None:
        return None
    doubt = doubt_of(objective_of(best), objective_of(other), sense, thresholds, proof=proved(best))
    if doubt is None:
        return None
    return (
        other,
        f"{other.spec.leg} {objective_text(other)} was kept over {best.spec.leg} {objective_text(best)}: {doubt}",
    )


def doubt_of(
    better: Number | None, base: Number | None, sense: Sense | None, thresholds: Thresholds | None, *, proof: bool
) -> str | None:
    """Why an answer is not chosen over one of another lane, though it is better; None where it is."""
    gained = gain_ppm(better, base, sense)
    if thresholds is None or gained is None:
        return None
    least, most = thresholds.min_gain_ppm, thresholds.anomalous_gain_ppm
    if least is not None and gained < least:
        return f"it gains {gained / 10_000:.3g} %, and {least / 10_000:g} % are wanted"
    if most is not None and gained >= most and not proof:
        return f"it gains {gained / 10_000:.3g} % without a proof, which is more likely a mistake"
    return None


def gain_ppm(better: Number | None, base: Number | None, sense: Sense | None) -> float | None:
    """By how many millionths of the larger of both an objective is better; negative where it is worse."""
    if better is None or base is None:
        return None
    size = max(abs(better), abs(base))
    gained = better - base if sense == "max" else base - better
    return 0.0 if size == 0 else gained / size * MILLION


def objective_of(leg: LegState) -> Number | None:
    """What the validator computed of the answer of a leg."""
    return leg.status.verdict.objective if isinstance(leg.status, Answered) else None


def objective_text(leg: LegState) -> str:
    """The objective for people; nothing where the kind has none."""
    objective = objective_of(leg)
    return "" if objective is None else f"{objective:g}"
