"""What is to be made of a path: go up, go back, give up, or wait, and why. What is missing is said in numbers.

No data is never success: without pairs nothing moves, whatever else holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, assert_never

from queuebit_contracts.paths import RAMP, Hypothesis, Stage
from queuebit_domain.paths.gate import GUARDRAILS, holds, log_odds, log_threshold
from queuebit_domain.paths.state import Path
from queuebit_domain.paths.value import NO_WIN_LOOKS, amount_in, foreign, no_win_to_hope_for, too_dear

Word = Literal["promote", "hold", "rollback", "futile", "inconclusive", "invalid"]

TRUSTED: Final[frozenset[Stage]] = frozenset({"advisory", "canary", "production"})
"""Stages in which somebody acts on what the path says."""
HOPELESS: Final[tuple[Hypothesis, ...]] = ("futile", "futile_beside_placebo", "harm", "sign_harm")
WORDS: Final[dict[Hypothesis, str]] = {
    "harm": "the path is worse on average",
    "sign_harm": "the path loses more often than it wins",
    "non_inferior": "the path is at most the margin worse",
    "superior": "the path is better than the classical way",
    "superior_to_placebo": "the path is better than the placebo",
    "superior_to_incumbent": "the path is better than what is done today, as callers say and nobody checked",
    "harm_to_incumbent": "the path is worse than what is done today, as callers say and nobody checked",
    "futile": "the path gains less than the least gain that is worth anything",
    "futile_beside_placebo": "the placebo gains as much: the credit belongs to the polish, not to the path",
    "feasible": "few enough answers fail",
    "infeasible": "too many answers fail",
    "deadline_kept": "few enough answers are late",
    "deadline_missed": "too many answers are late",
    "suggestions_taken": "at least half of the suggestions are taken",
    "regression": "the path became worse",
    "sample_ratio": "the path was not drawn as often as it should have been",
}
"""What each hypothesis says."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A word, why, and where it leads: the stage, the step of a canary, and whether a person must approve it."""

    word: Word
    why: tuple[str, ...]
    to_stage: Stage | None = None
    percent: int = 0
    approval: bool = False


def judge(path: Path, now: datetime) -> Judgement:
    """What is to be made of the path at `now`."""
    if path.frozen is not None:
        return Judgement("hold", (f"It is frozen by {path.frozen.actor}: {path.frozen.reason}",))
    if path.stage == "retired":
        return Judgement("hold", ("It is retired.",))
    if "sample_ratio" in path.gate.shown:
        return Judgement("invalid", (_told(path, "sample_ratio"),))
    if path.stage in TRUSTED and (broken := _broken(path)):
        return Judgement("rollback", tuple(_told(path, each) for each in broken), "shadow")
    if given_up := reasons_to_retire(path, now):
        return Judgement("futile", given_up, "retired", approval=not path.registered.spec.retires_itself)
    if path.done == 0:
        return Judgement("inconclusive", ("There are no pairs yet in this stage.",))
    lacking = missing(path, now)
    if not lacking:
        stage, percent = _next(path)
        if stage is not None:
            return Judgement(
                "promote", _grounds(path), stage, percent, approval=(path.stage, stage) == ("advisory", "canary")
            )
    return Judgement("hold", (*lacking, *((spent,) if (spent := exhausted(path)) else ())))


def missing(path: Path, now: datetime) -> tuple[str, ...]:
    """What the next stage asks for and is not there, each as a sentence with its numbers."""
    spec = path.registered.spec
    match path.stage:
        case "simulate":
            valid = () if path.invalid_pairs == 0 else (f"{path.invalid_pairs} of {path.done} answers are not valid.",)
            return (*_pairs(path, spec.simulate_pairs), *valid)
        case "batch_pilot":
            return (*_pairs(path, spec.pilot_pairs), *_unshown(path, "feasible"))
        case "shadow":
            hours = (now - path.since).total_seconds() / 3600
            young = () if hours >= spec.shadow_h else (f"{hours:.1f} of {spec.shadow_h:g} hours have passed.",)
            few = len(path.epochs)
            epochs = () if few >= spec.epochs else (f"{few} of {spec.epochs} calibration epochs were seen.",)
            wanted: tuple[Hypothesis, ...] = ("non_inferior", "feasible", "deadline_kept", *_over_placebo(path))
            harmful = tuple(_told(path, each) for each in _broken(path))
            return (*_pairs(path, spec.shadow_pairs), *epochs, *young, *harmful, *_unshown(path, *wanted))
        case "advisory":
            return (*_pairs(path, spec.suggestions), *_unshown(path, "suggestions_taken"))
        case "canary":
            last = path.percent >= RAMP[-1]
            proofs: tuple[Hypothesis, ...] = ("superior", *_over_placebo(path), *_over_incumbent(path)) if last else ()
            return (*_pairs(path, spec.canary_pairs), *_unshown(path, *proofs))
        case "production" | "retired":
            return ()
        case _:
            assert_never(path.stage)


