"""From the legs of a document to those of a plan: copies with seeds of their own, rounds one behind the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log
from typing import Final

from queuebit_contracts.jobs import Money, ParamValue, Patience, Trigger
from queuebit_contracts.policy import LEGS_MAX, PlanLeg, StageBudgets
from queuebit_domain.policy.tables import (
    AFTER_ANSWER,
    AT_ONCE,
    TO_IMPROVE,
    WHEN_NEEDED,
    NextRound,
    PlannedLeg,
)

_STARTS: Final[Mapping[str, tuple[Trigger, ...]]] = {
    "at_once": AT_ONCE,
    "when_needed": WHEN_NEEDED,
    "to_improve": TO_IMPROVE,
    "after_answer": AFTER_ANSWER,
}
PARAM_MAX: Final = 1e15
"""No round steps a parameter beyond this, and no condition names a larger number."""
_NEXT_ROUND: Final[tuple[Trigger, ...]] = ("failed", "rejected", "exhausted", "refine")
"""A round starts when the one before it is over, and never beside it."""


def expanded(leg: PlanLeg) -> Iterator[PlannedLeg]:
    """The legs that one of a document stands for."""
    first = PlannedLeg(
        leg.role,
        leg.lane,
        _STARTS[leg.starts] if isinstance(leg.starts, str) else leg.starts,
        leg.attempts_max,
        leg.budget_s,
        leg.params,
        after_end=leg.after_end,
        advises=leg.advises,
        patience=_patience(leg.stages),
        cached=leg.cached,
    )
    for copy in range(leg.copies):
        yield first._replace(seed_shift=copy or None)
    if leg.rounds is None:
        return
    paid = leg.rounds.cost_max
    following = NextRound(Money(amount=paid.amount, currency=paid.currency) if paid else None, leg.rounds.min_gain_ppm)
    for number in range(1, leg.rounds.most):
        params = _stepped(leg.params or {}, leg.rounds.step, number)
        yield first._replace(
            role="fallback", starts=_NEXT_ROUND, params=params or None, seed_shift=number, round=following
        )


def _stepped(params: Mapping[str, ParamValue], step: Mapping[str, float], number: int) -> dict[str, ParamValue]:
    """The parameters of a round. A whole number stays one."""
    found = dict(params)
    for name, times in step.items():
        value = found[name]
        assert isinstance(value, int | float)
        told = value * times**number
        found[name] = round(told) if isinstance(value, int) else told
    return found


def _of_cached(here: str, leg: PlanLeg) -> Iterator[tuple[str, str, str, str]]:
    if leg.role not in ("baseline", "fallback"):
        remedy = (
            "Write `role: baseline`, which competes, or `role: fallback`, which is taken where others give no answer."
        )
        yield "cached_first", f"{here}/role", "an earlier answer is not always there", remedy
    if leg.lane != "rule":
        yield "cached_lane", f"{here}/lane", "an earlier answer is only checked", "Write `lane: rule`."
    if leg.params or leg.copies > 1 or leg.rounds or leg.after_end:
        remedy = "Leave `params`, `copies`, `rounds` and `after_end` out."
        yield "cached_worked_out", here, "nothing is worked out for an earlier answer", remedy


def _stays_small(value: float, times: float, most: int) -> bool:
    if value == 0 or abs(value) > PARAM_MAX:
        return value == 0
    return log(abs(value)) + (most - 1) * log(times) <= log(PARAM_MAX)


def _patience(stages: StageBudgets | None) -> Patience | None:
    return None if stages is None else Patience(**stages.model_dump())


def problems_of_legs(at: str, legs: Sequence[PlanLeg]) -> Iterator[tuple[str, str, str, str]]:
    """What keeps legs from being a plan: code, place, what is wrong, and the remedy."""
    if not any(leg.role == "primary" for leg in legs):
        yield "no_primary", f"{at}/legs", "no leg answers first", "Give one leg `role: primary`."
    if (count := sum(leg.copies + (leg.rounds.most - 1 if leg.rounds else 0) for leg in legs)) > LEGS_MAX:
        yield "too_many_legs", f"{at}/legs", f"it has {count} legs", f"A plan has at most {LEGS_MAX}."
    for place, leg in enumerate(legs):
        here = f"{at}/legs/{place}"
        if leg.role == "primary" and leg.starts != "at_once" and leg.starts != ():
            yield (
                "primary_waits",
                here,
                "a primary leg starts at once",
                "Write `role: fallback`, or let it start at once.",
            )
        if leg.advises and leg.role != "shadow":
            yield "advisor_answers", f"{here}/advises", "a leg that advises is never chosen", "Write `role: shadow`."
        if leg.advises and leg.after_end:
            yield (
                "advisor_too_late",
                f"{here}/after_end",
                "a suggestion goes along with the answer",
                "Leave one of them out.",
            )
        if leg.after_end == "improve" and leg.role == "shadow":
            yield "shadow_improves", f"{here}/after_end", "a shadow is never shown", "Write `after_end: measure`."
        if leg.cached:
            yield from _of_cached(here, leg)
        if leg.after_end == "measure" and leg.role != "shadow":
            yield (
                "answer_unseen",
                f"{here}/after_end",
                "who answers is shown",
                "Write `improve`, or `role: shadow`.",
            )
        if leg.rounds is None:
            continue
        if leg.copies > 1 or leg.role == "shadow" or leg.after_end:
            yield "rounds_of_many", f"{here}/rounds", "rounds are of one leg that answers", "Write a leg for each."
        for name in leg.rounds.step:
            value = (leg.params or {}).get(name)
            at = f"{here}/rounds/step/{name}"
            if isinstance(value, bool) or not isinstance(value, int | float):
                yield "no_step", at, "the leg sets no such number", f"Set `params: {{{name}: …}}`."
            elif not _stays_small(value, leg.rounds.step[name], leg.rounds.most):
                yield (
                    "step_too_far",
                    at,
                    f"the last round sets more than {PARAM_MAX:g}",
                    "Take fewer rounds, or step less.",
                )
