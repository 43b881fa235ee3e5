"""What tests ask of IBM's cloud on loopback, by whichever client."""

from __future__ import annotations

from typing import Any

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_circuits.pauli import PauliSum
from queuebit_quantum_adapter.ports import Mitigation, Request

CIRCUIT = Circuit(
    2, (Register("c", 2),), (Gate("ry", (0,), (), (0,)), Gate("cx", (0, 1)), Measure(0, 0), Measure(1, 1)), 1
)
REQUEST = Request((Bound(CIRCUIT, (0.5,)), Bound(CIRCUIT, (3.0,))), (1, 2), 50)
JOBS = "/experimental/jobs"
STATE = Circuit(
    3,
    (),
    (
        Gate("ry", (0,), (0.7,)),
        Gate("cx", (0, 1)),
        Gate("rx", (2,), (1.1,)),
        Gate("cx", (1, 2)),
        Gate("rz", (2,), (0.4,)),
        Gate("h", (1,)),
    ),
)
OBSERVABLE = PauliSum(3, ((0.7, "ZII"), (-0.4, "IXZ"), (0.3, "YIX"), (0.5, "IIZ"), (0.25, "XYI")))
"""No exchange of qubits and no sign leaves its value in the state as it is."""
SHOTS = 4096


def asked(*methods: str, shots: int = SHOTS, **more: Any) -> Request:
    return Request((Bound(STATE),), (1,), shots, OBSERVABLE, mitigation=Mitigation(methods, **more))
