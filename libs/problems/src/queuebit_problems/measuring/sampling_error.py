"""How far sampled values may be from their exact ones: bounds that hold for every sample size, not only for large ones."""

from __future__ import annotations

import math

FALSE_ALARM = 1e-6
"""How often a true answer may fail a test, all its parts together."""
WIDTH_95 = 1.96
"""Standard errors on either side of the 95 % interval."""


def deviation_max(variance: float, step: float, chances: int = 1) -> float:
    """How far a mean may be from its expectation (Bernstein's inequality), but for FALSE_ALARM of the cases.

    `variance` is that of the mean, `step` how far one run can move the mean away from its expectation. With `chances` tests of
    this kind at once, none of them fails but for FALSE_ALARM of the cases.
    """
    log = math.log(2 * chances / FALSE_ALARM)
    linear = step * log / 3
    return linear + math.sqrt(linear**2 + 2 * log * max(0.0, variance))


def error_slack(step: float, runs: int) -> float:
    """How far a standard error from `runs` runs may be from the true one, but for FALSE_ALARM of the cases.

    `step` as in `deviation_max`, for the sum of all samples (Maurer and Pontil 2009, theorem 10, scaled to the mean).
    """
    return step * math.sqrt(2 * runs * math.log(2 / FALSE_ALARM) / max(1, runs - 1))
