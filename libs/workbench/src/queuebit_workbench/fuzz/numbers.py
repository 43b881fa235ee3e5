"""Numbers that are hard on readers: many digits, far powers, zeros, limits, and now and then what is no number at all."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

Draw = Callable[[], Any]

ODD: tuple[Any, ...] = (
    None, True, "1", "", [], {}, -1, 1.5, 10**15, 10**15 + 1, 10**18, 2**63, 2**64, 10**30, 10**300, -(10**15), 1e-300, 5e-324,
    1e308, "9" * 4000, [[]], {"a": 1}, math.pi,
)  # fmt: skip


def size_of(rng: random.Random, most: int) -> int:
    """From 1 to `most` (1 where that is less), each order of magnitude alike, the largest more often."""
    most = max(1, most)
    if rng.random() < 0.3:
        return most
    return max(1, min(most, round(math.exp(rng.uniform(0, math.log(most + 1))))))


def numbers(rng: random.Random) -> tuple[Draw, int]:
    """(a way to draw numbers that are not negative, about how many bytes one takes in JSON)."""
    styles: list[tuple[Draw, int]] = [
        (lambda: rng.randrange(10), 3),
        (lambda: 0, 3),
        (lambda: 1, 3),
        (lambda: rng.randrange(1, 1000), 5),
        (lambda: rng.randrange(10**15), 17),
        (lambda: 10**15 - rng.randrange(3), 18),
        (lambda: rng.randrange(10**9) / 100, 12),
        (lambda: rng.random(), 20),
        (lambda: rng.random() * 10.0 ** rng.randrange(-300, 15), 24),
        (lambda: 10.0 ** -rng.randrange(1, 300), 8),
        (lambda: rng.choice((10**15, 5e-324)), 12),
        (lambda: rng.choice((1, 10**14, 0.1, 1e-200)), 8),
    ]
    return rng.choice(styles)