def reasons_to_retire(path: Path, now: datetime) -> tuple[str, ...]:
    """Why the path should be given up; none before it was seen in enough epochs, and none that later pairs have made doubtful
    again: one bad week tells little.
    """
    registered, spec = path.registered, path.registered.spec
    if path.stage == "simulate" or len(path.epochs) < spec.epochs:
        return ()
    found = [_told(path, each) for each in HOPELESS if path.stage not in TRUSTED and holds(path.gate, each, spec)]
    worth, value = registered.value_per_win, path.value
    if worth is not None:
        amount, paid = float(worth.amount), float(amount_in(value.cost, worth.currency))
        if no_win_to_hope_for(value.pairs, value.wins, paid, amount):
            found.append(
                f"No gain in {value.pairs} pairs: at most one in {value.pairs / NO_WIN_LOOKS:.0f}, at {paid / value.pairs:.4g}"
                f" {worth.currency} each, where one is worth {amount:g}."
            )
        if too_dear(value, worth.currency, amount, now, path.registered_at):
            found.append(
                f"For two windows of four weeks a gain cost more than the {amount:g} {worth.currency} that it is worth."
            )
    return tuple(found)


def exhausted(path: Path) -> str | None:
    """Why no further job is measured, where the money or the pairs for it are used up. Of what answers nothing is stopped."""
    registered = path.registered
    budget = registered.budget
    spent = amount_in(path.value.cost, budget.currency)
    if path.stage == "production":
        return None
    if foreign(path.value.cost, budget.currency):
        return (
            f"Something was paid in another currency than {budget.currency}: the budget cannot tell how much is left."
        )
    if spent >= Decimal(budget.amount) and spent > 0:
        return f"The budget of {budget.amount} {budget.currency} is spent: {spent:f}. It stays where it is."
    if path.seq >= registered.spec.pairs_max:
        return f"All {registered.spec.pairs_max} pairs were made. It stays where it is."
    return None


def has_room(path: Path, in_flight: int) -> bool:
    """Whether one more job may be measured while so many are: all of them must fit into the budget at the highest price.

    Where no price is known yet, one is measured to find out.
    """
    if not path.measures or exhausted(path) is not None:
        return False
    registered, value = path.registered, path.value
    currency = registered.budget.currency
    stated = registered.price_max
    price = amount_in(value.dearest, currency)
    if stated is not None and stated.currency == currency:
        price = max(price, Decimal(stated.amount))
    elif value.pairs == 0:
        return in_flight == 0
    spent = amount_in(value.cost, currency)
    return path.stage == "production" or spent + price * (in_flight + 1) <= Decimal(registered.budget.amount)


def _pairs(path: Path, needed: int) -> tuple[str, ...]:
    return () if path.done >= needed else (f"{path.done} of {needed} pairs are there.",)


def _unshown(path: Path, *wanted: Hypothesis) -> tuple[str, ...]:
    """What is not as likely now as it must be: also what was shown once, and later pairs have made doubtful again."""
    spec = path.registered.spec
    return tuple(f"Not shown: {_told(path, each)}" for each in wanted if not holds(path.gate, each, spec))


def _told(path: Path, hypothesis: Hypothesis) -> str:
    """The hypothesis in words, with its odds and what they must reach."""
    odds, needed = log_odds(path.gate, hypothesis), log_threshold(hypothesis, path.registered.spec)
    pairs = path.gate.shown.get(hypothesis)
    at = f" after {pairs} pairs" if pairs is not None else f" after {path.gate.pairs} pairs so far"
    return f"{WORDS[hypothesis]} ({_odds(odds)} of {_odds(needed)}{at})."


def _odds(log_odds_: float) -> str:
    return f"{math.exp(log_odds_):.3g}" if log_odds_ < 20 else f"e^{log_odds_:.0f}"


def _broken(path: Path) -> Sequence[Hypothesis]:
    guards: tuple[Hypothesis, ...] = (*GUARDRAILS, "regression") if path.stage == "production" else GUARDRAILS
    return [each for each in guards if holds(path.gate, each, path.registered.spec)]


def _over_placebo(path: Path) -> tuple[Hypothesis, ...]:
    return ("superior_to_placebo",) if path.registered.spec.placebo else ()


def _over_incumbent(path: Path) -> tuple[Hypothesis, ...]:
    """What is done today must be beaten too, where it was reported often enough to say."""
    return ("superior_to_incumbent",) if path.gate.incumbent_pairs >= path.registered.spec.canary_pairs else ()


def _grounds(path: Path) -> tuple[str, ...]:
    shown = [_told(path, each) for each in path.gate.shown if each not in (*GUARDRAILS, "regression", "sample_ratio")]
    return (f"{path.done} pairs in this stage.", *shown)


def _next(path: Path) -> tuple[Stage | None, int]:
    match path.stage:
        case "simulate":
            return "batch_pilot", 0
        case "batch_pilot":
            return "shadow", 0
        case "shadow":
            return "advisory", 0
        case "advisory":
            return "canary", RAMP[0]
        case "canary":
            further = next((step for step in RAMP if step > path.percent), None)
            return ("production", 0) if further is None else ("canary", further)
        case "production" | "retired":
            return None, 0
        case _:
            assert_never(path.stage)
