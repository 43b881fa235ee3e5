"""What the operators and functions of OpenQASM make of values, within bounds. Sized whole numbers keep their width.

Where widths leave two readings of a result, it is refused with the cast that tells them apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from queuebit_circuits.qasm.angles import Angles
from queuebit_circuits.qasm.scope import Value, ValueType
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.types import WIDTH_MAX, Types, real_of, rounded, wrapped

CONSTANTS: Mapping[int, Mapping[str, float]] = {
    2: {"pi": math.pi},
    3: {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e},
}
"""By the version of OpenQASM."""
_FUNCTIONS_2: dict[str, tuple[int, Callable[..., float]]] = {
    "sin": (1, math.sin), "cos": (1, math.cos), "tan": (1, math.tan), "exp": (1, math.exp), "ln": (1, math.log),
    "sqrt": (1, math.sqrt), "asin": (1, math.asin), "acos": (1, math.acos), "atan": (1, math.atan),
}  # fmt: skip
_FUNCTIONS_3: dict[str, tuple[int, Callable[..., float]]] = {
    "sin": (1, math.sin), "cos": (1, math.cos), "tan": (1, math.tan), "exp": (1, math.exp), "log": (1, math.log),
    "sqrt": (1, math.sqrt), "arcsin": (1, math.asin), "arccos": (1, math.acos), "arctan": (1, math.atan),
    "ceiling": (1, math.ceil), "floor": (1, math.floor),
}  # fmt: skip
_COMPARING: Mapping[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip
_ON_BITS: Mapping[str, Callable[[int, int], int]] = {
    "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b,
}  # fmt: skip


class Arithmetic:
    """Computes with values. Raises UnreadableCircuit, which names the place."""

    def __init__(self, source: Source, version: int) -> None:
        self._source = source
        self._version = version
        self._functions = _FUNCTIONS_2 if version == 2 else _FUNCTIONS_3
        self.types = Types(source)
        self._angles = Angles(source, self.types)

    def binary(self, operator: str, left: Value, right: Value, place: int) -> Value:
        """Both operands under an operator other than && and ||."""
        try:
            if "angle" in (left.type, right.type):
                return self._angles.binary(operator, left, right, place)
            if operator in _COMPARING:
                self._comparable(left, right, place)
                return Value(_COMPARING[operator](left.number, right.number), "bool")
            if operator in _ON_BITS or operator in ("<<", ">>"):
                if "float" in (left.type, right.type):
                    raise self._source.error(place, f"{operator} needs whole numbers", "Cast them: int(…).")
                return self._on_bits(operator, left, right, place)
            if "float" in (left.type, right.type) or (operator == "/" and self._version == 2):
                return self._of_floats(operator, left, right)
            return self._of_whole(operator, left, right, place)
        except (ArithmeticError, ValueError):
            raise self._source.error(place, f"{operator} has no value there", "Correct the numbers.") from None

    def _comparable(self, left: Value, right: Value, place: int) -> None:
        """Refuse comparisons whose outcome depends on how a language widens its operands."""
        for one, other in ((left, right), (right, left)):
            if one.number < 0 and other.type in ("bit", "uint"):
                raise self._source.error(
                    place, f"{one.number:g} is compared with a value that has no sign", "Cast one of them: int[n](…)."
                )
            if one.type == "int" and one.width is not None and other.type == "whole":
                half = 1 << one.width - 1
                if half <= other.number < 2 * half:
                    raise self._source.error(
                        place, f"int[{one.width}] holds {-half} to {half - 1}, so it is never {other.number}",
                        f"Compare uint[{one.width}](…), or write the negative number.",
                    )  # fmt: skip

    def _on_bits(self, operator: str, left: Value, right: Value, place: int) -> Value:
        if operator in ("<<", ">>"):
            return self._shifted(operator, left, right, place)
        if left.type in ("bool", "bit") and right.type in ("bool", "bit") and not (left.width or right.width):
            both: ValueType = "bit" if left.type == right.type == "bit" else "bool"
            return Value(_ON_BITS[operator](int(left.number), int(right.number)), both)
        name, width = self.types.joined(left, right, place)
        if "bit" in (left.type, right.type) and {left.type, right.type} <= {"bit", "whole", "bool"}:
            name = "bit"
        return Value(self.types.bounded(_ON_BITS[operator](int(left.number), int(right.number)), place), name, width)

    def _shifted(self, operator: str, left: Value, right: Value, place: int) -> Value:
        number, by = int(left.number), int(right.number)
        if not 0 <= by <= WIDTH_MAX:
            raise self._source.error(place, f"a shift by {by}", f"Shift by 0 to {WIDTH_MAX} places.")
        found = number << by if operator == "<<" else number >> by
        if left.width is not None:
            if number < 0 and operator == ">>":
                raise self._source.error(place, "a negative number is shifted right", "Divide it, or cast it to uint.")
            return Value(wrapped(found, left.type, left.width), left.type, left.width)
        if left.type == "bit" and found > 1:
            raise self._source.error(place, "a single bit is shifted out of its width", "Cast it first: uint[n](…).")
        if left.type in ("whole", "bool") and right.width is not None and found != number:
            raise self._source.error(
                place, "a number without a width is shifted by a measured or sized one", f"Cast it: uint[n]({number})."
            )
        return Value(self.types.bounded(found, place), "whole" if left.type == "bool" else left.type)

    def _of_floats(self, operator: str, left: Value, right: Value) -> Value:
        a, b = left.number, right.number
        match operator:
            case "+":
                found = float(a + b)
            case "-":
                found = float(a - b)
            case "*":
                found = float(a * b)
            case "/":
                found = a / b
            case "%":
                found = float(a % b)
            case _:
                found = math.pow(a, b)
        widths = [one.width for one in (left, right) if one.type == "float" and one.width is not None]
        width = max(widths) if widths else None
        return Value(rounded(found, width), "float", width)

    def _of_whole(self, operator: str, left: Value, right: Value, place: int) -> Value:
        a, b = int(left.number), int(right.number)
        if operator == "**":
            return self._power(left, right, place)
        name, width = self.types.joined(left, right, place)
        sized = width is not None
        match operator:
            case "+":
                found = a + b
            case "-":
                found = a - b
            case "*":
                found = a * b
            case "%":
                if self._version == 3 and (a < 0 or b < 0):
                    raise self._source.error(place, "the remainder of a negative number", "Make both positive first.")
                found = a % b
            case _:
                found = self._quotient(a, b, sized, place)
        return self._sized(found, name, width, (left, right), place)

    def _quotient(self, left: int, right: int, sized: bool, place: int) -> int:
        """OpenQASM 3 drops the remainder of whole numbers, and many who write 1/2 do not mean that: refused."""
        quotient, remainder = divmod(left, right)
        if remainder and (not sized or left < 0 or right < 0):
            raise self._source.error(
                place, f"{left} / {right} divides whole numbers, where OpenQASM 3 drops the remainder",
                f"Write {left}.0 / {right}, or take the remainder off first.",
            )  # fmt: skip
        return quotient

    def _sized(self, exact: int, name: str, width: int | None, from_: Sequence[Value], place: int) -> Value:
        """The exact result as a value of the type of both operands. It wraps where they agree on how, else it is refused."""
        if width is None:
            singles = [one for one in from_ if one.type == "bit"]
            if singles and all(one.type in ("bit", "whole", "bool") for one in from_) and exact not in (0, 1):
                raise self._source.error(
                    place, f"single bits come to {exact}, which no bit holds", "Cast them: uint[n](…)."
                )
            if name == "uint" and exact < 0:
                raise self._source.error(place, "a uint without a width becomes negative", "State its width: uint[n].")
            return self.types.value("whole" if singles else name, None, self.types.bounded(exact, place))
        found = wrapped(exact, name, width)
        if found != exact and not self.types.agreed(*from_):
            raise self._source.error(
                place, f"{exact} does not fit into {name}[{width}], and the other operand states another type or no width",
                f"Cast it: {name}[{width}](…).",
            )  # fmt: skip
        return self.types.value(name, width, found)

    def _power(self, left: Value, right: Value, place: int) -> Value:
        base, exponent = int(left.number), int(right.number)
        if exponent < 0:
            if left.width is not None:
                raise self._source.error(place, "a sized whole number to a negative power", "Cast it: float(…).")
            return Value(math.pow(base, exponent), "float")
        if left.width is not None:
            name = "uint" if left.type == "bit" else left.type
            return self.types.value(name, left.width, wrapped(pow(base, exponent, 1 << left.width), name, left.width))
        if abs(base) > 1 and exponent * math.log2(abs(base)) > WIDTH_MAX + 1:
            raise self._source.error(place, "a whole number is too large", "Write a float.")
        found = self.types.bounded(base**exponent, place)
        if right.width is not None and found >> right.width:
            raise self._source.error(place, "a power of a number without a width", f"Cast it: uint[n]({base}).")
        return Value(found, "whole" if left.type in ("bool", "bit") else left.type)

    def unary(self, operator: str, value: Value, place: int) -> Value:
        """A sign, or the bits or the truth of a value turned over."""
        number, width = value.number, value.width
        if operator == "!":
            return Value(not number, "bool")
        if value.type == "angle":
            return self._angles.unary(operator, value, place)
        if operator == "~":
            if value.type == "bool" or (value.type == "bit" and width is None):
                return Value(not number if value.type == "bool" else 1 - int(number), value.type)
            if width is None or value.type == "float":
                raise self._source.error(place, "~ needs bits", "Use ! for truth values, and cast numbers: uint[n](…).")
            return Value(wrapped(~int(number), value.type, width), value.type, width)
        if operator == "+":
            return value
        if value.type == "float":
            return Value(-number, "float", width)
        if value.type in ("bit", "uint") and number:
            if width is None:
                raise self._source.error(place, "a value without a sign is negated", "Cast it: int[n](…).")
            return Value(wrapped(-int(number), "uint", width), "uint", width)
        if width is not None:
            return Value(wrapped(-int(number), value.type, width), value.type, width)
        return Value(-int(number), value.type if value.type == "int" else "whole")

    def called(self, name: str, arguments: list[Value], place: int) -> Value:
        """The value of a function of the version."""
        if self._version == 3 and name in ("mod", "pow") and len(arguments) == 2:
            return self.binary("%" if name == "mod" else "**", arguments[0], arguments[1], place)
        if self._version == 3 and name in ("popcount", "rotl", "rotr"):
            found = self._on_register(name, arguments)
            if found is not None:
                return found
        known = self._functions.get(name)
        if known is None or known[0] != len(arguments):
            raise self._source.error(
                place, f"there is no function {name!r} of {len(arguments)} numbers",
                f"Use one of {', '.join(self._functions)}.",
            )  # fmt: skip
        try:
            result = known[1](*(real_of(argument) for argument in arguments))
        except (ArithmeticError, ValueError):
            raise self._source.error(place, f"{name} has no value there", "Correct the number.") from None
        return Value(result, "float" if isinstance(result, float) else "whole")

    def _on_register(self, name: str, arguments: Sequence[Value]) -> Value | None:
        """popcount, rotl and rotr; None where they have no meaning for the arguments."""
        if any(argument.type in ("float", "angle") for argument in arguments) or not arguments:
            return None
        first, width = arguments[0], arguments[0].width
        number = int(first.number) if width is None else int(first.number) & (1 << width) - 1
        if name == "popcount":
            return Value(number.bit_count(), "whole") if len(arguments) == 1 and number >= 0 else None
        if len(arguments) != 2 or width is None or first.type == "int":
            return None
        by = int(arguments[1].number) % width
        by = by if name == "rotl" else width - by
        turned = (number << by | number >> (width - by)) & (1 << width) - 1
        return Value(turned, first.type, width)
