"""What the statements of OpenQASM are, once parsed. `place` is where each begins in the text."""

from __future__ import annotations

from dataclasses import dataclass

from queuebit_circuits.qasm.terms import Expression, Index, Listed, Named, Range, Type


@dataclass(frozen=True, slots=True)
class Operand:
    """Qubits or bits: a name, indexed as often as stated; or several of them, one after the other (++)."""

    name: str
    indices: tuple[Index, ...]
    place: int
    following: Operand | None = None


@dataclass(frozen=True, slots=True)
class Modifier:
    """ctrl, negctrl, inv or pow, with its number where it has one."""

    name: str
    argument: Expression | None
    place: int


@dataclass(frozen=True, slots=True)
class Call:
    """A gate on qubits."""

    name: str
    modifiers: tuple[Modifier, ...]
    angles: tuple[Expression, ...]
    operands: tuple[Operand, ...]
    place: int


@dataclass(frozen=True, slots=True)
class MeasureInto:
    qubits: Operand
    bits: Operand
    place: int


@dataclass(frozen=True, slots=True)
class MeasureAway:
    """A measurement whose result nothing keeps."""

    qubits: Operand
    place: int


@dataclass(frozen=True, slots=True)
class DeclareInput:
    """A value that is given with the text, not in it."""

    type: Type
    name: str
    place: int


@dataclass(frozen=True, slots=True)
class Leave:
    """`continue` where it goes on with the next turn, else `break`."""

    on: bool
    place: int


@dataclass(frozen=True, slots=True)
class While:
    """`left`: whether its body holds a `break` or a `continue` of its own."""

    condition: Expression
    body: tuple[Statement, ...]
    place: int
    left: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """Time that passes on qubits, which a circuit without noise does not feel."""

    qubits: tuple[Operand, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Opaque:
    """A gate that has a name alone."""

    name: str
    place: int


@dataclass(frozen=True, slots=True)
class ResetQubits:
    qubits: Operand
    place: int


@dataclass(frozen=True, slots=True)
class BarrierAcross:
    """Of all qubits where none is named."""

    qubits: tuple[Operand, ...]
    place: int


@dataclass(frozen=True, slots=True)
class DeclareQubits:
    name: str
    size: Expression | None
    place: int


@dataclass(frozen=True, slots=True)
class DeclareBits:
    """`initial` is a measurement's qubits, or a value, which can only be 0."""

    name: str
    size: Expression | None
    initial: Operand | Expression | None
    place: int


@dataclass(frozen=True, slots=True)
class DeclareValue:
    type: Type
    name: str
    value: Expression | None
    constant: bool
    place: int


@dataclass(frozen=True, slots=True)
class Alias:
    name: str
    value: Operand
    place: int


@dataclass(frozen=True, slots=True)
class Assign:
    """`operator` is "=" or the operator that joins the old value with the new one."""

    name: str
    index: Expression | None
    operator: str
    value: Expression
    place: int


@dataclass(frozen=True, slots=True)
class Define:
    """A gate by its body."""

    name: str
    parameters: tuple[str, ...]
    qubits: tuple[str, ...]
    body: tuple[Statement, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a subroutine is called with: qubits where it has no type, so many as `size` says; else a value, or bits."""

    name: str
    type: Type | None
    size: Expression | None
    place: int


@dataclass(frozen=True, slots=True)
class Subroutine:
    """Statements under a name. `returns`: qubits that are measured at its end, or the name of bits of its own."""

    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    returns: Operand | Named | None
    place: int


@dataclass(frozen=True, slots=True)
class If:
    """`leaves`: whether one of its ways leaves the loop that it stands in, or a turn of it."""

    condition: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    place: int
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Switched:
    """`n = c; switch (n) { … }`, as Qiskit writes it: `ways` ask the variable, `measured` ask what it is set to."""

    assign: Assign
    ways: If
    measured: If
    place: int


@dataclass(frozen=True, slots=True)
class For:
    type: Type
    name: str
    values: Range | Listed
    body: tuple[Statement, ...]
    place: int
    weight: int
    """How many statements one turn runs at the most, loops within it counted as far as they state numbers."""
    left: bool = False


@dataclass(frozen=True, slots=True)
class Include:
    name: str
    place: int


Statement = (
    Call | MeasureInto | ResetQubits | BarrierAcross | DeclareQubits | DeclareBits | DeclareValue | Alias | Assign | Define
    | If | For | Include | MeasureAway | DeclareInput | While | Delay | Opaque
    | Subroutine | Leave | Switched
)  # fmt: skip
