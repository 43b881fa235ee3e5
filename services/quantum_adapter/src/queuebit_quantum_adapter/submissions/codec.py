"""Requests and results as JSON: what the ledger keeps, readable by every process and every later version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, astuple
from typing import Any, assert_never

from queuebit_circuits.circuit import (
    Barrier,
    Bound,
    Branch,
    Circuit,
    Gate,
    Measure,
    Operation,
    Register,
    Reset,
)
from queuebit_circuits.pauli import PauliSum
from queuebit_quantum_adapter.ports import (
    AS_USUAL,
    NO_MITIGATION,
    Estimated,
    Mitigation,
    Request,
    Result,
    Spins,
    Transpilation,
)

VERSION = 1


def encode_request(request: Request) -> bytes:
    """Equal requests give equal bytes. A circuit that stands in it several times is written once."""
    circuits = list(dict.fromkeys(bound.circuit for bound in request.circuits))
    place = {circuit: number for number, circuit in enumerate(circuits)}
    observable, spins = request.observable, request.spins
    annealed = {} if spins is None else {"spins": [spins.count, [*spins.fields], [*spins.couplings]]}
    mitigated = {} if request.mitigation == NO_MITIGATION else {"mitigation": asdict(request.mitigation)}
    remembered = {"memory": True} if request.memory else {}
    how = request.transpilation
    fitted = {} if how == AS_USUAL else {"transpilation": [how.level, how.layout]}
    return _bytes(
        {
            **annealed,
            **mitigated,
            **remembered,
            **fitted,
            "version": VERSION,
            "circuits": [_circuit(circuit) for circuit in circuits],
            "runs": [[place[bound.circuit], list(bound.angles)] for bound in request.circuits],
            "seeds": list(request.seeds),
            "shots": request.shots,
            "observable": None
            if observable is None
            else [observable.qubits, [list(term) for term in observable.terms]],
        }
    )


def decode_request(data: bytes) -> Request:
    """Raises ValueError where it was written by a version that is not known."""
    found = _read(data)
    circuits = [_read_circuit(each) for each in found["circuits"]]
    observable = found["observable"]
    return Request(
        tuple(Bound(circuits[place], tuple(angles)) for place, angles in found["runs"]),
        tuple(found["seeds"]),
        found["shots"],
        None if observable is None else PauliSum(observable[0], tuple((term[0], term[1]) for term in observable[1])),
        _read_spins(found["spins"]) if "spins" in found else None,
        _read_mitigation(found["mitigation"]) if "mitigation" in found else NO_MITIGATION,
        found.get("memory", False),
        _read_transpilation(found["transpilation"]) if "transpilation" in found else AS_USUAL,
    )


def _read_transpilation(found: list[Any]) -> Transpilation:
    level, layout = found
    return Transpilation(level, None if layout is None else tuple(layout))


def _read_mitigation(found: dict[str, Any]) -> Mitigation:
    return Mitigation(
        tuple(found["methods"]), found["dd_sequence"], tuple(found["zne_factors"]), tuple(found["zne_extrapolators"])
    )


def _read_spins(found: list[Any]) -> Spins:
    count, fields, couplings = found
    return Spins(count, tuple((i, h) for i, h in fields), tuple((i, k, j) for i, k, j in couplings))


def encode_result(result: Result) -> bytes:
    """Outcomes are written in hexadecimal, for JSON has no names that are numbers."""
    return _bytes(
        {
            "version": VERSION,
            "counts": _counts(result),
            "values": list(result.values),
            "record": dict(result.record),
            "ran": [dict(each) for each in result.ran],
            "timing": dict(result.timing),
            **_estimated(result),
            **_memory(result),
        }
    )


def encode_counts(result: Result) -> bytes:
    """What was measured and nothing else: runs that are equal bit by bit give equal bytes."""
    return _bytes(
        {
            "version": VERSION,
            "counts": _counts(result),
            "values": list(result.values),
            **_estimated(result),
            **_memory(result),
        }
    )


def decode_result(data: bytes) -> Result:
    """Raises ValueError where it was written by a version that is not known."""
    found = _read(data)
    counts = tuple({int(bits, 16): count for bits, count in each.items()} for each in found["counts"])
    estimated = tuple(Estimated(*each) for each in found.get("estimated", ()))
    memory = tuple(tuple(int(bits, 16) for bits in each.split()) for each in found.get("memory", ()))
    return Result(
        counts, tuple(found["values"]), found["record"], tuple(found["ran"]), found["timing"], estimated, memory
    )


def hash_of(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _estimated(result: Result) -> dict[str, Any]:
    return {"estimated": [list(astuple(each)) for each in result.estimated]} if result.estimated else {}


def _memory(result: Result) -> dict[str, Any]:
    """The outcome of each run, one after the other in one text a circuit: a list would take twice as much."""
    return {"memory": [" ".join(f"{bits:x}" for bits in runs) for runs in result.memory]} if result.memory else {}


def _counts(result: Result) -> list[dict[str, int]]:
    return [{f"{bits:x}": count for bits, count in counts.items()} for counts in result.counts]


def _bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def _read(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(data)
    if found.get("version") != VERSION:
        raise ValueError(f"A submission of version {found.get('version')} cannot be read by this one ({VERSION}).")
    return found


def _circuit(circuit: Circuit) -> list[Any]:
    registers = [[register.name, register.size, register.loose] for register in circuit.registers]
    return [circuit.qubits, registers, [_operation(each) for each in circuit.operations], circuit.slots]


def _operation(operation: Operation) -> list[Any]:
    match operation:
        case Gate(name, qubits, angles, slots):
            return ["gate", name, list(qubits), [float(angle) for angle in angles], list(slots)]
        case Measure(qubit, clbit):
            return ["measure", qubit, clbit]
        case Reset(qubit):
            return ["reset", qubit]
        case Barrier(qubits):
            return ["barrier", list(qubits)]
        case Branch(clbits, values, then, otherwise):
            inner = [[_operation(each) for each in block] for block in (then, otherwise)]
            return ["branch", list(clbits), list(values), *inner]
        case _:
            assert_never(operation)


def _read_circuit(found: list[Any]) -> Circuit:
    qubits, registers, operations, slots = found
    return Circuit(qubits, tuple(Register(*each) for each in registers), _operations(operations), slots)


def _operations(found: Iterable[list[Any]]) -> tuple[Operation, ...]:
    return tuple(_read_operation(each) for each in found)


def _read_operation(found: list[Any]) -> Operation:
    match found:
        case ["gate", name, qubits, angles, slots]:
            return Gate(name, tuple(qubits), tuple(angles), tuple(slots))
        case ["measure", qubit, clbit]:
            return Measure(qubit, clbit)
        case ["reset", qubit]:
            return Reset(qubit)
        case ["barrier", qubits]:
            return Barrier(tuple(qubits))
        case ["branch", clbits, values, then, otherwise]:
            return Branch(tuple(clbits), tuple(values), _operations(then), _operations(otherwise))
        case _:
            raise ValueError(f"A circuit has no operation {str(found)[:60]!r}.")
