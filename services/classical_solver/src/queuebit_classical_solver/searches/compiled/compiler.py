"""Functions over numbers and numpy arrays, made machine code at their first call, and what such functions share."""

from __future__ import annotations

from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., object])

Counts = NDArray[np.int64]
Rows = NDArray[np.int32]
Flags = NDArray[np.int8]
Whole = int | np.int64
"""A whole number; machine code has one form of a function for each width, so narrow ones are widened before they are passed."""
Lot = NDArray[np.uint64]
"""The state of a generator of random numbers."""


def compiled(function: F) -> F:
    """The same as machine code, which is kept on disk where there is a place for it, so that only the first process that ever
    needs it waits for the compiler.
    """
    try:
        made = njit(cache=True)(function)
    except RuntimeError:
        return cast(F, njit(function))
    _save_in_turn(made)
    return cast(F, made)


def _save_in_turn(made: Any) -> None:
    """numba names the next file of a function by those in its index: two processes that save two forms of one function at the
    same time would give both the same name, and then one runs the code of the other.
    """
    kept = made._cache._cache_file
    save, lock = kept.save, Path(kept._index_path + ".lock")

    def in_turn(key: Any, data: Any) -> None:
        with lock.open("a") as held:
            flock(held, LOCK_EX)
            save(key, data)

    kept.save = in_turn


def lot(seed: int) -> Lot:
    """A generator for `drawn`: the same seed draws the same."""
    return np.array([(seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % 2**64 or 1], dtype=np.uint64)


@compiled
def drawn(state: Lot, below: Whole) -> Whole:
    """A whole number from 0 on, under `below` (xorshift: Marsaglia)."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64((x >> np.uint64(11)) % np.uint64(below))
