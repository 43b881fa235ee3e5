"""Numbers of statements: what is accepted, and how exact values become integers, JSON numbers and safe bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema as cs

from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import Exact, exact, simplest

VALUE_MAX = 10**15
"""The largest magnitude of a number in a statement."""
DECIMALS_EXACT = 9
"""Up to so many decimals, a number is taken for what was meant; longer ones were rounded before they were written."""
TOLERANCE = Fraction(1, 10**9)
"""By how much a constraint with such numbers may be missed, relative to its side where that is beyond 1."""
CP_TOTAL_MAX = 2**53
"""Up to here a float states every integer, and CP-SAT reports objectives as floats."""


def _plain(value: float) -> Number:
    """A whole number as an int, however it was written: 2.0 is 2."""
    return int(value) if value.is_integer() else value


@dataclass(frozen=True, slots=True)
class _Within:
    """What a number of a statement is: the whole check happens where the value is read, without a call a number."""

    least: int
    message: str

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> cs.CoreSchema:
        whole = cs.int_schema(strict=True, ge=self.least, le=VALUE_MAX)
        broken = cs.float_schema(strict=True, allow_inf_nan=False, ge=self.least, le=VALUE_MAX)
        either = cs.union_schema([whole, cs.no_info_after_validator_function(_plain, broken)], mode="left_to_right")
        return cs.custom_error_schema(
            either, "number", custom_error_message=self.message, serialization=cs.any_schema()
        )

    def __get_pydantic_json_schema__(self, _schema: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(cs.float_schema())


Real = Annotated[int | float, _Within(-VALUE_MAX, "should be a finite number of magnitude at most 1e15")]
"""An int or a finite float within VALUE_MAX; no text and no boolean. Whole numbers become ints."""
NonNegative = Annotated[int | float, _Within(0, "should be a number from 0 to 1e15")]
"""A Real that is not negative."""
Index = Annotated[int, Strict(), Field(ge=0)]
"""A position, from 0; no text and no boolean."""


def number(value: Exact) -> Number:
    """An exact value as a JSON number: an int where it is integral, else the nearest float."""
    value = simplest(value)
    return value if isinstance(value, int) else float(value)


def number_below(value: Exact) -> Number:
    """A JSON number close to the exact value and, read as its decimal text states it, not above: a lower bound stays one."""
    near = number(value)
    return near if exact(near) <= value else math.nextafter(near, -math.inf)


def number_above(value: Exact) -> Number:
    """A JSON number close to the exact value and, read as its decimal text states it, not below: an upper bound stays one."""
    near = number(value)
    return near if exact(near) >= value else math.nextafter(near, math.inf)


def integers(values: Iterable[float]) -> tuple[list[int], int]:
    """The values as their decimal texts state them, times their common denominator: (integers, denominator)."""
    items = list(values)
    if set(map(type, items)) <= {int}:
        return items, 1  # type: ignore[return-value]
    ratios = [(item, 1) if isinstance(item, int) else Decimal(repr(item)).as_integer_ratio() for item in items]
    denominator = math.lcm(*(below for _, below in ratios))
    return [above * (denominator // below) for above, below in ratios], denominator


def leeway(side: Number, denominator: int) -> Fraction:
    """By how much a constraint of this side may be missed; `denominator`: the common one of its numbers."""
    if denominator <= 10**DECIMALS_EXACT:
        return Fraction(0)
    return TOLERANCE * max(Fraction(1), abs(Fraction(exact(side))))


@dataclass(frozen=True, slots=True)
class CpCoefficients:
    """Integers for CP-SAT: values[i] is about coefficients[i] * scale; what is within reach misses by at most `error`."""

    coefficients: list[int]
    scale: Number
    error: Number


def cp_coefficients(
    numerators: Sequence[int], denominator: int = 1, reach: Sequence[int] | None = None
) -> CpCoefficients:
    """Objective coefficients numerators / denominator for CP-SAT, exact (error 0) where their decimals fit in 53 bits.

    The scale is a power of ten, so that its decimal text states it exactly. Values with more digits than fit are rounded,
    and `error` says by how much an objective may then be wrong. `reach`: the largest magnitude of what each is multiplied by, 1
    where nothing is said.
    """
    most = reach if reach is not None else [1] * len(numerators)
    total = sum(abs(item) * each for item, each in zip(numerators, most, strict=True))
    if denominator == 1 and total <= CP_TOTAL_MAX:
        return CpCoefficients(list(numerators), 1, 0)
    digits = _decimal_digits(denominator)
    while _power(digits) * Fraction(total, denominator) > CP_TOTAL_MAX:
        digits -= 1
    factor = _power(digits) / denominator
    rounded = [round(item * factor) for item in numerators]
    missed = sum(
        (abs(a * factor - b) * each for a, b, each in zip(numerators, rounded, most, strict=True)), start=Fraction(0)
    )
    return CpCoefficients(rounded, number(_power(-digits)), number_above(missed * _power(-digits)))


def _decimal_digits(denominator: int) -> int:
    """How many decimals a fraction of this denominator has. Raises ValueError where it has no end."""
    rest, counts = denominator, []
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        counts.append(count)
    if rest != 1:
        raise ValueError(f"a fraction of denominator {denominator} has no decimal text")
    return max(counts)


def _power(digits: int) -> Fraction:
    return Fraction(10) ** digits


def cp_weights(weights: Sequence[int], capacity: int) -> tuple[list[int], int, bool]:
    """(weights, capacity, whether they were rounded) with sums that CP-SAT can hold: weights up, the capacity down."""
    unit = math.gcd(*weights) or 1
    whole, room = [weight // unit for weight in weights], capacity // unit
    total = max(sum(whole), room)
    if total <= CP_TOTAL_MAX:
        return whole, room, False
    divisor = -(-total // CP_TOTAL_MAX)
    return [-(-weight // divisor) for weight in whole], room // divisor, True
