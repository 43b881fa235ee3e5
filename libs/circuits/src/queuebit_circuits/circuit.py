"""A quantum circuit as plain values: what the readers give, what the reference simulator and every device take.

Qubits and classical bits are numbered from 0 in the order of their declaration. Angles are in radians. Angles may be left open,
as slots, so that circuits of one structure differ by numbers alone: `Bound` is a circuit with the values of its slots.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, assert_never

from queuebit_contracts.canonical import fingerprint

DIGITS = 12


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of the standard set (`gates.GATES`), by its OpenQASM 3 name, on distinct qubits, controls first.

    An open gate has no `angles`: it takes them from these `slots` of its circuit.
    """

    name: str
    qubits: tuple[int, ...]
    angles: tuple[float, ...] = ()
    slots: tuple[int, ...] = ()


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
    """`then` where the classical bits, the first the least significant, read one of the `values`; else `otherwise`.

    A condition is stated once, however many readings it holds for, so that circuits are trees no larger than their text makes
    them: no operation stands in two places.
    """

    clbits: tuple[int, ...]
    values: tuple[int, ...]
    then: tuple[Operation, ...]
    otherwise: tuple[Operation, ...] = ()

    @property
    def readings(self) -> tuple[int, ...]:
        """The values that the bits can have at all, in ascending order."""
        return tuple(sorted({value for value in self.values if not value >> len(self.clbits)}))


@dataclass(frozen=True, slots=True)
class Loop(Branch):
    """A branch one of whose ways is empty, and whose other way is run again as long as it is taken. Loops are written out as
    branches before anybody but a reader sees them.
    """

    number: int = 0


Operation = Gate | Measure | Reset | Barrier | Branch


@dataclass(frozen=True, slots=True)
class Loops:
    """What was found of the loops of a circuit when they were written out: how many turns of one there are at most, and how
    likely it is that one would go on; computing that wrote so many amplitudes. `asked` are the operations with the loops.
    """

    turns: int
    left_out: float
    updates: int
    asked: tuple[Operation, ...]


_DIGITS = frozenset("01")


@dataclass(frozen=True, slots=True)
class Register:
    """A classical register. A loose OpenQASM 3 bit is a register of one bit that is `loose`."""

    name: str
    size: int
    loose: bool = False


