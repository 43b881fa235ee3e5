"""Exact kernel matrices from state vectors, and the tests of a measured one.

This module needs numpy: only what computes imports it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.cost import affordable
from queuebit_circuits.simulator import statevector
from queuebit_problems.measurement import Test
from queuebit_problems.measuring.positive import ROUNDING, least_eigenvalue, repair_error
from queuebit_problems.measuring.sampling_error import FALSE_ALARM, WIDTH_95, deviation_max

AMPLITUDES_MAX = 1 << 22
"""Of all states together: 64 MiB."""
REPAIR_CLOSE = 1e-6
"""How far two machines' repairs of one matrix may differ."""

Matrix = npt.NDArray[np.float64]


def exact_kernels(train: Sequence[Circuit], test: Sequence[Circuit]) -> tuple[Matrix, Matrix] | None:
    """(train x train, test x train) of |<x|y>|^2 for the states of the circuits; None where they are too large."""
    circuits = [*train, *test]
    if len(circuits) << circuits[0].qubits > AMPLITUDES_MAX or not all(map(affordable, circuits)):
        return None
    states = np.stack([statevector(circuit) for circuit in circuits])
    overlaps = np.abs(states @ states[: len(train)].conj().T) ** 2
    square = overlaps[: len(train)]
    np.fill_diagonal(square, 1.0)
    return (square + square.T) / 2, overlaps[len(train) :]


def kernel_tests(
    train: Sequence[Sequence[float]],
    test: Sequence[Sequence[float]],
    shots: int | None,
    exact: tuple[Matrix, Matrix] | None,
) -> tuple[Test, ...]:
    """Whether matrices are those of a fidelity kernel, each entry but the diagonal measured by so many runs.

    Entries of the train matrix are taken as measured once for both halves.
    """
    square = np.array(train, dtype=np.float64)
    rows = np.array(test, dtype=np.float64).reshape(len(test), len(train))
    values = np.concatenate([square.ravel(), rows.ravel()])
    outside = float(np.maximum(values - 1, -values).max())
    tests = [
        _at_most("diagonal", float(np.abs(np.diag(square) - 1).max()), ROUNDING, "how far a diagonal entry is from 1"),
        _at_most("symmetry", float(np.abs(square - square.T).max()), ROUNDING, "how far two mirrored entries differ"),
        _at_most("range", max(0.0, outside), ROUNDING, "how far an entry is outside of 0 to 1"),
        _positive(square, shots),
    ]
    if exact is not None:
        upper = np.triu_indices(len(train), 1)
        measured = np.concatenate([square[upper], rows.ravel()])
        true = np.concatenate([exact[0][upper], exact[1].ravel()])
        if len(true):
            tests += [_entries(measured, true, shots), _mean(measured, true, shots)]
    return tuple(tests)


def repair_tests(train: Sequence[Sequence[float]], repaired: Mapping[str, Any] | None) -> tuple[Test, ...]:
    """Whether the matrix beside a sampled one is the nearest kernel, and its least eigenvalue is told rightly."""
    if repaired is None:
        return ()
    least = repaired["least_eigenvalue"]
    detail = (
        "how far the repaired train matrix is from the nearest positive semidefinite one "
        f"(the least eigenvalue of the sampled one is {least:.3g})"
    )
    return (_at_most("repaired", repair_error(train, repaired), REPAIR_CLOSE, detail),)


def _at_most(name: str, statistic: float, limit: float, detail: str) -> Test:
    return Test(name, statistic, statistic, statistic, limit, statistic <= limit, detail)


def _positive(square: Matrix, shots: int | None) -> Test:
    """The least eigenvalue: a true kernel has none below 0, and noise moves it by no more than its norm.

    The norm of a symmetric matrix of independent entries of variance at most 1/4 a run is bounded by the matrix Bernstein
    inequality (Tropp 2012, theorem 1.4).
    """
    size = len(square)
    limit = ROUNDING * size
    if shots is not None:
        log = math.log(size / FALSE_ALARM)
        linear = log / shots / 3
        limit += linear + math.sqrt(linear**2 + 2 * log * (size - 1) / (4 * shots))
    least = least_eigenvalue(square)
    detail = f"the least eigenvalue, which noise may put down to -{limit:.3g}"
    return Test("positive", least, least, least, -limit, least >= -limit, detail)


def _entries(measured: Matrix, true: Matrix, shots: int | None) -> Test:
    """The entry that is furthest from its exact value, as a part of what noise allows any of them."""
    away = np.abs(measured - true)
    if shots is None:
        return _at_most("entries", float(away.max()), ROUNDING, "how far an entry is from its exact value")
    variances = np.clip(true * (1 - true), 0, None) / shots
    limits = np.array([ROUNDING + deviation_max(float(each), 1 / shots, len(true)) for each in variances])
    worst = int(np.argmax(away / limits))
    statistic, margin = (
        float(away[worst] / limits[worst]),
        float(WIDTH_95 * math.sqrt(variances[worst]) / limits[worst]),
    )
    detail = (
        f"how far the worst of {len(true)} entries is from its exact value, as a part of the most that noise explains"
    )
    return Test("entries", statistic, max(0.0, statistic - margin), statistic + margin, 1.0, statistic <= 1, detail)


def _mean(measured: Matrix, true: Matrix, shots: int | None) -> Test:
    """The mean deviation of all entries: noise cancels in it, a bias does not."""
    count = len(true)
    variance = 0.0 if shots is None else float(np.clip(true * (1 - true), 0, None).sum()) / shots / count**2
    limit = ROUNDING if shots is None else ROUNDING + deviation_max(variance, 1 / shots / count)
    away, margin = float((measured - true).mean()), WIDTH_95 * math.sqrt(variance)
    detail = f"by how much the {count} entries are too large on average"
    return Test("mean", away, away - margin, away + margin, limit, abs(away) <= limit, detail)
