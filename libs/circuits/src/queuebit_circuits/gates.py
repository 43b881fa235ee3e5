"""The standard gates: those of OpenQASM 3 (`stdgates.inc`) and of OpenQASM 2 (`qelib1.inc`, as Qiskit carries it).

Conventions. In a matrix the first qubit of the gate is the most significant bit of the index, so that a control comes first
and `cx` looks as in textbooks. Global phases are those of OpenQASM 3: U(θ, φ, λ) carries the phase θ/2 relative to `u`, and
`u2` and `u3` have determinant 1; where a gate is controlled, this matters. `u`, `cu1`, `cu3` and the names that OpenQASM 3
lacks are as in Qiskit. Angles are in radians. Nothing here needs numpy: every process that reads circuits imports this.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from queuebit_circuits.circuit import Gate

Matrix = tuple[tuple[complex, ...], ...]
"""A square matrix by rows."""


@dataclass(frozen=True, slots=True)
class GateType:
    """A gate by its name: the first `controls` of its `qubits` are controls, and where all of them are 1 the matrix
    `target(*angles)` acts on the others.
    """

    name: str
    qubits: int
    angles: int
    controls: int
    target: Callable[..., Matrix]

    def matrix(self, *angles: float) -> Matrix:
        """The whole matrix, of 2**qubits rows."""
        inner = self.target(*angles)
        size, idle = 1 << self.qubits, (1 << self.qubits) - len(inner)
        return tuple(
            tuple(inner[row - idle][column - idle] if row >= idle <= column else complex(row == column)
                  for column in range(size))
            for row in range(size)
        )  # fmt: skip


def target_of(gate: Gate) -> Matrix:
    """The matrix that acts on the qubits of a gate which are not its controls."""
    return GATES[gate.name].target(*gate.angles)


def matrix_of(gate: Gate) -> Matrix:
    """The whole matrix of a gate."""
    return GATES[gate.name].matrix(*gate.angles)


def _fixed(*rows: tuple[complex, ...]) -> Callable[[], Matrix]:
    matrix = tuple(tuple(complex(entry) for entry in row) for row in rows)
    return lambda: matrix


def _phase(angle: float) -> Matrix:
    return ((1, 0), (0, cmath.rect(1, angle)))


def _rx(angle: float) -> Matrix:
    cosine, sine = math.cos(angle / 2), math.sin(angle / 2)
    return ((cosine, -1j * sine), (-1j * sine, cosine))


def _ry(angle: float) -> Matrix:
    cosine, sine = math.cos(angle / 2), math.sin(angle / 2)
    return ((cosine, -sine), (sine, cosine))


def _rz(angle: float) -> Matrix:
    return ((cmath.rect(1, -angle / 2), 0), (0, cmath.rect(1, angle / 2)))


def _cu(theta: float, phi: float, lam: float, gamma: float) -> Matrix:
    """e^(iγ) times Qiskit's U(θ, φ, λ), whose upper left entry is real."""
    cosine, sine = math.cos(theta / 2), math.sin(theta / 2)
    return (
        (cmath.rect(cosine, gamma), -cmath.rect(sine, gamma + lam)),
        (cmath.rect(sine, gamma + phi), cmath.rect(cosine, gamma + phi + lam)),
    )


def _u(theta: float, phi: float, lam: float) -> Matrix:
    return _cu(theta, phi, lam, 0.0)


def _builtin_u(theta: float, phi: float, lam: float) -> Matrix:
    return _cu(theta, phi, lam, theta / 2)


def _u2(phi: float, lam: float) -> Matrix:
    return _cu(math.pi / 2, phi, lam, -(phi + lam) / 2)


def _u3(theta: float, phi: float, lam: float) -> Matrix:
    return _cu(theta, phi, lam, -(phi + lam) / 2)


def _idle(angle: float) -> Matrix:
    del angle  # The length of the idle time, in units that no device here knows.
    return _ID()


def _rxx(angle: float) -> Matrix:
    c, s = math.cos(angle / 2), -1j * math.sin(angle / 2)
    return ((c, 0, 0, s), (0, c, s, 0), (0, s, c, 0), (s, 0, 0, c))


def _ryy(angle: float) -> Matrix:
    c, s = math.cos(angle / 2), -1j * math.sin(angle / 2)
    return ((c, 0, 0, -s), (0, c, s, 0), (0, s, c, 0), (-s, 0, 0, c))


def _rzz(angle: float) -> Matrix:
    same, other = cmath.rect(1, -angle / 2), cmath.rect(1, angle / 2)
    return ((same, 0, 0, 0), (0, other, 0, 0), (0, 0, other, 0), (0, 0, 0, same))


