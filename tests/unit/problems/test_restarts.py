"""A variational search is sure of its value once another one, from elsewhere, ends at it."""

from __future__ import annotations

import pytest

from queuebit_circuits.ansatz import HardwareEfficient
from queuebit_circuits.pauli import PauliSum
from queuebit_problems.measuring import restarts
from queuebit_problems.measuring.exact_device import ExactDevice
from queuebit_problems.measuring.restarts import Settled, settled

FIELD = PauliSum(2, ((-1.0, "ZZ"), (-0.5, "XI"), (-0.5, "IX")))
LEAST = -(2**0.5)


def searched(seed: int = 3) -> Settled:
    ansatz = HardwareEfficient(2, 1, phases=False)
    return settled(ExactDevice(), FIELD, ansatz, shots=None, seed=seed, out=lambda: False, on_step=lambda step: None)


def test_searches_that_agree_have_converged() -> None:
    found = searched()

    assert found.found.estimate.value == pytest.approx(LEAST, abs=1e-6)
    assert found.found.converged
    assert found.restarts >= restarts.RESTARTS_MIN
    assert 2 <= found.agreeing <= 1 + found.restarts
    assert searched() == found


def test_one_search_alone_is_not_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given no further search, when the first ends by itself, then its value stands, and it does not say that it converged."""
    monkeypatch.setattr(restarts, "RESTARTS_MAX", 0)

    found = searched()

    assert found.found.estimate.value == pytest.approx(LEAST, abs=1e-6)
    assert (found.found.converged, found.restarts, found.agreeing) == (False, 0, 1)