@dataclass(frozen=True)
class Circuit:
    """Operations in order. `registers` are the classical ones, in the order of their declaration; `slots` is how many angles
    are open. `loops` is of a circuit whose text has loops on measurements.
    """

    qubits: int
    registers: tuple[Register, ...]
    operations: tuple[Operation, ...]
    slots: int = 0
    loops: Loops | None = field(default=None, compare=False)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the circuit as canonical JSON, angles to 12 digits: equal wherever the same circuit is asked for.

        Of an open circuit it is the fingerprint of the structure.
        """
        registers = [[register.name, register.size, register.loose] for register in self.registers]
        return fingerprint([self.qubits, registers, [_plain(each) for each in self.operations]])

    def count(self, qubits: int) -> int:
        """How many gates act on so many qubits."""
        return sum(isinstance(each, Gate) and len(each.qubits) == qubits for each in walk(self.operations))

    @property
    def clbits(self) -> int:
        return sum(register.size for register in self.registers)

    @cached_property
    def layout(self) -> tuple[int, ...]:
        """How many digits the words of a key have, from the left: one word a register, one for loose bits side by side."""
        words: list[int] = []
        loose = False
        for register in self.registers:
            if register.loose and loose:
                words[-1] += register.size
            elif register.size:
                words.append(register.size)
            loose = register.loose
        return tuple(reversed(words))

    def key(self, bits: int) -> str:
        """An outcome (bit k of the number is classical bit k) as Qiskit writes it: the highest index leftmost within a
        register, the register declared last leftmost, a space between registers, none between loose bits.
        """
        return self.keys((bits,))[0]

    def keys(self, outcomes: Iterable[int]) -> list[str]:
        """The keys of many outcomes, in their order."""
        width, place = self.clbits, 0
        words: list[slice] = []
        for digits in self.layout:
            words.append(slice(place, place + digits))
            place += digits
        texts = (format(bits, f"0{width}b") for bits in outcomes) if width else ("" for _ in outcomes)
        return list(texts) if len(words) < 2 else [" ".join([text[word] for word in words]) for text in texts]

    def bits(self, key: str) -> int | None:
        """The outcome that a key states; None where it is no key of this circuit."""
        words = key.split(" ") if key else []
        if tuple(map(len, words)) != self.layout or not set(key) <= {"0", "1", " "}:
            return None
        return int("".join(words) or "0", 2)

    def all_bits(self, keys: Collection[str]) -> list[int | None]:
        """The outcomes that many keys state, as `bits` reads each."""
        layout = self.layout
        if len(layout) == 1 and set("".join(keys)) <= _DIGITS and {len(key) for key in keys} == {layout[0]}:
            return [int(key, 2) for key in keys]
        return [self.bits(key) for key in keys]


@dataclass(frozen=True, slots=True)
class Bound:
    """A circuit and the values of its slots in radians; one without slots needs none. Raises ValueError for a wrong number."""

    circuit: Circuit
    angles: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.angles) != self.circuit.slots:
            raise ValueError(f"{len(self.angles)} angles for {self.circuit.slots} slots")

    @property
    def filled(self) -> Circuit:
        """The circuit with its angles filled in."""
        circuit = self.circuit
        if not circuit.slots:
            return circuit
        return Circuit(circuit.qubits, circuit.registers, _filled(circuit.operations, self.angles))


def opened(circuit: Circuit) -> Bound:
    """A circuit without slots as its structure, in which each angle has a slot of its own, and its angles."""
    angles: list[float] = []
    operations = _opened(circuit.operations, angles)
    return Bound(Circuit(circuit.qubits, circuit.registers, operations, len(angles)), tuple(angles))


def angles_of(circuit: Circuit) -> tuple[float, ...]:
    """The angles of all gates, in the order in which `opened` gives them slots."""
    gates = (each for each in walk(circuit.operations) if isinstance(each, Gate))
    return tuple(chain.from_iterable(gate.angles for gate in gates))


def _filled(operations: Iterable[Operation], angles: Sequence[float]) -> tuple[Operation, ...]:
    return tuple(
        Gate(each.name, each.qubits, tuple(angles[slot] for slot in each.slots))
        if isinstance(each, Gate) and each.slots
        else Branch(each.clbits, each.values, _filled(each.then, angles), _filled(each.otherwise, angles))
        if isinstance(each, Branch)
        else each
        for each in operations
    )


def _opened(operations: Iterable[Operation], angles: list[float]) -> tuple[Operation, ...]:
    found: list[Operation] = []
    for each in operations:
        if isinstance(each, Gate) and each.angles:
            slots = range(len(angles), len(angles) + len(each.angles))
            angles += each.angles
            found.append(Gate(each.name, each.qubits, (), tuple(slots)))
        elif isinstance(each, Branch):
            then = _opened(each.then, angles)
            found.append(Branch(each.clbits, each.values, then, _opened(each.otherwise, angles)))
        else:
            found.append(each)
    return tuple(found)


def walk(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Every operation, those inside branches after the branch that holds them."""
    waiting = [iter(operations)]
    while waiting:
        for operation in waiting[-1]:
            yield operation
            if isinstance(operation, Branch):
                waiting.append(chain(operation.then, operation.otherwise))
                break
        else:
            waiting.pop()


def length_of(operations: Iterable[Operation]) -> int:
    """How many operations there are, those inside branches counted."""
    return sum(1 for _ in walk(operations))


def _plain(operation: Operation) -> list[Any]:
    match operation:
        case Gate(name, qubits, slots=slots) if slots:
            return ["open gate", name, qubits, slots]
        case Gate(name, qubits, angles):
            return ["gate", name, qubits, [round(float(angle), DIGITS) + 0.0 for angle in angles]]
        case Measure(qubit, clbit):
            return ["measure", qubit, clbit]
        case Reset(qubit):
            return ["reset", qubit]
        case Barrier(qubits):
            return ["barrier", qubits]
        case Branch(clbits, values, then, otherwise):
            value = values[0] if len(values) == 1 else values
            return ["branch", clbits, value, [_plain(each) for each in then], [_plain(each) for each in otherwise]]
        case _:
            assert_never(operation)
