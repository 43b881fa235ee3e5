"""The classical types of OpenQASM: which values they hold, and what becomes of a value that is cast to another type."""

from __future__ import annotations

import math
import struct
from typing import cast

from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm.scope import Value, ValueType
from queuebit_circuits.qasm.source import Source

WHOLE_MAX = 2**64
"""The largest magnitude of a whole number."""
WIDTH_MAX = 64
_ROUNDING = {16: "e", 32: "f"}


def wrapped(number: int, name: str, width: int) -> int:
    """The lowest `width` bits of a whole number, those of an int in two's complement."""
    if name == "int":
        half = 1 << width - 1
        return (number + half) % (2 * half) - half
    return number % (1 << width)


def rounded(number: float, width: int | None) -> float:
    """The float that a type of this width holds. Raises OverflowError."""
    form = _ROUNDING.get(width or WIDTH_MAX)
    return (
        number
        if form is None or not math.isfinite(number)
        else float(struct.unpack(form, struct.pack(form, number))[0])
    )


def width_of(value: Value) -> int:
    """How many bits a whole value has, or needs where it states no width."""
    if value.width is not None:
        return value.width
    return 1 if value.type in ("bit", "bool") else int(value.number).bit_length() + (value.number < 0)


def angle_width(value: Value) -> int:
    """The bits of an angle; those of one without a width are as fine as they are counted here."""
    return value.width or WIDTH_MAX


def real_of(value: Value) -> float:
    """The number that a value stands for where a gate or a function takes it; of an angle, in radians from 0 to 2π."""
    return value.number if value.type != "angle" else math.tau * (value.number / (1 << angle_width(value)))


class Types:
    """Casts values and joins types. Raises UnreadableCircuit, which names the place."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def bounded(self, whole: int, place: int) -> int:
        """The whole number itself, where it is not too large."""
        if abs(whole) > WHOLE_MAX:
            raise self._source.error(place, f"a whole number is larger than {WHOLE_MAX}", "Write a float.")
        return whole

    def value(self, name: str, width: int | None, number: float) -> Value:
        return Value(number, cast(ValueType, name), width)

    def unfit(self, literal: Value, other: Value, place: int) -> UnreadableCircuit:
        """The error to raise about a number that stands beside a value of fewer bits."""
        held = f"{other.type}[{other.width}]"
        return self._source.error(
            place, f"{int(literal.number)} does not fit into {held}, the type of the other operand",
            f"Cast the other one to a type that holds both, such as uint[{max(width_of(literal), width_of(other))}](…).",
        )  # fmt: skip

    def agreed(self, left: Value, right: Value) -> bool:
        """Whether every reading of the language wraps what the two whole values come to alike."""
        if "whole" in (left.type, right.type) or "bool" in (left.type, right.type):
            return True
        if left.width is None or right.width is None:
            return False
        return (left.type == "int") == (right.type == "int")

    def joined(self, left: Value, right: Value, place: int) -> tuple[ValueType, int | None]:
        """The type in which two whole values are computed: that of the wider one; a literal takes that of the other."""
        one, other = _integer(left), _integer(right)
        if one == "whole" or other == "whole":
            literal, typed = (left, right) if one == "whole" else (right, left)
            name = other if one == "whole" else one
            if typed.width is not None and name != "whole":
                number = int(literal.number)
                if wrapped(number, name, typed.width) != number:
                    raise self.unfit(literal, typed, place)
            return name, typed.width
        if left.width is None or right.width is None:
            width = left.width or right.width
            sized = one if left.width is not None else other
            return (sized, width) if width is not None else ("uint" if one == other == "uint" else "int", None)
        if one == other:
            return one, max(left.width, right.width)
        unsigned, signed = (left, right) if one == "uint" else (right, left)
        if width_of(unsigned) < width_of(signed):
            return "int", signed.width
        if signed.number < 0:
            raise self._source.error(
                place, "a negative int meets a uint of as many bits", "Cast one of them, so that both have one type."
            )
        return "uint", unsigned.width

    def cast(self, value: Value, name: ValueType, width: int | None, place: int) -> Value:
        """The value as one of a type; whole numbers keep the lowest bits of the width."""
        if name == "bool":
            return Value(bool(value.number), name)
        if name == "float":
            return self._float(value, width, place)
        if name == "angle":
            return self._angle(value, width, place)
        if name == "bit" and value.type == "float":
            raise self._source.error(place, "a float is cast to bits", "Compare it, or cast it to int first.")
        number = value.number
        if not math.isfinite(number):
            raise self._source.error(place, "the value is not finite", "State a finite number.")
        if value.type == "angle" and (name != "bit" or value.width is None or value.width != width):
            raise self._source.error(
                place, f"an angle is no {name}", "Cast an angle of n bits to bit[n], or to float for its radians."
            )
        whole = self.bounded(int(number), place)
        if width is None:
            if name == "bit" and whole not in (0, 1):
                raise self._source.error(place, f"{whole} is cast to a single bit", "Compare it with 0 instead.")
            if name == "uint" and whole < 0:
                raise self._source.error(place, f"{whole} is cast to a uint without a width", "State it: uint[n].")
            return Value(whole, name)
        return Value(wrapped(whole, name, width), name, width)

    def _float(self, value: Value, width: int | None, place: int) -> Value:
        if width is not None and width < WIDTH_MAX and width not in _ROUNDING:
            raise self._source.error(
                place, f"float[{width}] is not supported", "Use float[16], float[32] or float[64]."
            )
        try:
            return Value(rounded(float(real_of(value)), width), "float", width)
        except OverflowError:
            raise self._source.error(place, f"the value is beyond float[{width}]", "Use float[64].") from None

    def _angle(self, value: Value, width: int | None, place: int) -> Value:
        """The nearest angle of the width, from 0 to 2π."""
        bits = width or WIDTH_MAX
        if value.type == "angle":
            return Value(self._rescaled(value, width, place), "angle", width)
        if value.type == "bit" and value.width is not None and value.width == width:
            return Value(int(value.number), "angle", width)
        if value.type not in ("float", "whole") and not (value.type in ("int", "uint") and value.width is None):
            raise self._source.error(place, f"a {value.type} is no angle", "State radians as a float.")
        if not math.isfinite(value.number):
            raise self._source.error(place, "the value is not finite", "State a finite number.")
        return Value(round(value.number / math.tau % 1 * (1 << bits)) % (1 << bits), "angle", width)

    def _rescaled(self, value: Value, width: int | None, place: int) -> int:
        more = (width or WIDTH_MAX) - angle_width(value)
        number = int(value.number)
        if more >= 0:
            return number << more
        dropped = number & (1 << -more) - 1
        if dropped and value.width is not None:
            raise self._source.error(
                place,
                f"an angle of {value.width} bits loses some as angle[{width}]",
                "Keep its width, or cast float(…).",
            )
        nearest = (number >> -more) + (dropped >> -more - 1)
        return nearest % (1 << (width or WIDTH_MAX))


def _integer(value: Value) -> ValueType:
    """What a value is in whole arithmetic: registers are uint, truth values and single bits are plain numbers."""
    if value.type == "bit":
        return "uint" if value.width is not None else "whole"
    return "whole" if value.type == "bool" else value.type
