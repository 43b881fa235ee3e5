"""What names mean while a circuit is read, and how much may still be done."""

from __future__ import annotations

from dataclasses import dataclass, field

from queuebit_problems.circuits.qasm.source import Source
from queuebit_problems.circuits.qasm.syntax import TypeName

QUBITS_MAX = 1_000
CLBITS_MAX = 1_000
OPERATIONS_MAX = 100_000
"""Of a circuit as it is run: gates defined by bodies and loops written out, the operations of all branches counted."""
STEPS_MAX = 600_000
"""Names looked up, numbers computed, statements run: what reading a circuit may take, whether or not it emits operations."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number that is known while reading."""

    number: float
    type: TypeName
    width: int | None = None
    constant: bool = True


@dataclass(frozen=True, slots=True)
class Qubits:
    """Qubits by their numbers. A `single` one is no register, so that it is used with each qubit of the other registers."""

    numbers: tuple[int, ...]
    single: bool


@dataclass(frozen=True, slots=True)
class Bits:
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

    def find(self, name: str) -> Meaning | None:
        found = self.holder(name)
        return None if found is None else found.names[name]

    def holder(self, name: str) -> Scope | None:
        """The scope that declares a name, where it can be seen from here."""
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
    steps: int = 0
    operations: int = 0

    def spend(self, steps: int, place: int) -> None:
        """Raises UnreadableFile where that is more than STEPS_MAX in all."""
        self.foresee(steps, place)
        self.steps += steps

    def foresee(self, steps: int, place: int) -> None:
        """Raises UnreadableFile where so many more steps will be too many; they are counted as they are taken."""
        if self.steps + steps > STEPS_MAX:
            raise self.source.error(
                place,
                f"reading the circuit takes more than {STEPS_MAX} steps",
                "State fewer loops, gates or registers.",
            )

    def emit(self, operations: int, place: int) -> None:
        """Raises UnreadableFile where that is more than OPERATIONS_MAX in all."""
        self.operations += operations
        if self.operations > OPERATIONS_MAX:
            raise self.source.error(
                place, f"the circuit has more than {OPERATIONS_MAX} operations", "State a shorter circuit."
            )
