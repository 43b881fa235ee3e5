"""The test that a candidate must pass: metrics over the runs of two arms, each with its interval."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from queuebit_domain.experiments.acceptance import OPERATORS, STATISTICS, Judged, Metric, Runs, judged
from queuebit_operations.errors import BadArgument

_METRIC = re.compile(r"^([a-z_]+) (eq|ne|gt|ge|lt|le)(?: ([+]?)([0-9.eE-]+)(%?))?(?: ([a-z0-9_]+))?$")
HOW = (
    "Write FIELD OPERATOR [TOLERANCE] [STATISTIC], such as 'objective le 1% p95': the candidate's objective, at the 95th"
    f" percentile, is at most 1 % above the baseline's. Operators: {', '.join(OPERATORS)}. Statistics: {', '.join(STATISTICS)}."
)


def metric_of(text: str) -> Metric:
    """A metric as it is written. Raises BadArgument."""
    found = _METRIC.match(" ".join(text.split()))
    if found is None or (found[6] or "mean") not in STATISTICS:
        raise BadArgument(f"{text!r} is no metric.", remedy=HOW)
    try:
        tolerance = float(found[4] or 0)
    except ValueError:
        raise BadArgument(f"{text!r}: {found[4]} is no number.", remedy=HOW) from None
    share = found[5] == "%"
    operator = next(each for each in OPERATORS if each == found[2])
    return Metric(found[1], operator, found[6] or "mean", tolerance / 100 if share else tolerance, share)


def tested(
    runs: Sequence[Mapping[str, Any]],
    candidate: str,
    baseline: str,
    metrics: Sequence[Metric],
    *,
    seed: int,
    confidence: float,
) -> list[Judged]:
    """Every metric, on the problems that both arms ran. Raises BadArgument where an arm did not run, a problem in one alone, or
    no run knows the field.
    """
    arms = sorted({run["arm"] for run in runs})
    for name in (candidate, baseline):
        if name not in arms:
            raise BadArgument(f"No run is of the arm {name}.", remedy=f"There are: {', '.join(arms)}.")
    known = {name for run in runs for name in run}
    for each in metrics:
        if each.field not in known:
            raise BadArgument(f"No run has a field {each.field}.", remedy=f"There are: {', '.join(sorted(known))}.")
    ran = {name: {run["problem"] for run in runs if run["arm"] == name} for name in (candidate, baseline)}
    if ran[candidate] != ran[baseline]:
        alone = sorted(ran[candidate] ^ ran[baseline])
        remedy = "Run both arms on the same problems: what only one has run is no comparison."
        raise BadArgument(f"{len(alone)} problems were run by one arm alone, as {alone[0]}.", remedy=remedy)
    return [
        judged(each, _runs_of(runs, each.field, candidate, baseline), Random(seed).randrange, confidence=confidence)
        for each in metrics
    ]


def _runs_of(runs: Sequence[Mapping[str, Any]], field: str, candidate: str, baseline: str) -> list[Runs]:
    """By problem. A run without the number makes its problem one without it: what failed is not left out."""
    values: dict[str, dict[str, list[Any]]] = {}
    for run in (each for each in runs if each["arm"] in (candidate, baseline)):
        values.setdefault(run["problem"], {}).setdefault(run["arm"], []).append(run.get(field))
    return [Runs(_whole(by_arm.get(candidate)), _whole(by_arm.get(baseline))) for _, by_arm in sorted(values.items())]


def _whole(values: Sequence[Any] | None) -> tuple[float, ...]:
    found = values or ()
    numbers = [each for each in found if isinstance(each, int | float) and not isinstance(each, bool)]
    return tuple(map(float, numbers)) if len(numbers) == len(found) else ()
