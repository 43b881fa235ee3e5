"""A variational search is sure of its value once another one, from elsewhere, ends at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from queuebit_circuits.ansatz import Ansatz, HardwareEfficient, particle_conserving
from queuebit_circuits.pauli import PauliSum
from queuebit_problems.measurement import Stop
from queuebit_problems.measuring import restarts
from queuebit_problems.measuring.exact_device import ExactDevice
from queuebit_problems.measuring.restarts import Settled, settled
from queuebit_problems.measuring.variational import Found, minimise

FIELD = PauliSum(2, ((-1.0, "ZZ"), (-0.5, "XI"), (-0.5, "IX")))
LEAST = -(2**0.5)


WIDE = PauliSum(7, tuple((-1.0, "I" * at + "Z" + "I" * (6 - at)) for at in range(7)))
PAIR = PauliSum(4, ((0.4, "ZIII"), (-0.3, "IZII"), (0.2, "IIZZ"), (0.25, "XXII"), (0.25, "YYII"), (0.1, "IIXX")))


def searched(
    seed: int = 3,
    *,
    observable: PauliSum = FIELD,
    ansatz: Ansatz | None = None,
    shots: int | None = None,
    out: Stop = lambda: False,
) -> Settled:
    states = HardwareEfficient(observable.qubits, 1, phases=False) if ansatz is None else ansatz
    return settled(ExactDevice(), observable, states, shots=shots, seed=seed, out=out, on_step=lambda step: None)


def test_searches_that_agree_have_converged() -> None:
    found = searched()

    assert found.found.estimate.value == pytest.approx(LEAST, abs=1e-6)
    assert found.found.converged
    assert found.restarts >= restarts.RESTARTS_SMALL[0]
    assert 2 <= found.agreeing <= 1 + found.restarts
    assert searched() == found


def test_one_search_alone_is_not_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given no further search, when the first ends by itself, then its value stands, and it does not say that it converged."""
    monkeypatch.setattr(restarts, "RESTARTS_SMALL", (0, 0))

    found = searched()

    assert found.found.estimate.value == pytest.approx(LEAST, abs=1e-6)
    assert (found.found.converged, found.restarts, found.agreeing) == (False, 0, 1)


def test_more_than_six_qubits_have_converged_only_where_a_search_from_elsewhere_agrees() -> None:
    found = searched(observable=WIDE)

    assert found.found.estimate.value == pytest.approx(-7, abs=1e-4)
    assert found.found.converged
    assert found.restarts >= 1
    assert found.agreeing >= 2


def test_more_than_six_qubits_are_not_sure_where_the_budget_ends_before_a_second_search() -> None:
    """Given a budget that the first search alone uses up, when it ends by itself, then it does not say that it converged."""
    calls = 0

    def counted() -> bool:
        nonlocal calls
        calls += 1
        return False

    minimise(
        ExactDevice(),
        WIDE,
        HardwareEfficient(7, 1, phases=False),
        shots=None,
        seed=3,
        out=counted,
        on_step=lambda step: None,
    )
    left = iter([False] * calls)

    found = searched(observable=WIDE, out=lambda: next(left, True))

    assert found.found.estimate.value == pytest.approx(-7, abs=1e-4)
    assert (found.found.converged, found.restarts, found.agreeing) == (False, 0, 1)


def test_searches_that_end_apart_are_not_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given further searches that end above the first one, then its value stands, and it does not say that it converged."""
    real = minimise

    def apart(*args: Any, start: Sequence[float] | None = None, **kwargs: Any) -> Found:
        found = real(*args, start=start, **kwargs)
        worse = replace(found.estimate, value=found.estimate.value + 0.1)
        return found if start is None else replace(found, estimate=worse)

    monkeypatch.setattr(restarts, "minimise", apart)

    found = searched(observable=WIDE)

    assert found.found.estimate.value == pytest.approx(-7, abs=1e-4)
    assert (found.found.converged, found.restarts, found.agreeing) == (False, restarts.RESTARTS_LARGE[1], 1)


def test_an_ansatz_that_grows_is_searched_from_elsewhere_too() -> None:
    found = searched(observable=PAIR, ansatz=particle_conserving(PAIR, (((0, 1, 2, 3), 2),), 2))

    assert found.found.converged
    assert (found.restarts >= 1, found.agreeing >= 2) == (True, True)


def test_sampled_values_are_not_sure() -> None:
    found = searched(shots=2000)

    assert (found.found.converged, found.restarts, found.agreeing) == (False, 0, 1)
