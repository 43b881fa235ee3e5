"""Clifford gates as steps of h, s and cx, up to a global phase: any gate of one qubit that maps Pauli operators onto those."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, lru_cache

from queuebit_circuits.circuit import Gate
from queuebit_circuits.gates import GATES, Matrix, target_of

Step = tuple[str, tuple[int, ...]]
"""h, s or cx, and its qubits."""

_NEAR = 1e-9
_PAULIS: dict[str, Matrix] = {name: GATES[name.lower()].target() for name in "XYZ"}
_Images = tuple[tuple[str, int], tuple[str, int]]
"""What X and Z become: a Pauli operator and its sign."""
_TWO: dict[str, tuple[Step, ...]] = {
    "cx": (("cx", (0, 1)),), "CX": (("cx", (0, 1)),),
    "cz": (("h", (1,)), ("cx", (0, 1)), ("h", (1,))),
    "cy": (("s", (1,)), ("s", (1,)), ("s", (1,)), ("cx", (0, 1)), ("s", (1,))),
    "swap": (("cx", (0, 1)), ("cx", (1, 0)), ("cx", (0, 1))),
}  # fmt: skip
_TURNS: dict[str, tuple[tuple[Step, ...], tuple[Step, ...]]] = {
    "rzz": ((), ()),
    "rxx": ((("h", (0,)), ("h", (1,))), (("h", (0,)), ("h", (1,)))),
    "ryy": (
        (*((("s", (0,)),) * 3), *((("s", (1,)),) * 3), ("h", (0,)), ("h", (1,))),
        (("h", (0,)), ("h", (1,)), ("s", (0,)), ("s", (1,))),
    ),
}
"""What turns the operator of each rotation into ZZ, and back."""


def steps_of(gate: Gate) -> tuple[Step, ...] | None:
    """The steps that a gate is, in order; None where it is no Clifford gate."""
    kind = GATES[gate.name]
    if kind.qubits == 1:
        found = _one_qubit(gate.name, gate.angles)
        return None if found is None else tuple((name, gate.qubits) for name in found)
    steps = _TWO.get(gate.name)
    if gate.name in _TURNS:
        turns = _quarters(gate.angles[0])
        before, after = _TURNS[gate.name]
        middle = (("cx", (0, 1)), *((("s", (1,)),) * ((turns or 0) % 4)), ("cx", (0, 1)))
        steps = None if turns is None else (*before, *middle, *after)
    elif gate.name in ("cp", "cu1", "cphase"):
        turns = _quarters(gate.angles[0])
        steps = None if turns is None or turns % 2 else (_TWO["cz"] if turns % 4 else ())
    if steps is None:
        return None
    return tuple((name, tuple(gate.qubits[place] for place in places)) for name, places in steps)


def _quarters(angle: float) -> int | None:
    """How many times π/2 an angle is; None where it is no whole multiple."""
    turns = round(angle / (math.pi / 2))
    return turns if abs(angle - turns * math.pi / 2) < _NEAR else None


@lru_cache(maxsize=1_024)
def _one_qubit(name: str, angles: tuple[float, ...]) -> str | None:
    images = _images(target_of(Gate(name, (0,), angles)))
    return None if images is None else _words().get(images)


@cache
def _words() -> dict[_Images, str]:
    """The shortest word of h and s for each of the 24 Clifford gates of one qubit."""
    identity: Matrix = ((1, 0), (0, 1))
    found: dict[_Images, str] = {}
    waiting: list[tuple[str, Matrix]] = [("", identity)]
    for word, matrix in waiting:
        images = _images(matrix)
        if images is None or images in found:
            continue
        found[images] = word
        waiting += [(word + letter, _product(GATES[letter].target(), matrix)) for letter in "hs"]
    return found


def _images(matrix: Matrix) -> _Images | None:
    images = list(_signed(matrix))
    return (images[0], images[1]) if len(images) == 2 else None


def _signed(matrix: Matrix) -> Iterator[tuple[str, int]]:
    adjoint = tuple(tuple(complex(matrix[j][i]).conjugate() for j in range(2)) for i in range(2))
    for name in "XZ":
        image = _product(_product(matrix, _PAULIS[name]), adjoint)
        for other, pauli in _PAULIS.items():
            for sign in (1, -1):
                if all(abs(image[i][j] - sign * pauli[i][j]) < _NEAR for i in range(2) for j in range(2)):
                    yield other, sign


def _product(left: Matrix, right: Matrix) -> Matrix:
    return tuple(tuple(sum(left[i][k] * right[k][j] for k in range(2)) for j in range(2)) for i in range(2))
