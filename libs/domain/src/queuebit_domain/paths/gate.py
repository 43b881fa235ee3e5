"""The gate of a path: a fold over pairs, in the order in which the problems were asked. Nothing is shown by a lack of evidence.

Each hypothesis has its own wealth and its own threshold, and once shown stays shown until the evidence begins anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from queuebit_contracts.paths import GateSpec, Hypothesis, PathGateDecided, PathPairRecorded
from queuebit_domain.paths import evidence as e
from queuebit_domain.paths.evidence import RATE_START, START, Wealth

GUARDRAILS: Final[tuple[Hypothesis, ...]] = ("harm", "sign_harm", "infeasible", "deadline_missed", "harm_to_incumbent")
"""Any of these takes what a path answers back to nothing, at once."""
BEGINNING: Final[Mapping[Hypothesis, Wealth]] = {
    "harm": START,
    "sign_harm": START,
    "non_inferior": START,
    "superior": START,
    "superior_to_placebo": START,
    "superior_to_incumbent": START,
    "harm_to_incumbent": START,
    "futile": START,
    "futile_beside_placebo": START,
    "feasible": RATE_START,
    "infeasible": RATE_START,
    "deadline_kept": RATE_START,
    "deadline_missed": RATE_START,
    "suggestions_taken": RATE_START,
    "regression": START,
}
"""What is bet, and what each begins with."""


class Seen(NamedTuple):
    """How often the path was drawn among the jobs of its cohort, and how often it should have been."""

    taken: int = 0
    eligible: int = 0
    expected: float = 0.0


NONE_SEEN: Final = Seen()


@dataclass(frozen=True, slots=True)
class Gate:
    """The evidence so far. `pairs` counts what was bet on, `placebo_pairs` and `incumbent_pairs` those with that arm. `shown`:
    each hypothesis with the number of pairs after which it was.
    """

    pairs: int = 0
    placebo_pairs: int = 0
    incumbent_pairs: int = 0
    wealth: Mapping[Hypothesis, Wealth] = field(default_factory=lambda: BEGINNING)
    seen: Seen = NONE_SEEN
    shown: Mapping[Hypothesis, int] = field(default_factory=dict)


def scaled(difference: float, spec: GateSpec) -> float:
    """A relative difference as what is bet on: of `clip`, at most 1 either way."""
    return max(-1.0, min(1.0, difference / spec.clip))


def log_threshold(hypothesis: Hypothesis, spec: GateSpec) -> float:
    """What the logarithm of the odds must reach."""
    match hypothesis:
        case "harm" | "harm_to_incumbent":
            return -math.log(spec.alpha_harm)
        case "sign_harm":
            return -math.log(spec.alpha_sign)
        case "infeasible":
            return -math.log(spec.alpha_infeasible)
        case "deadline_missed":
            return -math.log(spec.alpha_deadline)
        case "sample_ratio":
            return math.log(spec.ratio_odds)
        case "regression":
            return math.log(spec.regression_odds)
        case _:
            return -math.log(spec.alpha_up)


def folded(gate: Gate, pair: PathPairRecorded, spec: GateSpec) -> Gate:
    """The gate after one more pair. The draw of a problem that was drawn before is the same draw, and no further one."""
    fresh = not pair.drawn_before
    eligible = pair.eligible - (not fresh)
    seen = Seen(
        gate.seen.taken + fresh,
        gate.seen.eligible + eligible,
        gate.seen.expected + pair.propensity * eligible,
    )
    if not pair.counted:
        return _with_shown(replace(gate, seen=seen), spec)
    wealth = {**gate.wealth, **_beside_base(gate.wealth, pair, spec)}
    placebo, incumbent = pair.placebo_difference, pair.incumbent_difference
    if placebo is not None:
        x = scaled(placebo, spec)
        wealth["superior_to_placebo"] = e.bet(wealth["superior_to_placebo"], x, 0.0, -1)
        wealth["futile_beside_placebo"] = e.bet(wealth["futile_beside_placebo"], x, -_min_gain(spec), +1)
    if incumbent is not None:
        x = scaled(incumbent, spec)
        wealth["superior_to_incumbent"] = e.bet(wealth["superior_to_incumbent"], x, 0.0, -1)
        wealth["harm_to_incumbent"] = e.bet(wealth["harm_to_incumbent"], x, 0.0, +1)
    after = Gate(
        pairs=gate.pairs + 1,
        placebo_pairs=gate.placebo_pairs + (placebo is not None),
        incumbent_pairs=gate.incumbent_pairs + (incumbent is not None),
        wealth=wealth,
        seen=seen,
        shown=gate.shown,
    )
    return _with_shown(after, spec)


def log_odds(gate: Gate, hypothesis: Hypothesis) -> float:
    """The logarithm of the odds for a hypothesis now."""
    if hypothesis == "sample_ratio":
        return e.ratio(*gate.seen)
    return e.log_e(gate.wealth[hypothesis])


def holds(gate: Gate, hypothesis: Hypothesis, spec: GateSpec) -> bool:
    """Whether a hypothesis was shown, and is as likely still."""
    return hypothesis in gate.shown and log_odds(gate, hypothesis) >= log_threshold(hypothesis, spec)


def decided(before: Gate, after: Gate, spec: GateSpec) -> list[PathGateDecided]:
    """What the last pair has shown that was not shown before."""
    return [
        PathGateDecided(
            hypothesis=hypothesis,
            log_e=round(log_odds(after, hypothesis), 6),
            log_threshold=round(log_threshold(hypothesis, spec), 6),
            pairs=pairs,
        )
        for hypothesis, pairs in after.shown.items()
        if hypothesis not in before.shown
    ]


def numbers(gate: Gate) -> dict[str, float]:
    """Every number of the gate, for the record: pairs, draws, and the logarithm of the odds for each hypothesis."""
    odds = {f"log_e_{hypothesis}": round(log_odds(gate, hypothesis), 6) for hypothesis in _ASKED}
    counts: dict[str, float] = {
        "pairs": gate.pairs,
        "placebo_pairs": gate.placebo_pairs,
        "incumbent_pairs": gate.incumbent_pairs,
        "drawn": gate.seen.taken,
        "eligible": gate.seen.eligible,
        "expected": round(gate.seen.expected, 6),
    }
    return {**counts, **odds}


_ASKED: Final[tuple[Hypothesis, ...]] = (*BEGINNING, "sample_ratio")


def _beside_base(
    wealth: Mapping[Hypothesis, Wealth], pair: PathPairRecorded, spec: GateSpec
) -> dict[Hypothesis, Wealth]:
    x = scaled(pair.difference, spec)
    failed, late = not pair.path_ok, not pair.deadline_hit
    return {
        "harm": e.bet(wealth["harm"], x, 0.0, +1),
        "sign_harm": e.sign(wealth["sign_harm"], x),
        "non_inferior": e.bet(wealth["non_inferior"], x, spec.margin / spec.clip, -1),
        "superior": e.bet(wealth["superior"], x, 0.0, -1),
        "futile": e.bet(wealth["futile"], x, -_min_gain(spec), +1),
        "feasible": e.rate(wealth["feasible"], failed, spec.infeasible_max, e.FEWER),
        "infeasible": e.rate(wealth["infeasible"], failed, spec.infeasible_breach, e.MORE),
        "deadline_kept": e.rate(wealth["deadline_kept"], late, spec.late_max, e.FEWER),
        "deadline_missed": e.rate(wealth["deadline_missed"], late, spec.late_breach, e.MORE),
        "suggestions_taken": _after_suggestion(wealth["suggestions_taken"], pair),
        "regression": e.guard(wealth["regression"], x),
    }


def _after_suggestion(wealth: Wealth, pair: PathPairRecorded) -> Wealth:
    """Where nobody says whether a suggestion was taken, one that is as good as the answer shows nothing: nobody needs it."""
    taken = pair.taken
    if taken is None:
        if pair.path_ok and pair.difference == 0:
            return wealth
        taken = pair.path_ok and pair.difference < 0
    return e.rate(wealth, not taken, 0.5, e.FEWER)


def _min_gain(spec: GateSpec) -> float:
    return spec.min_gain / spec.clip


def _with_shown(gate: Gate, spec: GateSpec) -> Gate:
    fresh = {
        hypothesis: gate.pairs
        for hypothesis in _ASKED
        if hypothesis not in gate.shown and log_odds(gate, hypothesis) >= log_threshold(hypothesis, spec)
    }
    return replace(gate, shown={**gate.shown, **fresh}) if fresh else gate
