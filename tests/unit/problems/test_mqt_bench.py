"""Circuits of MQT Bench: one of each algorithm that it makes of at most 8 qubits, read as Qiskit's own state says.

`mqt_bench.json` was made with mqt.bench 2.3.0 (MIT) and Qiskit 2.6.2: each circuit as Qiskit exports it, and the
probabilities of its outcomes by Qiskit's Statevector, registers side by side. Circuits that go on after a measurement have
none; a second reading runs them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution
from tests.unit.problems.second_reading import SecondReading

CIRCUITS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "mqt_bench.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CIRCUITS)
def test_a_circuit_has_the_outcomes_that_qiskit_gives_it(name: str) -> None:
    circuit = CIRCUITS[name]
    expected = circuit.get("probabilities") or SecondReading(circuit["qasm"]).outcomes

    found = {key.replace(" ", ""): share for key, share in distribution(read_circuit(circuit["qasm"])).items()}

    for key, share in expected.items():
        assert found.pop(key.replace(" ", ""), 0.0) == pytest.approx(share, abs=1e-9)
    assert max(found.values(), default=0.0) < 1e-9


def test_the_algorithms_are_those_of_the_suite() -> None:
    names = {name.rpartition("-")[0] for name in CIRCUITS}

    assert len(names) == 31
    assert names >= {"qft", "grover", "qpeexact", "hhl", "wstate", "dynamic_qft", "iqpe"}
