"""Circuits as a target runs them: on which qubits, by which operations, under which noise. In worker processes only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit


@dataclass(frozen=True, slots=True)
class Placed:
    """One operation of a circuit, those inside branches too, by its name and its qubits."""

    name: str
    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A circuit as the target runs it, on the qubits that it uses.

    `active[q]` is the target's qubit of qubit q; `layout[q]` where qubit q of the circuit as it was asked for begins.
    `operations` and `noise` are those of a noisy target: Aer's model, None where there is no noise. `success`: the product of
    1 - error over all its gates and readouts; `gates`: of its gates alone. `readout`: of each classical bit how often a 0 is
    read as 1 and a 1 as 0, where each is read once and at the end.
    """

    circuit: Any
    active: tuple[int, ...]
    layout: tuple[int, ...]
    operations: tuple[Placed, ...] = ()
    noise: Any = None
    success: float = 1.0
    gates: float = 1.0
    readout: tuple[tuple[int, float, float], ...] = ()

    def told(self) -> dict[str, Any]:
        """What people read about it."""
        widths = [len(each.qubits) for each in self.operations if each.name != "measure"]
        return {
            "layout": list(self.layout),
            "active_qubits": list(self.active),
            "depth": self.circuit.depth(),
            "gates_1q": widths.count(1),
            "gates_2q": widths.count(2),
            "success": self.success,
        }


@dataclass(frozen=True, slots=True)
class Compiled:
    """All of a circuit but its angles, as the target runs it."""

    open: OpenCircuit
    fitted: Fitted

    @classmethod
    def of(cls, plain: OpenCircuit, fitted: Fitted) -> Compiled:
        """What became of a circuit when it was fitted to the target: its angles are still those of the plain one."""
        return cls(OpenCircuit(fitted.circuit, plain.parameters), fitted)
