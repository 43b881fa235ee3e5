"""Circuits of any form, from ours to Qiskit's and from Qiskit's to matrices. Imported in worker processes only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, assert_never

import numpy as np
from qiskit.circuit import ClassicalRegister, Clbit, ParameterVector, QuantumCircuit, QuantumRegister
from qiskit.circuit.classical import expr
from qiskit.circuit.library import standard_gates as library
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Operation, Reset
from queuebit_quantum_adapter.errors import NotEquivalent
from queuebit_quantum_adapter.verification.matrices import Choice, Matrix, Step, Unitary

GATE_OF: dict[str, Any] = {
    "id": library.IGate, "x": library.XGate, "y": library.YGate, "z": library.ZGate, "h": library.HGate,
    "s": library.SGate, "sdg": library.SdgGate, "t": library.TGate, "tdg": library.TdgGate, "sx": library.SXGate,
    "sxdg": library.SXdgGate, "p": library.PhaseGate, "phase": library.PhaseGate, "u1": library.PhaseGate,
    "rx": library.RXGate, "ry": library.RYGate, "rz": library.RZGate, "u2": library.U2Gate, "u3": library.U3Gate,
    "u": library.UGate, "U": library.UGate, "cx": library.CXGate, "CX": library.CXGate, "cy": library.CYGate,
    "cz": library.CZGate, "ch": library.CHGate, "csx": library.CSXGate, "cp": library.CPhaseGate,
    "cphase": library.CPhaseGate, "cu1": library.CPhaseGate, "crx": library.CRXGate, "cry": library.CRYGate,
    "crz": library.CRZGate, "cu3": library.CU3Gate, "cu": library.CUGate, "ccx": library.CCXGate, "c3x": library.C3XGate,
    "c3sqrtx": library.C3SXGate, "c4x": library.C4XGate, "swap": library.SwapGate, "cswap": library.CSwapGate,
    "rxx": library.RXXGate, "ryy": library.RYYGate, "rzz": library.RZZGate, "rccx": library.RCCXGate,
    "rc3x": library.RC3XGate, "u0": library.IGate,
}  # fmt: skip
"""Qiskit's gate for each of ours. Where the two differ by a global phase, nothing that can be measured does."""
_WITHOUT_ANGLE = frozenset({"u0"})
"""Ours have an angle that theirs has not: the length of an idle time."""


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """A Qiskit circuit with open angles: `parameters` in the order in which their values are given."""

    circuit: Any
    parameters: Any

    def bind(self, angles: Iterable[float]) -> Any:
        """The circuit with its angles. An angle that Qiskit's gate does not have is left out."""
        used = self.circuit.parameters
        pairs = zip(self.parameters, angles, strict=True)
        return self.circuit.assign_parameters({parameter: angle for parameter, angle in pairs if parameter in used})


def to_open_circuit(circuit: Circuit) -> OpenCircuit:
    """The same form in Qiskit, its classical registers in the order of their declaration: one parameter for each slot."""
    parameters = ParameterVector("t", circuit.slots)
    made = QuantumCircuit(
        QuantumRegister(circuit.qubits, "q"),
        *(ClassicalRegister(register.size, f"m{place}") for place, register in enumerate(circuit.registers)),
    )
    _add(made, circuit.operations, list(parameters))
    return OpenCircuit(made, parameters)


def steps_of_quantum_circuit(circuit: Any) -> tuple[Step, ...]:
    """What a Qiskit circuit does, its gates by Qiskit's own matrices. Raises NotEquivalent where it does what ours cannot."""
    qubits = {bit: index for index, bit in enumerate(circuit.qubits)}
    clbits = {bit: index for index, bit in enumerate(circuit.clbits)}
    return _steps(circuit, qubits, clbits)


def _never(branch: Branch) -> bool:
    return not branch.readings


def _always(branch: Branch) -> bool:
    return not branch.clbits and bool(branch.readings)


def _add(made: Any, operations: Iterable[Operation], parameters: Sequence[Any]) -> None:
    for operation in operations:
        match operation:
            case Gate(name, qubits, given, slots):
                angles = tuple(parameters[slot] for slot in slots) or given
                made.append(GATE_OF[name](*(() if name in _WITHOUT_ANGLE else angles)), qubits, copy=False)
            case Measure(qubit, clbit):
                made.measure(qubit, clbit)
            case Reset(qubit):
                made.reset(qubit)
            case Barrier(qubits):
                made.barrier(*qubits)
            case Branch():
                _add_branch(made, operation, parameters)
            case _:
                assert_never(operation)


def _add_branch(made: Any, branch: Branch, parameters: Sequence[Any]) -> None:
    if _never(branch):
        _add(made, branch.otherwise, parameters)
        return
    if _always(branch):
        _add(made, branch.then, parameters)
        return
    with made.if_test(_condition(made, branch)) as otherwise:
        _add(made, branch.then, parameters)
    if branch.otherwise:
        with otherwise:
            _add(made, branch.otherwise, parameters)


