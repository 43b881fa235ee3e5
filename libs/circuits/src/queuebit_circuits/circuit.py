"""A quantum circuit as plain values: what the readers give, what the reference simulator and every device take.

Qubits and classical bits are numbered from 0 in the order of their declaration. Angles are in radians.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of the standard set (`gates.GATES`), by its OpenQASM 3 name, on distinct qubits, controls first."""

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

    @property
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
