"""What the operators and functions of OpenQASM make of numbers, within bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from queuebit_circuits.qasm.source import Source

WHOLE_MAX = 2**64
"""The largest magnitude of a whole number."""
WIDTH_MAX = 64

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
    "<<": lambda a, b: a << b, ">>": lambda a, b: a >> b,
}  # fmt: skip


class Arithmetic:
    """Computes with numbers. Raises UnreadableCircuit, which names the place."""

    def __init__(self, source: Source, version: int) -> None:
        self._source = source
        self._version = version
        self._functions = _FUNCTIONS_2 if version == 2 else _FUNCTIONS_3

    def binary(self, operator: str, left: float, right: float, place: int) -> float:
        """Both operands under an operator other than && and ||."""
        compare = _COMPARING.get(operator)
        if compare is not None:
            return compare(left, right)
        on_bits = _ON_BITS.get(operator)
        try:
            if on_bits is not None:
                if isinstance(left, float) or isinstance(right, float):
                    raise self._source.error(place, f"{operator} needs whole numbers", "Cast them: int(…).")
                if operator in ("<<", ">>") and not 0 <= right <= WIDTH_MAX:
                    raise self._source.error(place, f"a shift by {right:g}", f"Shift by 0 to {WIDTH_MAX} places.")
                return self.bounded(on_bits(int(left), int(right)), place)
            return self._arithmetic(operator, left, right, place)
        except (ArithmeticError, ValueError):
            raise self._source.error(place, f"{operator} has no value there", "Correct the numbers.") from None

    def _arithmetic(self, operator: str, left: float, right: float, place: int) -> float:
        whole = not isinstance(left, float) and not isinstance(right, float)
        match operator:
            case "+":
                found = left + right
            case "-":
                found = left - right
            case "*":
                found = left * right
            case "%":
                found = left % right
            case "/":
                return self._quotient(left, right, place) if whole and self._version == 3 else left / right
            case _:
                return self._power(left, right, place)
        return self.bounded(int(found), place) if whole else found

    def _quotient(self, left: float, right: float, place: int) -> float:
        """OpenQASM 3 drops the remainder of whole numbers, and many who write 1/2 do not mean that: refused."""
        quotient, remainder = divmod(int(left), int(right))
        if remainder:
            raise self._source.error(
                place, f"{int(left)} / {int(right)} divides whole numbers, where OpenQASM 3 drops the remainder",
                f"Write {int(left)}.0 / {int(right)}, or take the remainder off first.",
            )  # fmt: skip
        return quotient

    def _power(self, left: float, right: float, place: int) -> float:
        if isinstance(left, float) or isinstance(right, float) or right < 0:
            return math.pow(left, right)
        if abs(left) > 1 and right * math.log2(abs(left)) > WIDTH_MAX + 1:
            raise self._source.error(place, "a whole number is too large", "Write a float.")
        return self.bounded(int(left) ** int(right), place)

    def called(self, name: str, arguments: list[float], place: int) -> float:
        """The value of a function of the version."""
        if self._version == 3 and name in ("mod", "pow") and len(arguments) == 2:
            return self.binary("%" if name == "mod" else "**", arguments[0], arguments[1], place)
        if self._version == 3 and name == "popcount" and len(arguments) == 1 and not isinstance(arguments[0], float):
            return int(arguments[0]).bit_count()
        known = self._functions.get(name)
        if known is None or known[0] != len(arguments):
            raise self._source.error(
                place, f"there is no function {name!r} of {len(arguments)} numbers",
                f"Use one of {', '.join(self._functions)}.",
            )  # fmt: skip
        try:
            return known[1](*arguments)
        except (ArithmeticError, ValueError):
            raise self._source.error(place, f"{name} has no value there", "Correct the number.") from None

    def bounded(self, whole: int, place: int) -> int:
        """The whole number itself, where it is not too large."""
        if abs(whole) > WHOLE_MAX:
            raise self._source.error(place, f"a whole number is larger than {WHOLE_MAX}", "Write a float.")
        return whole
