"""Python's garbage collector beside millions of small values."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (200_000, 50, 1000)


@contextmanager
def calm() -> Iterator[None]:
    """Nothing within makes circles, and looking for them among millions of small values takes a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
