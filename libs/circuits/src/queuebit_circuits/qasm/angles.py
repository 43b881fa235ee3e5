"""Arithmetic with angles: fixed-point fractions of a full turn, which wrap at 2π."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from queuebit_circuits.qasm.scope import Value
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.types import Types, angle_width, real_of

_NEAR = 1e-9
_WHOLE = frozenset({"whole", "int", "uint"})
_COMPARING: Mapping[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip
_ON_BITS: Mapping[str, Callable[[int, int], int]] = {
    "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << min(b, 64), ">>": lambda a, b: a >> b,
}  # fmt: skip


class Angles:
    """Computes with angles. Raises UnreadableCircuit, which names the place."""

    def __init__(self, source: Source, types: Types) -> None:
        self._source = source
        self._types = types

    def binary(self, operator: str, left: Value, right: Value, place: int) -> Value:
        """Two angles, an angle and a float, or an angle and a whole number, at least one of them an angle."""
        if operator in ("*", "/") and left.type == "angle" and right.type in _WHOLE:
            number, by = int(left.number), int(right.number)
            return self._kept(number * by if operator == "*" else number // by, left.width)
        if operator == "*" and right.type == "angle" and left.type in _WHOLE:
            return self._kept(int(left.number) * int(right.number), right.width)
        if operator in _ON_BITS and left.type == "angle" and left.width is not None:
            sized = right.type in _WHOLE if operator in ("<<", ">>") else right[1:3] == left[1:3]
            if sized and right.number >= 0:
                return self._kept(_ON_BITS[operator](int(left.number), int(right.number)), left.width)
        if operator in _COMPARING or operator in ("+", "-"):
            one, other = self._alike(left, right, operator, place)
            if operator in _COMPARING:
                return Value(_COMPARING[operator](int(one.number), int(other.number)), "bool")
            number = int(one.number) + (int(other.number) if operator == "+" else -int(other.number))
            return self._kept(number, one.width)
        raise self._source.error(
            place, f"{operator} of {left.type} and {right.type} is not supported", "Cast the angle: float(…)."
        )

    def unary(self, operator: str, value: Value, place: int) -> Value:
        """An angle with its sign changed, or its bits turned over."""
        if operator == "+":
            return value
        if operator == "~" and value.width is None:
            raise self._source.error(place, "~ needs bits", "State the width of the angle: angle[n].")
        return self._kept(-int(value.number) if operator == "-" else ~int(value.number), value.width)

    def _alike(self, left: Value, right: Value, operator: str, place: int) -> tuple[Value, Value]:
        """Both as angles of one width: the larger, or that of the only angle."""
        if left.type == right.type:
            width = None if left.width is None or right.width is None else max(left.width, right.width)
            return self._types.cast(left, "angle", width, place), self._types.cast(right, "angle", width, place)
        angle, other = (left, right) if left.type == "angle" else (right, left)
        if other.type not in ("float", "whole"):
            raise self._source.error(place, f"an angle meets a {other.type}", "Cast the angle: float(…).")
        found = self._types.cast(other, "angle", angle.width, place)
        if operator in _COMPARING and abs(real_of(found) - other.number) > _NEAR:
            raise self._source.error(
                place,
                f"{other.number:g} is no angle of {angle_width(angle)} bits from 0 to 2π",
                "Cast the angle: float(…).",
            )
        return (angle, found) if left.type == "angle" else (found, angle)

    def _kept(self, number: int, width: int | None) -> Value:
        return Value(number % (1 << (width or angle_width(Value(0, "angle")))), "angle", width)
