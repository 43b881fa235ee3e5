"""Intervals in which a true value lies, as every part of Queuebit states them: 95 %, deterministic, no dependency."""

from __future__ import annotations

import math

Z_95 = 1.96
"""How many standard errors an interval of 95 % reaches to each side."""


def wilson(fraction: float, count: int, z: float = Z_95) -> tuple[float, float]:
    """The interval in which the true share lies, when `fraction` of `count` samples were seen (Wilson 1927)."""
    if count <= 0:
        return 0.0, 1.0
    centre = fraction + z * z / (2 * count)
    spread = z * math.sqrt(fraction * (1 - fraction) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def mean_interval(mean: float, std: float, count: int, z: float = Z_95) -> tuple[float, float]:
    """The interval in which the true mean lies, when `count` samples with this standard deviation were seen."""
    if count <= 0:
        return -math.inf, math.inf
    half = z * std / math.sqrt(count)
    return mean - half, mean + half
