"""Waiting for what another process or thread does, by looking again, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable

WAIT_S = 60.0
LOOK_INTERVAL_S = 0.01


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Return when it holds. Raises AssertionError where it does not within a minute, and says what."""
    deadline_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline_s, f"not within {WAIT_S:.0f} s: {what}"
        time.sleep(LOOK_INTERVAL_S)
