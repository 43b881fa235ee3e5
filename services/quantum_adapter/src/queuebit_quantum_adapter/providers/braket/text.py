"""Circuits as the OpenQASM 3 that Braket reads, and back from it by Braket's own reader. Imported in worker processes only.

The first column of an outcome is the first bit of the register. A comment says which classical bits each column is, so that any
process reads the outcomes by the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from queuebit_circuits.circuit import Measure
from queuebit_quantum_adapter.errors import NotEquivalent
from queuebit_quantum_adapter.providers.terminal import Reads
from queuebit_quantum_adapter.verification.matrices import Step, Unitary

WORD_OF: Mapping[str, str] = {
    "id": "i", "x": "x", "y": "y", "z": "z", "h": "h", "s": "s", "sdg": "si", "t": "t", "tdg": "ti", "sx": "v",
    "sxdg": "vi", "rx": "rx", "ry": "ry", "rz": "rz", "p": "phaseshift", "cx": "cnot", "cy": "cy", "cz": "cz",
    "cp": "cphaseshift", "csx": "cv", "swap": "swap", "iswap": "iswap", "ecr": "ecr", "ccx": "ccnot", "cswap": "cswap",
    "rxx": "xx", "ryy": "yy", "rzz": "zz",
}  # fmt: skip
"""Braket's word for each of Qiskit's gates that it has."""
_READS = re.compile(r"^// queuebit reads: ([0-9=, ]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """A program, and which of our qubits each of its qubits is."""

    source: str
    qubits: tuple[int, ...]
    reads: Reads


def written(circuit: Any, reads: Reads) -> Text:
    """A bound Qiskit circuit of gates that Braket has, on the qubits that it uses; at its end, what is read."""
    gates = [
        (WORD_OF[item.operation.name], item.operation.params, [circuit.find_bit(qubit).index for qubit in item.qubits])
        for item in circuit.data
        if item.operation.name not in ("barrier", "measure")
    ]
    touched = {qubit for _, _, at in gates for qubit in at}
    gates += [("i", [], [qubit]) for qubit in reads.qubits if qubit not in touched]
    used = sorted(touched | set(reads.qubits))
    place = {qubit: index for index, qubit in enumerate(used)}
    told = ", ".join(f"{clbit}={column}" for clbit, column in sorted(reads.columns.items()))
    lines = ["OPENQASM 3.0;", f"// queuebit reads: {told}", f"qubit[{len(used)}] q;"]
    lines += [f"bit[{len(reads.qubits)}] b;"] if reads.qubits else []
    for word, angles, at in gates:
        values = f"({', '.join(repr(float(angle)) for angle in angles)})" if angles else ""
        lines.append(f"{word}{values} {', '.join(f'q[{place[qubit]}]' for qubit in at)};")
    lines += [f"b[{column}] = measure q[{place[qubit]}];" for column, qubit in enumerate(reads.qubits)]
    return Text("\n".join(lines) + "\n", tuple(used), reads)


def read_back(text: Text) -> tuple[Step, ...]:
    """What Braket understands: its gates by its own matrices, and its measurements. Raises NotEquivalent."""
    from braket.circuits import Circuit
    from braket.circuits.measure import Measure as Read

    steps: list[Step] = []
    column_of: dict[int, int] = {}
    for instruction in Circuit.from_ir(text.source).instructions:
        at = tuple(text.qubits[int(qubit)] for qubit in instruction.target)
        if isinstance(instruction.operator, Read):
            column_of[at[0]] = instruction.operator._target_index
        elif hasattr(instruction.operator, "to_matrix"):
            steps.append(Unitary(np.asarray(instruction.operator.to_matrix(), dtype=np.complex128), at))
        else:
            raise NotEquivalent(f"Braket reads something that is no gate: {instruction.operator}.")
    qubit_of = {column: qubit for qubit, column in column_of.items()}
    if len(qubit_of) != len(column_of) or not set(text.reads.columns.values()) <= qubit_of.keys():
        raise NotEquivalent("Braket reads other measurements than were written.")
    steps += [Measure(qubit_of[column], clbit) for clbit, column in sorted(columns_of(text.source).items())]
    return tuple(steps)


def columns_of(source: str) -> dict[int, int]:
    """Of each classical bit the column that it takes, as a program of ours says it. Raises ValueError for another's."""
    told = _READS.search(source)
    if told is None:
        raise ValueError("It is no program of ours.")
    return dict(_pairs(told[1].split(", ") if told[1] else ()))


def _pairs(words: Iterable[str]) -> Iterable[tuple[int, int]]:
    for word in words:
        clbit, _, column = word.partition("=")
        yield int(clbit), int(column)
