"""How far the noise of a machine takes what it measures from the exact result."""

from __future__ import annotations

from collections.abc import Sequence

ERRORS_PER_INFIDELITY = 2.0
"""An operation of average infidelity e errs with a probability of up to 2 e, as a readout that gets one outcome alone wrong;
a gate that depolarises a single qubit has 3 e / 2.
"""


def error_probability(successes: Sequence[float]) -> float:
    """How often an error happens in the worst of some circuits, from the products of their fidelities of gates and readouts."""
    return float(1 - min(successes, default=1.0) ** ERRORS_PER_INFIDELITY)


def bias_max(errors: float, spread: float) -> float:
    """How far errors of that probability take the mean of an observable whose values are within `spread` of its constant."""
    return 2 * errors * spread
