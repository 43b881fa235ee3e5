"""What expressions of OpenQASM are, once parsed. `place` is where each begins in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Number:
    """A number, a truth value, or the value of a bit string, whose length is the `width`."""

    value: float
    place: int
    depth: int = 1
    size: int = 1
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A constant, a variable, a parameter, a register or a bit."""

    name: str
    place: int
    depth: int = 1
    size: int = 1


@dataclass(frozen=True, slots=True)
class Indexed:
    """Bits of a register, or one bit of a whole number."""

    name: str
    index: Index
    place: int
    depth: int
    size: int


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: Expression
    place: int
    depth: int
    size: int


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Expression
    right: Expression
    place: int
    depth: int
    size: int


@dataclass(frozen=True, slots=True)
class Called:
    """A function of numbers."""

    name: str
    arguments: tuple[Expression, ...]
    place: int
    depth: int
    size: int


@dataclass(frozen=True, slots=True)
class Cast:
    """A value as another type."""

    type: Type
    operand: Expression
    place: int
    depth: int
    size: int


Expression = Number | Named | Indexed | Unary | Binary | Called | Cast
TypeName = Literal["int", "uint", "float", "angle", "bool", "bit"]


@dataclass(frozen=True, slots=True)
class Type:
    """A classical type; the width in bits where it is stated."""

    name: TypeName
    width: Expression | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """From `first` to `last`, both inside, as OpenQASM 3 counts; None where left out."""

    first: Expression | None
    step: Expression | None
    last: Expression | None
    place: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A set of values {a, b, c}, in its order."""

    values: tuple[Expression, ...]
    place: int


Index = Expression | Range | Listed