def _condition(made: Any, branch: Branch) -> Any:
    """All bits as one of the values: one bit by itself, several as a conjunction for each value, so that they need not be a
    register.
    """
    bits, readings = [made.clbits[clbit] for clbit in branch.clbits], branch.readings
    if len(bits) == 1 and len(readings) == 1:
        return bits[0], readings[0]
    return _joined(
        expr.logic_or,
        [
            _joined(
                expr.logic_and,
                [expr.lift(bit) if value >> place & 1 else expr.logic_not(bit) for place, bit in enumerate(bits)],
            )
            for value in readings
        ],
    )


def _joined(join: Callable[[Any, Any], Any], parts: Sequence[Any]) -> Any:
    """All parts joined by pairs and pairs of pairs: an expression of many is not deep."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return join(_joined(join, parts[:half]), _joined(join, parts[half:]))


def _steps(circuit: Any, qubits: Mapping[Any, int], clbits: Mapping[Any, int]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for item in circuit.data:
        operation = item.operation
        at = tuple(qubits[bit] for bit in item.qubits)
        match operation.name:
            case "barrier":
                pass
            case "measure":
                steps.append(Measure(at[0], clbits[item.clbits[0]]))
            case "reset":
                steps.append(Reset(at[0]))
            case "if_else":
                places, values = read_condition(operation.condition, clbits)
                blocks = [
                    _steps(
                        block,
                        dict(zip(block.qubits, at, strict=True)),
                        dict(zip(block.clbits, (clbits[bit] for bit in item.clbits), strict=True)),
                    )
                    for block in operation.blocks
                ]
                steps.append(Choice(places, values, blocks[0], blocks[1] if len(blocks) > 1 else ()))
            case _:
                steps.append(Unitary(_matrix(operation), at[::-1]))
    return tuple(steps)


def read_condition(condition: Any, clbits: Mapping[Any, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(bits, values): the condition holds where the bits, the first the least significant, read one of the values.

    Raises NotEquivalent where it is not one value of the same bits or another, or asks a bit for two values at once.
    """
    wanted = [_conjunction(part, clbits) for part in _parts(condition, expr.Binary.Op.LOGIC_OR)]
    places = tuple(wanted[0])
    if any(each.keys() != wanted[0].keys() for each in wanted):
        raise _unasked()
    return places, tuple(sorted(sum(each[clbit] << k for k, clbit in enumerate(places)) for each in wanted))


def _conjunction(condition: Any, clbits: Mapping[Any, int]) -> dict[int, int]:
    """The value that each bit must have."""
    found: dict[int, int] = {}
    for part in _parts(condition, expr.Binary.Op.LOGIC_AND):
        bit, value = _literal(part)
        if found.setdefault(clbits[bit], value) != value:
            raise _unasked()
    return found


def _literal(condition: Any) -> tuple[Clbit, int]:
    if isinstance(condition, tuple) and isinstance(condition[0], Clbit):
        return condition[0], int(condition[1])
    if isinstance(condition, expr.Var) and isinstance(condition.var, Clbit):
        return condition.var, 1
    if isinstance(condition, expr.Unary) and condition.op is expr.Unary.Op.LOGIC_NOT:
        bit, value = _literal(condition.operand)
        return bit, 1 - value
    raise _unasked()


def _parts(condition: Any, operator: Any) -> Iterator[Any]:
    """What is joined by an operator, however the pairs are nested."""
    if isinstance(condition, expr.Binary) and condition.op is operator:
        yield from _parts(condition.left, operator)
        yield from _parts(condition.right, operator)
    else:
        yield condition


def _unasked() -> NotEquivalent:
    return NotEquivalent("A conversion made a condition of a form that was not asked for.")


def _matrix(operation: Any) -> Matrix:
    """Qiskit's matrix of an instruction; there the first qubit is the least significant, so that its qubits come reversed."""
    kind = operation.base_class
    plain = getattr(operation, "ctrl_state", None) in (None, 2 ** getattr(operation, "num_ctrl_qubits", 0) - 1)
    if kind in _STANDARD and plain:
        return _standard_matrix(kind, tuple(map(float, operation.params)))
    return _checked(operation)


@lru_cache(maxsize=4096)
def _standard_matrix(kind: Any, angles: tuple[float, ...]) -> Matrix:
    return _checked(kind(*angles))


def _checked(operation: Any) -> Matrix:
    try:
        return np.asarray(Operator(operation).data, dtype=np.complex128)
    except QiskitError as error:
        raise NotEquivalent(f"A conversion made an instruction {operation.name[:60]!r} that is no gate.") from error


_STANDARD = frozenset(GATE_OF.values())
