"""Parsing expressions of OpenQASM 2 and 3. How deep they are nested is bounded, so that reading and evaluating them is safe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast, get_args

from queuebit_circuits.qasm.source import Source, Token, Tokens, shown
from queuebit_circuits.qasm.terms import (
    Binary,
    Called,
    Cast,
    Expression,
    Index,
    Indexed,
    Listed,
    Named,
    Number,
    Range,
    Type,
    TypeName,
    Unary,
)

NESTING_MAX = 64
"""Brackets, signs and blocks within each other."""
DEPTH_MAX = 200
"""Operators within each other; a sum of many terms is as deep as it is long."""
DIGITS_MAX = 100
ARGUMENTS_MAX = 1_000

_BINDING_3 = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8,
    "+": 9, "-": 9, "*": 10, "/": 10, "%": 10, "**": 12,
}  # fmt: skip
_BINDING_2 = {"==": 6, "+": 9, "-": 9, "*": 10, "/": 10, "^": 12}
_UNARY = 11
_POWER = 12
_TYPES = frozenset(get_args(TypeName))
_TRUTH = {"true": True, "false": False}


class ExpressionParser:
    """Reads expressions from tokens. OpenQASM 2 has fewer operators, and its ^ is a power."""

    def __init__(self, source: Source) -> None:
        self.tokens = Tokens(source)
        self.version = 3
        self._nesting = 0

    @contextmanager
    def nested(self) -> Iterator[None]:
        self._nesting += 1
        if self._nesting > NESTING_MAX:
            raise self.tokens.error(f"brackets or blocks are nested deeper than {NESTING_MAX}", "Nest fewer of them.")
        yield
        self._nesting -= 1

    def expression(self, least: int = 0) -> Expression:
        left = self._operand()
        while True:
            token = self.tokens.next
            binding = (
                (_BINDING_2 if self.version == 2 else _BINDING_3).get(token.text) if token.kind == "sign" else None
            )
            if binding is None or binding < least:
                return left
            self.tokens.take()
            if binding == _POWER:
                with self.nested():
                    right = self.expression(binding)
            else:
                right = self.expression(binding + 1)
            operator = "**" if binding == _POWER else token.text
            depth = self._deeper(token, left, right)
            left = Binary(operator, left, right, token.place, depth, left.size + right.size + 1)

    def _operand(self) -> Expression:
        token = self.tokens.next
        if token.kind == "sign" and token.text in ("-", "+", "!", "~"):
            self.tokens.take()
            with self.nested():
                operand = self.expression(_UNARY)
            return Unary(token.text, operand, token.place, self._deeper(token, operand), operand.size + 1)
        match token.kind:
            case "number":
                self.tokens.take()
                return Number(self._value(token), token.place)
            case "string":
                self.tokens.take()
                return self._bit_string(token)
            case "name":
                self.tokens.take()
                return self._named(token)
            case _:
                if self.tokens.skip("("):
                    with self.nested():
                        inner = self.expression()
                        self.tokens.expect(")", "the expression")
                    return inner
                raise self.tokens.error(f"a value should stand here, not {shown(token)}", "Write an expression there.")

    def _named(self, token: Token) -> Expression:
        if token.text in _TRUTH:
            return Number(_TRUTH[token.text], token.place)
        if token.text in _TYPES and self.version == 3:
            kind = self.type_after(token)
            self.tokens.expect("(", "the type of a cast")
            with self.nested():
                operand = self.expression()
                self.tokens.expect(")", "the value that is cast")
            return Cast(kind, operand, token.place, self._deeper(token, operand), operand.size + 1)
        if self.tokens.skip("("):
            with self.nested():
                arguments = self.listed(")")
            depth = self._deeper(token, *arguments)
            return Called(token.text, arguments, token.place, depth, 1 + sum(each.size for each in arguments))
        if self.tokens.at("["):
            index = self.index()
            inner = [each for each in _parts(index) if each is not None]
            size = 1 + sum(each.size for each in inner)
            return Indexed(token.text, index, token.place, self._deeper(token, *inner), size)
        return Named(token.text, token.place)

    def listed(self, end: str) -> tuple[Expression, ...]:
        """Expressions with commas between them up to the sign that ends the list, which is taken."""
        values: list[Expression] = []
        while not self.tokens.skip(end):
            if values:
                self.tokens.expect(",", "a value of a list")
                if self.tokens.skip(end):
                    break
            if len(values) == ARGUMENTS_MAX:
                raise self.tokens.error(f"a list has more than {ARGUMENTS_MAX} values", "Write a range or a loop.")
            values.append(self.expression())
        return tuple(values)

    def type_after(self, token: Token) -> Type:
        """The type that this name, which is taken, begins."""
        width = None
        if token.text != "bool" and self.tokens.skip("["):
            with self.nested():
                width = self.expression()
                self.tokens.expect("]", "the width of a type")
        return Type(cast(TypeName, token.text), width)

    def index(self) -> Index:
        """What stands between [ and ], both taken: a value, a range, or a set."""
        start = self.tokens.expect("[", "the name")
        with self.nested():
            found = self._index_value(start)
            if self.tokens.at(","):
                raise self.tokens.error("an index should be one value", "Write a set instead: [{a, b}].")
            self.tokens.expect("]", "the index")
        return found

    def _index_value(self, start: Token) -> Index:
        if self.version == 3 and self.tokens.skip("{"):
            return Listed(self.listed("}"), start.place)
        first = None if self.tokens.at(":") else self.expression()
        if self.version == 2 or not self.tokens.at(":"):
            if first is None:
                raise self.tokens.error("an index should be a whole number", "Write a whole number there.")
            return first
        return self.range_after(first, start)

    def range_after(self, first: Expression | None, start: Token) -> Range:
        """The rest of a range [first : last] or [first : step : last], up to its closing bracket."""
        self.tokens.expect(":", "the first value of a range")
        second = None if self.tokens.at(":") or self.tokens.at("]") else self.expression()
        if not self.tokens.skip(":"):
            return Range(first, None, second, start.place)
        last = None if self.tokens.at("]") else self.expression()
        return Range(first, second, last, start.place)

    def _deeper(self, token: Token, *inner: Expression) -> int:
        depth = 1 + max((each.depth for each in inner), default=0)
        if depth > DEPTH_MAX:
            raise self.tokens.source.error(
                token, f"an expression has more than {DEPTH_MAX} operators within each other", "Write the value itself."
            )
        return depth

    def _value(self, token: Token) -> float:
        text = token.text.replace("_", "")
        if self.tokens.next.kind == "name" and self.tokens.next.place == token.place + len(token.text):
            unit = self.tokens.next.text
            what = "imaginary numbers" if unit == "im" else "durations" if len(unit) <= 2 else "such numbers"
            raise self.tokens.source.error(token, f"{what} are not supported", "State plain numbers.")
        if len(text) > DIGITS_MAX:
            raise self.tokens.source.error(token, f"a number has more than {DIGITS_MAX} digits", "Round it.")
        return int(text, 0) if text[:2].lower() in ("0x", "0b", "0o") else int(text) if text.isdigit() else float(text)

    def _bit_string(self, token: Token) -> Number:
        digits = token.text[1:-1].replace("_", "")
        if self.version == 2 or not digits or set(digits) - {"0", "1"} or len(digits) > DIGITS_MAX:
            raise self.tokens.source.error(token, f"a text cannot stand here: {shown(token)}", "Write a number there.")
        return Number(int(digits, 2), token.place, width=len(digits))


def _parts(index: Index) -> tuple[Expression | None, ...]:
    match index:
        case Range(first, step, last):
            return (first, step, last)
        case Listed(values):
            return values
        case _:
            return (index,)
