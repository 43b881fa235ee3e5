"""The exact outcomes of a circuit are computed once, however many answers are held against them, and kept within bounds."""

from __future__ import annotations

import numpy as np
import pytest

from queuebit_circuits import simulator
from queuebit_circuits.circuit import Circuit, Gate, Measure, Register
from queuebit_circuits.simulator import KNOWN_MAX, Outcomes, outcomes


def a_circuit(angle: float) -> Circuit:
    return Circuit(2, (Register("c", 2),), (Gate("rx", (0,), (angle,)), Measure(0, 0), Measure(1, 1)))


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[Circuit]:
    """The circuits that were simulated, from nothing known."""
    found: list[Circuit] = []
    honest = simulator._outcomes
    monkeypatch.setattr(simulator, "_KNOWN", simulator._Known())

    def counted(circuit: Circuit) -> Outcomes:
        found.append(circuit)
        return honest(circuit)

    monkeypatch.setattr(simulator, "_outcomes", counted)
    return found


def test_one_pass_serves_all_answers_to_one_circuit(simulated: list[Circuit]) -> None:
    found = [outcomes(a_circuit(0.4)) for _ in range(100)]

    assert simulated == [a_circuit(0.4)]
    assert np.allclose(found[99].probabilities, [np.cos(0.2) ** 2, np.sin(0.2) ** 2])


def test_other_angles_are_another_circuit(simulated: list[Circuit]) -> None:
    one, other = outcomes(a_circuit(0.4)), outcomes(a_circuit(0.5))

    assert len(simulated) == 2
    assert not np.allclose(one.probabilities, other.probabilities)


def test_what_is_remembered_cannot_be_changed(simulated: list[Circuit]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        outcomes(a_circuit(0.4)).probabilities[0] = 0.0
    assert len(simulated) == 1


def test_only_the_last_are_remembered(simulated: list[Circuit]) -> None:
    for number in range(KNOWN_MAX + 1):
        outcomes(a_circuit(0.1 * number))
    outcomes(a_circuit(0.0))

    assert len(simulated) == KNOWN_MAX + 2


def test_long_circuits_are_not_remembered(simulated: list[Circuit], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "KNOWN_OPERATIONS_MAX", 2)

    for _ in range(2):
        outcomes(a_circuit(0.4))

    assert len(simulated) == 2
