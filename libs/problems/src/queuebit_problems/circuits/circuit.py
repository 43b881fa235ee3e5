"""A quantum circuit as plain values: what the readers give, what the reference simulator and every device take.

Qubits and classical bits are numbered from 0 in the order of their declaration. Angles are in radians.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of the standard set (`circuits.gates.GATES`), by its OpenQASM 3 name, on distinct qubits, controls first."""

    name: str
    qubits: tuple[int, ...]
    angles: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """A measurement in the computational basis."""

    qubit: int
    clbit: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Back to |0>."""

    qubit: int


@dataclass(frozen=True, slots=True)
class Barrier:
    """Nothing may be moved across it on these qubits."""

    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """`then` where the classical bits, the first the least significant, read `value`; else `otherwise`."""

    clbits: tuple[int, ...]
    value: int
    then: tuple[Operation, ...]
    otherwise: tuple[Operation, ...] = ()


Operation = Gate | Measure | Reset | Barrier | Branch


@dataclass(frozen=True, slots=True)
class Register:
    """A classical register. A loose OpenQASM 3 bit is a register of one bit that is `loose`."""

    name: str
    size: int
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Circuit:
    """Operations in order. `registers` are the classical ones, in the order of their declaration."""

    qubits: int
    registers: tuple[Register, ...]
    operations: tuple[Operation, ...]

    @property
    def clbits(self) -> int:
        return sum(register.size for register in self.registers)

    def key(self, bits: int) -> str:
        """An outcome (bit k of the number is classical bit k) as Qiskit writes it: the highest index leftmost within a
        register, the register declared last leftmost, a space between registers, none beside a loose bit.
        """
        text, place, before_loose = "", 0, True
        for register in self.registers:
            part = format(bits >> place & (1 << register.size) - 1, f"0{register.size}b") if register.size else ""
            gap = "" if not text or (register.loose and before_loose) else " "
            text, place, before_loose = part + gap + text, place + register.size, register.loose
        return text
