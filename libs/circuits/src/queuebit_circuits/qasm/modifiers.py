"""Gates under modifiers of OpenQASM 3: inverses, powers and controls, written in gates of the standard set.

A global phase is `Gate("gphase", (), (angle,))` here; it matters only where it is controlled.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence

from queuebit_circuits.circuit import Gate
from queuebit_circuits.gates import GATES, Matrix, target_of

PHASE = "gphase"
_EPSILON = 1e-12

_INVERSE = {"s": "sdg", "sdg": "s", "t": "tdg", "tdg": "t", "sx": "sxdg", "sxdg": "sx"}
_ROTATIONS = frozenset({"p", "rx", "ry", "rz", "cp", "crx", "cry", "crz", "rxx", "ryy", "rzz", PHASE})
_SELF_INVERSE = frozenset({"id", "x", "y", "z", "h", "cx", "cy", "cz", "ch", "swap", "ccx", "cswap", "c3x", "c4x",
                           "rccx"})  # fmt: skip
_CONTROLLED = {
    "x": {1: "cx", 2: "ccx", 3: "c3x", 4: "c4x"}, "y": {1: "cy"}, "z": {1: "cz"}, "h": {1: "ch"},
    "sx": {1: "csx", 3: "c3sqrtx"}, "p": {1: "cp"}, "rx": {1: "crx"}, "ry": {1: "cry"}, "rz": {1: "crz"},
}  # fmt: skip
_BASE = {named: base for base, forms in _CONTROLLED.items() for named in forms.values()}


def inverse(gate: Gate) -> list[Gate] | None:
    """The gate undone; None where the standard set has no form for that."""
    name, qubits, angles = gate.name, gate.qubits, gate.angles
    if name in _SELF_INVERSE:
        return [gate]
    if name in _INVERSE:
        return [Gate(_INVERSE[name], qubits)]
    if name in _ROTATIONS:
        return [Gate(name, qubits, (-angles[0],))]
    if name in ("U", "u", "u3"):
        return [Gate(name, qubits, (-angles[0], -angles[2], -angles[1]))]
    if name == "u2":
        return [Gate("u3", qubits, (-math.pi / 2, -angles[1], -angles[0]))]
    if name == "cu3":
        return [Gate(name, qubits, (-angles[0], -angles[2], -angles[1]))]
    if name == "cu":
        return [Gate(name, qubits, (-angles[0], -angles[2], -angles[1], -angles[3]))]
    return power(gate, -1)


def power(gate: Gate, exponent: float) -> list[Gate] | None:
    """The principal power of a gate; None where the standard set has no form for that."""
    whole = float(exponent).is_integer()
    if gate.name in _ROTATIONS and (whole or abs(gate.angles[0]) < math.pi):
        return [Gate(gate.name, gate.qubits, (gate.angles[0] * exponent,))]
    if gate.name == PHASE or len(gate.qubits) != GATES[gate.name].controls + 1:
        return None
    controls = gate.qubits[:-1]
    return _multiply_controlled(controls, _matrix_power(target_of(gate), exponent), gate.qubits[-1])


def controlled(gate: Gate, controls: Sequence[int]) -> list[Gate] | None:
    """The gate where all controls are 1; None where the standard set has no form for that."""
    if not controls:
        return [gate]
    if gate.name == PHASE:
        matrix = GATES["p"].target(gate.angles[0])
        last = controls[-1]
        return _named("p", controls[:-1], last, gate.angles) or _multiply_controlled(controls[:-1], matrix, last)
    count = GATES[gate.name].controls
    every, targets = (*controls, *gate.qubits[:count]), gate.qubits[count:]
    if len(targets) == 1:
        base = _BASE.get(gate.name, gate.name)
        found = _named(base, every, targets[0], gate.angles)
        return found or _multiply_controlled(every, target_of(gate), targets[0])
    return _controlled_pair(gate, every, targets)


def _named(base: str, controls: Sequence[int], target: int, angles: tuple[float, ...]) -> list[Gate]:
    """The gate of the standard set that has this base and as many controls; [] where there is none."""
    if not controls:
        return [Gate(base, (target,), angles)]
    name = _CONTROLLED.get(base, {}).get(len(controls))
    return [] if name is None else [Gate(name, (*controls, target), angles)]


def _controlled_pair(gate: Gate, controls: tuple[int, ...], targets: tuple[int, ...]) -> list[Gate] | None:
    """Controlled gates on two qubits: only the part in the middle of them needs the controls."""
    if len(targets) != 2 or gate.name not in ("swap", "cswap", "rxx", "ryy", "rzz"):
        return None
    first, second = targets
    if gate.name in ("swap", "cswap"):
        if len(controls) == 1:
            return [Gate("cswap", (*controls, first, second))]
        around = [Gate("cx", (second, first))]
        middle = _named("x", (*controls, first), second, ()) or _multiply_controlled(
            (*controls, first), GATES["x"].target(), second
        )
        return [*around, *middle, *around]
    turn = {"rxx": ("h",), "ryy": ("sdg", "h"), "rzz": ()}[gate.name]
    back = {"rxx": ("h",), "ryy": ("h", "s"), "rzz": ()}[gate.name]
    middle = controlled(Gate("rz", (second,), gate.angles), controls) or []
    return [
        *(Gate(name, (qubit,)) for name in turn for qubit in targets), Gate("cx", targets),
        *middle, Gate("cx", targets), *(Gate(name, (qubit,)) for name in back for qubit in targets),
    ]  # fmt: skip


def _multiply_controlled(controls: Sequence[int], matrix: Matrix, target: int) -> list[Gate]:
    """Any 2 by 2 unitary under any number of controls (Barenco et al. 1995, lemma 7.5)."""
    theta, phi, lam, gamma = _angles(matrix)
    if not controls:
        return [Gate("u", (target,), (theta, phi, lam)), Gate(PHASE, (), (gamma,))]
    if len(controls) == 1:
        return [Gate("cu", (controls[0], target), (theta, phi, lam, gamma))]
    root = _matrix_power(matrix, 0.5)
    *others, last = controls
    flip = _named("x", others, last, ()) or _multiply_controlled(others, GATES["x"].target(), last)
    return [
        *_multiply_controlled((last,), root, target),
        *flip,
        *_multiply_controlled((last,), _adjoint(root), target),
        *flip,
        *_multiply_controlled(others, root, target),
    ]


def _adjoint(matrix: Matrix) -> Matrix:
    return tuple(tuple(complex(row[column]).conjugate() for row in matrix) for column in range(len(matrix)))


def _angles(matrix: Matrix) -> tuple[float, float, float, float]:
    """(θ, φ, λ, γ) with the matrix e^(iγ) u(θ, φ, λ)."""
    (a, b), (c, d) = matrix
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) < _EPSILON:
        gamma = cmath.phase(-b)
        return theta, cmath.phase(c) - gamma, 0.0, gamma
    gamma = cmath.phase(a)
    if abs(c) < _EPSILON:
        return theta, 0.0, cmath.phase(d) - gamma, gamma
    return theta, cmath.phase(c) - gamma, cmath.phase(-b) - gamma, gamma


def _matrix_power(matrix: Matrix, exponent: float) -> Matrix:
    """The power whose eigenvalues are the principal powers (of phases from -π, excluded, to π) of a 2 by 2 unitary's."""
    (a, b), (c, d) = matrix
    middle, root = (a + d) / 2, cmath.sqrt((a - d) ** 2 / 4 + b * c)
    first, second = middle + root, middle - root
    if abs(root) < _EPSILON:
        scale = _principal(middle, exponent)
        return ((scale, 0), (0, scale))
    one, two = _principal(first, exponent), _principal(second, exponent)
    slope = (one - two) / (first - second)
    rest = one - slope * first
    return ((slope * a + rest, slope * b), (slope * c, slope * d + rest))


def _principal(value: complex, exponent: float) -> complex:
    phase = cmath.phase(value)
    if abs(phase + math.pi) < _EPSILON:
        phase = math.pi
    return cmath.rect(1, phase * exponent)
