"""Requests as IBM's sampler takes them: how many programs they are, and how often each runs."""

from __future__ import annotations

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_quantum_adapter.ports import Request

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")


def _circuit(*gates: Gate) -> Circuit:
    return Circuit(1, (Register("c", 1),), (*gates, Measure(0, 0)))


@pytest.mark.parametrize(
    ("gates", "programs"),
    [
        ([Gate("x", (0,)), Gate("x", (0,))], 2),
        ([Gate("rz", (0,), (0.1,)), Gate("rz", (0,), (0.2,))], 2),
        ([Gate("ry", (0,), (0.1,)), Gate("ry", (0,), (0.2,))], 1),
    ],
)
def test_every_circuit_of_a_request_runs(gates: list[Gate], programs: int) -> None:
    """Also where it has no angle, or where the transpiler found that none matters."""
    from qiskit_ibm_runtime.fake_provider import FakeManilaV2  # type: ignore[import-untyped]

    from queuebit_quantum_adapter.providers.ibm.programs import Programs

    request = Request(tuple(Bound(_circuit(gate)) for gate in gates), (1, 2), 100)

    pubs = Programs(FakeManilaV2()).pubs(request)

    runs = [1 if angles is None else len(next(iter(angles.values()))) for _, angles in pubs]
    assert (len(pubs), sum(runs)) == (programs, 2)
