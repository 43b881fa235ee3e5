"""Kernel matrices that noise has made indefinite: how indefinite, and the nearest one that is a kernel.

This module needs numpy: only what computes imports it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

METHOD = "nearest positive semidefinite matrix with ones on its diagonal (alternating projections, Higham 2002)"
SWEEPS_MAX = 200
CLOSE = 1e-10
"""The projections end where both differ by less, as a part of the matrix; so many at most, and the last one is a kernel too."""
DIGITS = 10
"""What is told: further digits depend on the machine."""
ROUNDING = 1e-8
"""How far below 0 rounding alone puts the least eigenvalue, for each row."""


def least_eigenvalue(square: Matrix) -> float:
    """Of the symmetric part."""
    return float(np.linalg.eigvalsh((square + square.T) / 2)[0])


def nearest_kernel(square: Matrix) -> Matrix:
    """The positive semidefinite matrix with ones on its diagonal that is nearest to a symmetric one, by Frobenius' norm."""
    fixed, correction = square, np.zeros_like(square)
    for _ in range(SWEEPS_MAX):
        wanted = fixed - correction
        positive = _clipped(wanted)
        correction = positive - wanted
        fixed = positive.copy()
        np.fill_diagonal(fixed, 1.0)
        if np.linalg.norm(fixed - positive) <= CLOSE * np.linalg.norm(fixed):
            break
    positive = _clipped(fixed)
    scale = np.sqrt(np.diag(positive))
    nearest: Matrix = positive / np.outer(scale, scale)
    np.fill_diagonal(nearest, 1.0)
    return nearest


def repair(train: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    """What stands beside a sampled train matrix that is no kernel; None where it is one."""
    square = np.array(train, dtype=np.float64)
    least = least_eigenvalue(square)
    if least >= -ROUNDING * len(square):
        return None
    nearest = np.round(nearest_kernel(square), DIGITS)
    return {"train": nearest.tolist(), "least_eigenvalue": round(least, DIGITS), "method": METHOD}


def repair_error(train: Sequence[Sequence[float]], told: Mapping[str, Any]) -> float:
    """How far the repair that an answer tells is from the one that is computed here, in any entry or the least eigenvalue."""
    square = np.array(train, dtype=np.float64)
    square = (square + square.T) / 2
    away = np.abs(np.array(told["train"], dtype=np.float64) - nearest_kernel(square)).max()
    return max(float(away), abs(float(told["least_eigenvalue"]) - least_eigenvalue(square)))


def _clipped(square: Matrix) -> Matrix:
    """The nearest positive semidefinite matrix: what is below 0 of the spectrum is left out."""
    values, vectors = np.linalg.eigh(square)
    clipped: Matrix = (vectors * np.clip(values, 0.0, None)) @ vectors.T
    return clipped
