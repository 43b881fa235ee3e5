"""When to try again: pure policies over an attempt's number and a random fraction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter between a floor and a doubling ceiling.

    The pause before try n + 1 lies between `floor_s` and `base_s * factor ** (n - 1)`, at most `ceiling_s`.
    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    base_s: float = 0.1
    factor: float = 2.0
    ceiling_s: float = 10.0
    floor_s: float = 0.01
    attempts_max: int | None = None

    def delay_s(self, attempt: int, fraction: float) -> float | None:
        """The pause after the failed try `attempt` (1 is the first), or None when there is no further try.

        `fraction` in [0, 1) chooses the point in the range.
        """
        assert attempt >= 1
        if self.attempts_max is not None and attempt >= self.attempts_max:
            return None
        exponent = min(attempt - 1, 64)
        ceiling = min(self.ceiling_s, self.base_s * self.factor**exponent)
        return max(self.floor_s, ceiling * fraction)


FOR_HANDLERS = Backoff(base_s=0.1, ceiling_s=5.0, floor_s=0.05)
"""How long a bus waits before it calls a failed handler again: for ever, as nothing may be skipped."""

FOR_START = Backoff(base_s=0.25, ceiling_s=2.0, floor_s=0.1)
"""How long a service waits between looks at what it needs, within its bounded start."""

FOR_TASKS = Backoff(base_s=0.25, ceiling_s=10.0, floor_s=0.1)
"""How long a failed task of a service waits before it is run again."""
