"""What names mean while a circuit is read, and how much may still be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.terms import TypeName

QUBITS_MAX = 1_000
CLBITS_MAX = 1_000
OPERATIONS_MAX = 100_000
"""Of a circuit as it is run: gates defined by bodies and loops written out, the operations of all branches counted."""
STEPS_MAX = 600_000
"""Names looked up, numbers computed, statements run: what reading a circuit may take, whether or not it emits operations."""


ValueType = TypeName | Literal["whole"]
"""A type of the language, or that of a whole number as it is written, which takes the type of what it meets."""


class Value(NamedTuple):
    """A number that is known while reading. An angle's is its fraction of a full turn, in units of 2**-width (2**-64 without).

    A bit without a width is a single one, no register of one bit. `lost`: what it is depends on measurements.
    """

    number: float
    type: ValueType
    width: int | None = None
    constant: bool = True
    lost: bool = False


class Qubits(NamedTuple):
    """Qubits by their numbers. A `single` one is no register, so that it is used with each qubit of the other registers."""

    numbers: tuple[int, ...]
    single: bool


class Bits(NamedTuple):
    """Classical bits by their numbers, which are known only when the circuit is run."""

    numbers: tuple[int, ...]
    single: bool


Meaning = Value | Qubits | Bits


@dataclass(slots=True)
class Scope:
    """The names of a block, within those of `outer`. A `closed` one, a gate's body, sees only constants of the outer ones.

    `conditional` is how deep in branches that depend on measurements it is.
    """

    outer: Scope | None = None
    closed: bool = False
    conditional: int = 0
    names: dict[str, Meaning] = field(default_factory=dict)
    outside: dict[str, Scope] | None = None
    """Which outer scope declares a name: while a block is read, nothing is declared around it."""

    def find(self, name: str) -> Meaning | None:
        found = self.names.get(name)
        if found is not None:
            return found
        holder = self.holder(name)
        return None if holder is None else holder.names[name]

    def holder(self, name: str) -> Scope | None:
        """The scope that declares a name, where it can be seen from here."""
        if name in self.names:
            return self
        if self.outside is None:
            self.outside = {}
        known = self.outside.get(name)
        if known is None:
            known = self._seek(name)
            if known is not None:
                self.outside[name] = known
        return known

    def _seek(self, name: str) -> Scope | None:
        scope: Scope | None = self
        hidden = False
        while scope is not None:
            meaning = scope.names.get(name)
            if meaning is not None and not (hidden and not (isinstance(meaning, Value) and meaning.constant)):
                return scope
            hidden = hidden or scope.closed
            scope = scope.outer
        return None

    def inner(self, *, conditional: int | None = None) -> Scope:
        return Scope(self, conditional=self.conditional if conditional is None else conditional)


@dataclass(slots=True)
class Budget:
    """Counts what is done, before it is done."""

    source: Source
    steps_max: int = STEPS_MAX
    steps: int = 0
    operations: int = 0

    def spend(self, steps: int, place: int) -> None:
        """Raises UnreadableCircuit where that is more than `steps_max` in all."""
        self.steps += steps
        if self.steps > self.steps_max:
            self.steps -= steps
            self.foresee(steps, place)

    def foresee(self, steps: int, place: int | None) -> None:
        """Raises UnreadableCircuit where so many more steps will be too many; they are counted as they are taken."""
        if self.steps + steps > self.steps_max:
            raise self.source.error(
                place,
                f"reading the circuit takes more than {self.steps_max} steps",
                "State fewer loops, gates or registers.",
            )

    def emit(self, operations: int, place: int) -> None:
        """Raises UnreadableCircuit where that is more than OPERATIONS_MAX in all. Each is a step, too."""
        self.spend(operations, place)
        self.operations += operations
        if self.operations > OPERATIONS_MAX:
            raise self.source.error(
                place, f"the circuit has more than {OPERATIONS_MAX} operations", "State a shorter circuit."
            )
