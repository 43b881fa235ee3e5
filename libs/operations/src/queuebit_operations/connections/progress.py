"""How far long work is: a line that is written over on a terminal, and nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Generic, TypeVar

from queuebit_runtime.clock import Clock

T = TypeVar("T")
INTERVAL_S = 0.5


class Progress(Generic[T]):
    """Tells people what `words` makes of a value, at most twice a second."""

    def __init__(self, clock: Clock, words: Callable[[T], str]) -> None:
        self._clock = clock
        self._words = words
        self._told_at_s = float("-inf")
        self._shown = False

    def tell(self, value: T) -> None:
        now_s = self._clock.monotonic_s()
        if sys.stderr.isatty() and now_s >= self._told_at_s + INTERVAL_S:
            self._told_at_s, self._shown = now_s, True
            sys.stderr.write(f"\r\x1b[K{self._words(value)}")
            sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
