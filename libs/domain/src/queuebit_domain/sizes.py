"""How large problems are, in bands that are never pooled."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from queuebit_contracts.paths import SIZE_BANDS, SizeBand

_MOST: Final = (16, 64, 256, 1024)
"""The variables of the largest problem of each band but the last."""


def band_of(variables: int) -> SizeBand:
    """The size band of a problem, by its decision variables."""
    return SIZE_BANDS[bisect_left(_MOST, variables)]
