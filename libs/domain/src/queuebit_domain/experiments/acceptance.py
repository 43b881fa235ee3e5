"""Acceptance: is the candidate good enough beside the baseline, on the same problems? Pass, fail, or not enough is known.

Problems are what is drawn again for the interval, with all their repetitions: the same problem under ten seeds is one problem.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, assert_never

from queuebit_domain.experiments.intervals import DRAWS, Interval, Pick, by_clusters

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
OPERATORS: Final[tuple[Operator, ...]] = ("eq", "ne", "gt", "ge", "lt", "le")
Word = Literal["pass", "fail", "undecided"]
PROBLEMS_MIN: Final = 6
"""With fewer problems even a difference that always has the same sign may be chance."""
IN_TAIL_MIN: Final = 3.0
"""Beyond a quantile so many values must lie, or nothing is known of it."""
ROUNDED: Final = 1e-9
"""By so much of the values a difference may be off as they are rounded."""
SHIFT: Final = 1.0
"""What shifted geometric means add to each value, so that tiny ones do not decide."""


class Metric(NamedTuple):
    """What is asked: a statistic of a field of the candidate against the same of the baseline, with a tolerance either way,
    absolute or as a share of the baseline's. `le` with 1 % means: at most 1 % more.
    """

    field: str
    operator: Operator
    statistic: str
    tolerance: float = 0.0
    relative: bool = False


class Runs(NamedTuple):
    """One problem: what the field was in each run of the candidate, and of the baseline."""

    candidate: tuple[float, ...]
    baseline: tuple[float, ...]


class Judged(NamedTuple):
    """One metric: the statistics, the interval of their difference, and the word. A tolerance that is a share of the
    baseline's statistic is as uncertain as that, and is drawn with it.
    """

    metric: Metric
    word: Word
    why: str
    candidate: float | None = None
    baseline: float | None = None
    difference: Interval | None = None


def _quantile(share: float) -> Callable[[Sequence[float]], float]:
    def found(values: Sequence[float]) -> float:
        ordered = sorted(values)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return found


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(math.fsum((each - mean) ** 2 for each in values) / max(1, len(values) - 1))


def _geometric(values: Sequence[float]) -> float:
    return math.exp(_mean([math.log(max(each + SHIFT, 1e-12)) for each in values])) - SHIFT


QUANTILES: Final[Mapping[str, float]] = {
    "p01": 0.01, "p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95, "p99": 0.99,
}  # fmt: skip
STATISTICS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "mean": _mean,
    "min": min,
    "max": max,
    "std": _deviation,
    "shifted_geometric_mean": _geometric,
    **{name: _quantile(share) for name, share in QUANTILES.items()},
}


def judged(
    metric: Metric, problems: Sequence[Runs], pick: Pick, *, confidence: float = 0.95, draws: int = DRAWS
) -> Judged:
    """What the runs say of a metric. Undecided where the interval holds both, or where there are too few runs to say."""
    lost = sum(bool(each.baseline) and not each.candidate for each in problems)
    if lost:
        return Judged(
            metric, "fail", f"In {lost} problems the candidate has no {metric.field}, and the baseline has one."
        )
    if not problems or not all(each.candidate and each.baseline for each in problems):
        return Judged(metric, "undecided", f"A run of the baseline has no {metric.field}.")
    statistic = STATISTICS[metric.statistic]
    candidate = statistic([value for each in problems for value in each.candidate])
    baseline = statistic([value for each in problems for value in each.baseline])
    if len(problems) < PROBLEMS_MIN:
        why = f"There are {len(problems)} problems; {PROBLEMS_MIN} are the least of which anything is said."
        return Judged(metric, "undecided", why, candidate, baseline)
    share = QUANTILES.get(metric.statistic, 0.5)
    runs = min(sum(len(each.candidate) for each in problems), sum(len(each.baseline) for each in problems))
    needed = math.ceil(IN_TAIL_MIN / min(share, 1 - share))
    if runs < needed:
        why = f"{metric.statistic} takes {needed} runs of each; there are {runs}."
        return Judged(metric, "undecided", why, candidate, baseline)

    slack = ROUNDED * max(abs(candidate), abs(baseline))
    places = [pick(len(problems)) for _ in range(draws * len(problems))]

    def lies(side: int) -> Interval:
        """The difference with so many tolerances added, over the same draws for each."""

        def shifted(drawn: Sequence[Runs]) -> float:
            ours = statistic([value for each in drawn for value in each.candidate])
            other = statistic([value for each in drawn for value in each.baseline])
            return ours - other + side * (metric.tolerance * abs(other) if metric.relative else metric.tolerance)

        again = iter(places)
        return by_clusters(problems, shifted, lambda _: next(again), confidence=confidence, draws=draws)

    tolerance = metric.tolerance * abs(baseline) if metric.relative else metric.tolerance
    found = lies(0)
    word = _word(metric.operator, lies, slack)
    why = f"The difference lies between {found.low:.6g} and {found.high:.6g}; the tolerance is {tolerance:.6g}."
    return Judged(metric, word, why, candidate, baseline, found)


def overall(found: Sequence[Judged]) -> Word:
    """Fail where a metric fails, pass where all pass, undecided otherwise; without a metric nothing was shown."""
    words = {each.word for each in found}
    if "fail" in words:
        return "fail"
    return "pass" if words == {"pass"} else "undecided"


def _word(operator: Operator, lies: Callable[[int], Interval], slack: float) -> Word:
    """Whether all of the interval is where it should be, none of it, or some. What differs by no more than rounding does not.

    With the tolerance taken off, the difference is to be below zero; with it added, above.
    """
    match operator:
        case "le":
            above = lies(-1)
            return _one_side(above.high <= slack, above.low > slack)
        case "lt":
            above = lies(-1)
            return _one_side(above.high < -slack, above.low >= -slack)
        case "ge":
            below = lies(+1)
            return _one_side(below.low >= -slack, below.high < -slack)
        case "gt":
            below = lies(+1)
            return _one_side(below.low > slack, below.high <= slack)
        case "eq":
            return _one_side(_within(lies, slack), _apart(lies, slack))
        case "ne":
            return _one_side(_apart(lies, slack), _within(lies, slack))
        case _:
            assert_never(operator)


def _within(lies: Callable[[int], Interval], slack: float) -> bool:
    return lies(+1).low >= -slack and lies(-1).high <= slack


def _apart(lies: Callable[[int], Interval], slack: float) -> bool:
    return lies(+1).high < -slack or lies(-1).low > slack


def _one_side(inside: bool, outside: bool) -> Word:
    return "pass" if inside else "fail" if outside else "undecided"
