"""Circuits for machines that read once, at the end: which qubit each classical bit is read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Operation, Reset
from queuebit_quantum_adapter.errors import UnusableProblem


@dataclass(frozen=True, slots=True)
class Reads:
    """What is read at the end. `qubits`: those that are read, ascending, a column of the outcomes each; `columns`: of each
    classical bit that is written the column that it takes.
    """

    qubits: tuple[int, ...]
    columns: Mapping[int, int]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The same as measurements, in the order of the classical bits."""
        return tuple(Measure(self.qubits[column], clbit) for clbit, column in sorted(self.columns.items()))


def reads_of(circuit: Circuit, machine: str) -> Reads:
    """Raises UnusableProblem where something depends on what was measured before, or a bit is written twice."""
    taken: dict[int, int] = {}
    for operation in straight(circuit.operations, machine):
        match operation:
            case Gate(_, qubits) if again := set(qubits).intersection(taken.values()):
                raise UnusableProblem(
                    f"{machine} measures at the end of a circuit only, and qubit {min(again)} goes on.",
                    remedy="Leave out what follows on a measurement, or use a backend with dynamic circuits, such as Aer.",
                )
            case Measure(qubit, clbit):
                if clbit in taken:
                    raise UnusableProblem(
                        f"{machine} writes each classical bit once, and bit {clbit} is written twice.",
                        remedy="Measure into another bit.",
                    )
                taken[clbit] = qubit
            case _:
                pass
    qubits = tuple(sorted(set(taken.values())))
    column = {qubit: place for place, qubit in enumerate(qubits)}
    return Reads(qubits, {clbit: column[qubit] for clbit, qubit in taken.items()})


def straight(operations: Iterable[Operation], machine: str) -> Iterator[Gate | Measure]:
    """The gates and measurements of a circuit that never branches. Raises UnusableProblem for a reset or a condition."""
    for operation in operations:
        match operation:
            case Gate() | Measure():
                yield operation
            case Branch() if not operation.readings or not operation.clbits:
                yield from straight(operation.then if operation.readings else operation.otherwise, machine)
            case Barrier():
                pass
            case Branch() | Reset():
                what = "no condition" if isinstance(operation, Branch) else "no reset"
                raise UnusableProblem(
                    f"{machine} knows {what} inside a circuit.",
                    remedy="State the circuit without, or use a backend with dynamic circuits, such as Aer.",
                )
            case _:
                assert_never(operation)


def counted(rows: Iterable[Sequence[int]], columns: Mapping[int, int]) -> dict[int, int]:
    """How often each outcome was seen: bit k of the integer is classical bit k. A row a shot, a column a qubit that is read."""
    found: dict[int, int] = {}
    for row in rows:
        bits = sum(int(row[column]) << clbit for clbit, column in columns.items())
        found[bits] = found.get(bits, 0) + 1
    return dict(sorted(found.items()))
