"""Rate limits inside one process: a token bucket as one number a key (GCRA, the generic cell rate algorithm)."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

RouteClass = Literal["submit", "read", "stream", "auth"]
KEYS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a second on average, and so many at once."""

    per_s: float
    burst: int

    @property
    def policy(self) -> str:
        """The value of RateLimit-Policy without its name: quota and window in seconds."""
        return f"q={self.burst};w={max(1, math.ceil(self.burst / self.per_s))}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request may pass, how many more may follow at once, and when to come again where it may not."""

    allowed: bool
    remaining: int
    retry_after_s: float


RATES: dict[RouteClass, Rate] = {
    "submit": Rate(per_s=2000, burst=4000),
    "read": Rate(per_s=2000, burst=4000),
    "stream": Rate(per_s=200, burst=1000),
    "auth": Rate(per_s=5, burst=50),
}
"""Generous: they keep one runaway caller from starving the rest. `auth` counts refused keys by address."""


class Limiter:
    """Decides per (key, route class). `now_s` is monotonic; the least recently seen keys are forgotten at the bound."""

    def __init__(self, rates: dict[RouteClass, Rate], *, keys_max: int = KEYS_MAX) -> None:
        self.rates = dict(rates)
        self._keys_max = keys_max
        self._full_at_s: OrderedDict[tuple[str, RouteClass], float] = OrderedDict()

    def check(self, key: str, route_class: RouteClass, now_s: float, count: int = 1) -> Decision:
        """Let one request through, or so many at once, or say when they may come again. More than the burst at once pass when
        nothing came before for long enough.
        """
        rate = self.rates[route_class]
        interval_s = 1.0 / rate.per_s
        place = (key, route_class)
        full_at_s = max(self._full_at_s.get(place, now_s), now_s)
        ahead_s = full_at_s + (min(count, rate.burst) - rate.burst) * interval_s - now_s
        if ahead_s > 1e-9:
            return Decision(False, 0, ahead_s)
        full_at_s += count * interval_s
        self._full_at_s[place] = full_at_s
        self._full_at_s.move_to_end(place)
        if len(self._full_at_s) > self._keys_max:
            self._full_at_s.popitem(last=False)
        return Decision(True, max(0, int(rate.burst - (full_at_s - now_s) / interval_s)), 0.0)
