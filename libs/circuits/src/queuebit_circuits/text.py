"""Circuits as text: OpenQASM 3 for people and for exchange, and fingerprints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Operation, Reset, walk
from queuebit_contracts.canonical import fingerprint

_STANDARD = frozenset(
    {
        "p", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "rx", "ry", "rz", "cx", "cy", "cz", "cp", "crx", "cry", "crz",
        "ch", "swap", "ccx", "cswap", "cu", "CX", "phase", "cphase", "id", "u1", "u2", "u3", "U",
    }
)  # fmt: skip
"""The names of OpenQASM 3's stdgates.inc, and its built-in gate."""
_MODIFIED = {
    "sxdg": "inv @ sx",
    "csx": "ctrl @ sx",
    "c3x": "ctrl(3) @ x",
    "c4x": "ctrl(4) @ x",
    "c3sqrtx": "ctrl(3) @ sx",
    "u": "U",
    "u0": "id",
    "cu1": "cp",
}
_DEFINED = {
    "rxx": "gate rxx(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }",
    "ryy": "gate ryy(t) a, b { rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b; }",
    "rzz": "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; }",
    "cu3": "gate cu3(t, f, l) a, b { cu(t, f, l, 0) a, b; }",
    "rccx": "gate rccx a, b, c { h c; t c; cx b, c; tdg c; cx a, c; t c; cx b, c; tdg c; h c; }",
    "rc3x": "gate rc3x a, b, c, d { h d; t d; cx c, d; tdg d; h d; cx a, d; t d; cx b, d; tdg d; cx a, d; t d; cx b, d; "
    "tdg d; h d; t d; cx c, d; tdg d; h d; }",
}


def batch_print(circuits: Sequence[Circuit]) -> str:
    """The fingerprint of several circuits in their order; that of the circuit itself where it is one."""
    prints = [circuit.fingerprint for circuit in circuits]
    return prints[0] if len(prints) == 1 else fingerprint(prints)


def to_qasm3(circuit: Circuit) -> str:
    """The circuit as OpenQASM 3, up to a global phase: the same circuit gives the same text. Raises ValueError where angles are
    open.
    """
    used = {each.name for each in walk(circuit.operations) if isinstance(each, Gate)}
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', *(text for name, text in _DEFINED.items() if name in used)]
    bits: list[str] = []
    for register in circuit.registers:
        lines.append(f"bit {register.name};" if register.loose else f"bit[{register.size}] {register.name};")
        names = [register.name] if register.loose else [f"{register.name}[{k}]" for k in range(register.size)]
        bits += names
    if circuit.qubits:
        lines.append(f"qubit[{circuit.qubits}] {qubit_register(circuit)};")
    lines += _lines(circuit.operations, bits, qubit_register(circuit), "")
    return "\n".join(lines) + "\n"


def text_hash(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def qubit_register(circuit: Circuit) -> str:
    taken = {register.name for register in circuit.registers}
    name = "q"
    while name in taken:
        name += "q"
    return name


def _lines(operations: Iterable[Operation], bits: Sequence[str], register: str, indent: str) -> Iterator[str]:
    def at(qubits: Iterable[int]) -> str:
        return ", ".join(f"{register}[{qubit}]" for qubit in qubits)

    for operation in operations:
        match operation:
            case Gate(slots=slots) if slots:
                raise ValueError("An open circuit has no text: fill in its angles.")
            case Gate(name, qubits, angles):
                word = name if name in _STANDARD or name in _DEFINED else _MODIFIED[name]
                values = f"({', '.join(repr(float(angle)) for angle in angles)})" if angles and word != "id" else ""
                yield f"{indent}{word}{values} {at(qubits)};"
            case Measure(qubit, clbit):
                yield f"{indent}{bits[clbit]} = measure {at((qubit,))};"
            case Reset(qubit):
                yield f"{indent}reset {at((qubit,))};"
            case Barrier(qubits):
                yield f"{indent}barrier {at(qubits)};"
            case Branch():
                yield from _branch(operation, bits, register, indent)
            case _:
                assert_never(operation)


def _branch(branch: Branch, bits: Sequence[str], register: str, indent: str) -> Iterator[str]:
    inner, readings = indent + "  ", branch.readings
    if not readings:
        yield from _lines(branch.otherwise, bits, register, indent)
        return
    tests = [
        " && ".join(f"{bits[clbit]} == {value >> place & 1}" for place, clbit in enumerate(branch.clbits)) or "true"
        for value in readings
    ]
    yield f"{indent}if ({tests[0] if len(tests) == 1 else ' || '.join(f'({test})' for test in tests)}) {{"
    yield from _lines(branch.then, bits, register, inner)
    if branch.otherwise:
        yield f"{indent}}} else {{"
        yield from _lines(branch.otherwise, bits, register, inner)
    yield f"{indent}}}"
