"""Circuits in our own words: gates with slots for angles, so that circuits of one structure differ only by numbers.

Conventions, the same everywhere: qubit q is variable q; RZ(t) = exp(-i t Z / 2), RZZ(t) = exp(-i t Z Z / 2), RX(t) = exp(-i t
X / 2), and likewise RY, RXX and RYY; CX has its control first; a sample is an integer whose bit q (value >> q & 1) is the
outcome of qubit q.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from queuebit_circuits import circuit as general
from queuebit_circuits.circuit import Circuit
from queuebit_contracts.canonical import fingerprint

GateName = Literal["h", "x", "cx", "rx", "ry", "rz", "rxx", "ryy", "rzz"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate on qubits. `slot` names the angle that it takes from the bound values; None for a gate without angle."""

    name: GateName
    qubits: tuple[int, ...]
    slot: int | None = None


@dataclass(frozen=True)
class Template:
    """A circuit with open angles, from all qubits in |0>, measured at the end, qubit q into bit q."""

    qubits: int
    gates: tuple[Gate, ...]
    slots: int

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the structure: equal for circuits that differ only by their angles."""
        return fingerprint([self.qubits, self.slots, [[gate.name, gate.qubits, gate.slot] for gate in self.gates]])

    def count(self, qubits: int) -> int:
        """How many gates act on this many qubits."""
        return sum(len(gate.qubits) == qubits for gate in self.gates)


@dataclass(frozen=True)
class BoundCircuit:
    """A template and its angles in radians, one a slot."""

    template: Template
    angles: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.angles) != self.template.slots:
            raise ValueError(f"{len(self.angles)} angles for {self.template.slots} slots")

    @cached_property
    def circuit(self) -> Circuit:
        """The same in the general form: the angles filled in, qubit q measured into bit q of the register c."""
        gates = (
            general.Gate(gate.name, gate.qubits, () if gate.slot is None else (self.angles[gate.slot],))
            for gate in self.template.gates
        )
        qubits = self.template.qubits
        reads = (general.Measure(qubit, qubit) for qubit in range(qubits))
        return Circuit(qubits, (general.Register("c", qubits),), (*gates, *reads))


def text_hash(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