def _permuting(size: int, *entries: tuple[int, int, complex]) -> Callable[[], Matrix]:
    """The identity but for the rows that `entries` (row, column, value) name."""
    rows = [[complex(row == column) for column in range(size)] for row in range(size)]
    for row in {row for row, _, _ in entries}:
        rows[row] = [0j] * size
    for row, column, value in entries:
        rows[row][column] = complex(value)
    return _fixed(*map(tuple, rows))


_HALF = math.sqrt(0.5)
_ID = _fixed((1, 0), (0, 1))
_X = _fixed((0, 1), (1, 0))
_Y = _fixed((0, -1j), (1j, 0))
_Z = _fixed((1, 0), (0, -1))
_H = _fixed((_HALF, _HALF), (_HALF, -_HALF))
_S = _fixed((1, 0), (0, 1j))
_SDG = _fixed((1, 0), (0, -1j))
_T = _fixed((1, 0), (0, complex(_HALF, _HALF)))
_TDG = _fixed((1, 0), (0, complex(_HALF, -_HALF)))
_SX = _fixed((0.5 + 0.5j, 0.5 - 0.5j), (0.5 - 0.5j, 0.5 + 0.5j))
_SXDG = _fixed((0.5 - 0.5j, 0.5 + 0.5j), (0.5 + 0.5j, 0.5 - 0.5j))
_SWAP = _permuting(4, (1, 2, 1), (2, 1, 1))
_RCCX = _permuting(8, (5, 5, -1), (6, 7, -1j), (7, 6, 1j))
_RC3X = _permuting(16, (12, 12, 1j), (13, 13, -1j), (14, 15, 1), (15, 14, -1))


def _table() -> dict[str, GateType]:
    one: dict[str, tuple[int, Callable[..., Matrix]]] = {
        "id": (0, _ID), "x": (0, _X), "y": (0, _Y), "z": (0, _Z), "h": (0, _H), "s": (0, _S), "sdg": (0, _SDG),
        "t": (0, _T), "tdg": (0, _TDG), "sx": (0, _SX), "sxdg": (0, _SXDG), "p": (1, _phase), "phase": (1, _phase),
        "rx": (1, _rx), "ry": (1, _ry), "rz": (1, _rz), "u0": (1, _idle), "u1": (1, _phase), "u2": (2, _u2),
        "u3": (3, _u3), "u": (3, _u), "U": (3, _builtin_u),
    }  # fmt: skip
    controlled: dict[str, tuple[int, int, Callable[..., Matrix]]] = {
        "cx": (1, 0, _X), "CX": (1, 0, _X), "cy": (1, 0, _Y), "cz": (1, 0, _Z), "ch": (1, 0, _H), "csx": (1, 0, _SX),
        "cp": (1, 1, _phase), "cphase": (1, 1, _phase), "cu1": (1, 1, _phase), "crx": (1, 1, _rx), "cry": (1, 1, _ry),
        "crz": (1, 1, _rz), "cu3": (1, 3, _u), "cu": (1, 4, _cu), "ccx": (2, 0, _X), "c3x": (3, 0, _X),
        "c3sqrtx": (3, 0, _SX), "c4x": (4, 0, _X),
    }  # fmt: skip
    several: dict[str, tuple[int, int, int, Callable[..., Matrix]]] = {
        "swap": (2, 0, 0, _SWAP), "cswap": (3, 0, 1, _SWAP), "rxx": (2, 1, 0, _rxx), "ryy": (2, 1, 0, _ryy),
        "rzz": (2, 1, 0, _rzz), "rccx": (3, 0, 0, _RCCX), "rc3x": (4, 0, 0, _RC3X),
    }  # fmt: skip
    table = {name: GateType(name, 1, angles, 0, target) for name, (angles, target) in one.items()}
    for name, (controls, angles, target) in controlled.items():
        table[name] = GateType(name, controls + 1, angles, controls, target)
    for name, (qubits, angles, controls, target) in several.items():
        table[name] = GateType(name, qubits, angles, controls, target)
    return table


GATES: MappingProxyType[str, GateType] = MappingProxyType(_table())
"""Every gate that a `Circuit` may hold, by its name."""

ALIASES: MappingProxyType[str, str] = MappingProxyType(
    {"CX": "cx", "phase": "p", "u1": "p", "cphase": "cp", "cu1": "cp", "u0": "id"}
)
"""Names of the same gate; the readers write the second, without the angle where it has none."""
