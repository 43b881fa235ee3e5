"""Waits in steps: what a tenant is told of a queue says little of what others have on it."""

from __future__ import annotations

import math
from typing import Final

STEPS: Final = (1.0, 2.0, 5.0, 10.0)
LEAST_S: Final = 1.0


def in_steps_s(seconds: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, … seconds that is no less: the same for loads that differ by half."""
    if seconds <= LEAST_S:
        return LEAST_S
    power = 10.0 ** math.floor(math.log10(seconds))
    return next(step * power for step in STEPS if seconds <= step * power * (1 + 1e-9))
