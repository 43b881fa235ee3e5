"""LP files as CPLEX writes them: an objective, constraints, bounds and types, in words."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.lp_tokens import INFINITE, RELATIONS, REMEDY, Token, is_keyword, refused, tokens_of
from queuebit_problems.formats.programs import NAMES_MAX, TERMS_READ_MAX, Column, Draft, Line, add, times
from queuebit_problems.formats.text import is_infinite, parse_number


def read_lp(text: str, file_name: str) -> dict[str, Any]:
    """The statement of an LP file. Raises UnreadableFile with the line."""
    return _Reader(text, file_name).read()


class _Reader:
    def __init__(self, text: str, file_name: str) -> None:
        self._file_name = file_name
        self._semicolons = ";" in text
        self._tokens = tokens_of(text, file_name)
        self._ahead: list[Token] = []
        self._line = 0
        self._terms = 0
        self.draft = Draft()

    def read(self) -> dict[str, Any]:
        first = self._next()
        if first.kind != "section" or not first.text.startswith("objective"):
            self._refuse(first, "the file should begin with Minimize or Maximize")
        self.draft.most = first.text.split()[1].startswith("max")
        self._objective()
        while True:
            token = self._next()
            section = token.text.split()[0] if token.kind == "section" else ""
            match section:
                case "constraints":
                    self._while_in_section(self._constraint)
                case "bounds":
                    self._while_in_section(self._bound)
                case "whole" | "binary":
                    self._while_in_section(self._binary if section == "binary" else self._whole)
                case "end":
                    if (after := self._next()).kind != "end":
                        self._refuse(after, "nothing should follow End")
                    return self.draft.statement(self._about)
                case _ if token.kind == "end":
                    self._refuse(token, "the file ends without End; it may be cut off")
                case _:
                    self._refuse(token, "another section, or End, should follow")

    def _about(self, column: Column, detail: str, remedy: str) -> UnreadableFile:
        return refused(self._file_name, column.line, f"{column.name[:40]} {detail}", remedy)

    def _refuse(self, token: Token, detail: str) -> NoReturn:
        shown = "" if token.kind in ("end", "section") else f", not {token.text[:40]!r}"
        remedy = REMEDY
        if self._semicolons:
            remedy = "This may be the LP format of lp_solve, whose lines end with ';': write it as CPLEX LP or MPS."
        raise refused(self._file_name, token.line, f"{detail}{shown}", remedy)

    def _peek(self, place: int = 0) -> Token:
        while len(self._ahead) <= place:
            self._ahead.append(next(self._tokens, Token("end", "", 0)))
        return self._ahead[place]

    def _next(self) -> Token:
        token = self._peek()
        self._ahead.pop(0)
        self._line = token.line
        return token

    def _while_in_section(self, read: Any) -> None:
        while self._peek().kind not in ("section", "end"):
            read()

    def _place(self, token: Token) -> int:
        place = self.draft.place(token.text, token.line)
        if place >= NAMES_MAX:
            self._refuse(token, f"there should be at most {NAMES_MAX} variables")
        return place

    def _label(self) -> str:
        if self._peek().kind in ("name", "number") and self._peek(1).text == ":":
            label = self._next().text
            self._next()
            return label
        return ""

    def _sign(self) -> int:
        sign = 1
        while self._peek().text in ("+", "-"):
            sign = -sign if self._next().text == "-" else sign
        return sign

    def _number(self, token: Token) -> Number:
        value = parse_number(token.text)
        if token.kind != "number" or value is None:
            self._refuse(token, "a number of magnitude at most 1e15 should stand here")
        return value

    def _objective(self) -> None:
        self._label()
        draft = self.draft
        draft.offset = self._sum(draft.linear, products=True)

    def _sum(self, terms: dict[int, Number], *, products: bool = False) -> Number:
        """Signed terms, as far as they go; the constants among them."""
        constant: Number = 0
        first = True
        while first or self._peek().text in ("+", "-"):
            signed = self._peek().text in ("+", "-")
            sign, token = self._sign(), self._peek()
            if token.text == "[":
                if not products:
                    self._refuse(token, "a constraint should be linear")
                self._products(sign)
            elif token.kind in ("number", "name"):
                constant = self._term(sign, terms, constant)
            elif first and not signed:
                return constant
            else:
                self._refuse(token, "a term should follow the sign")
            first = False
        return constant

    def _term(self, sign: int, terms: dict[int, Number], constant: Number) -> Number:
        """A coefficient with a variable, one of them alone."""
        self._terms += 1
        token = self._next()
        if self._terms > TERMS_READ_MAX:
            self._refuse(token, f"there should be at most {TERMS_READ_MAX} terms")
        factor: Number = sign
        if token.kind == "number":
            factor = sign * self._number(token)
            if self._peek().text == "*":
                self._next()
            elif self._peek().kind != "name" or self._peek(1).text == ":":
                return add(constant, factor)
            token = self._next()
        if token.kind != "name":
            self._refuse(token, "a variable should follow")
        place = self._place(token)
        if self._peek().text in ("^", "*"):
            self._refuse(self._peek(), "products stand in brackets, [ … ] / 2, in the objective alone")
        terms[place] = add(terms.get(place, 0), factor)
        return constant

    def _products(self, sign: int) -> None:
        """[ 2 x ^ 2 + 3 x * y ] / 2: the objective has half of what stands in the brackets."""
        self._next()
        found: dict[tuple[int, int], Number] = {}
        while self._peek().text != "]":
            factor: Number = self._sign()
            token = self._next()
            if token.kind == "number":
                factor = factor * self._number(token)
                token = self._next()
                if token.text == "*":
                    token = self._next()
            if token.kind != "name":
                self._refuse(token, "a product of two variables should stand in the brackets")
            one, operator = self._place(token), self._next()
            if operator.text == "^" and self._next().text == "2":
                other = one
            elif operator.text == "*":
                other = self._place(self._name())
            else:
                self._refuse(operator, "a variable in the brackets should be followed by ^ 2, or by * and another one")
            pair = (min(one, other), max(one, other))
            found[pair] = add(found.get(pair, 0), factor)
        self._next()
        half: Number = sign
        if self._peek().text == "/":
            self._next()
            if (token := self._next()).text != "2":
                self._refuse(token, "the brackets should be divided by 2, or by nothing")
            half = sign / 2
        for pair, factor in found.items():
            self.draft.quadratic[pair] = add(self.draft.quadratic.get(pair, 0), times(factor, half))

    def _name(self) -> Token:
        token = self._next()
        if token.kind != "name":
            self._refuse(token, "the name of a variable should stand here")
        return token

    def _relation(self) -> str:
        token = self._next()
        if token.kind == "arrow":
            self._refuse(token, "a condition of a constraint (->) is not read")
        if token.kind != "relation":
            self._refuse(token, "a relation (<=, >= or =) should follow")
        return RELATIONS.get(token.text, token.text)

    def _constraint(self) -> None:
        """sum <= side, side >= sum, or side <= sum <= side."""
        row = Line(self._label())
        first = self._peek()
        constant = self._sum(row.terms)
        relation = self._relation()
        if row.terms:
            side = add(self._side(), -constant)
        else:
            if first.kind == "relation":
                self._refuse(first, "a sum should stand before the relation")
            side, relation = constant, {"<=": ">=", ">=": "<="}.get(relation, relation)
            side = add(side, -self._sum(row.terms))
            if not row.terms:
                self._refuse(self._peek(), "a constraint should have a variable")
        self._set(row, relation, side)
        if self._peek().kind == "relation":
            self._set(row, self._relation(), self._side())
        after = self._peek()
        if after.line == self._line and after.kind not in ("section", "end", "arrow") and self._peek(1).text != ":":
            self._refuse(
                after, "a side should be a number alone: bring variables to the other one, and begin a new line"
            )
        if self._peek().kind == "arrow":
            self._refuse(self._peek(), "a condition of a constraint (->) is not read")
        self.draft.lines.append(row)

    def _side(self) -> Number:
        sign = self._sign()
        return sign * self._number(self._next())

    @staticmethod
    def _set(row: Line, relation: str, side: Number) -> None:
        if relation != "<=":
            row.lower = side if row.lower is None else max(side, row.lower)
        if relation != ">=":
            row.upper = side if row.upper is None else min(side, row.upper)

    def _end(self) -> Number:
        """A bound: a number, infinite where it says so or is as large."""
        sign = self._sign()
        if self._peek().text.lower() in INFINITE or is_infinite(self._peek().text):
            self._next()
            return sign * math.inf
        return sign * self._number(self._next())

    def _bound(self) -> None:
        """x <= 4, -1 <= x <= 4, x = 3, or x free."""
        lower_first: tuple[Number, str] | None = None
        if self._peek().kind != "name" or self._peek().text.lower() in INFINITE:
            lower_first = (self._end(), self._relation())
        column = self.draft.columns[self._place(self._name())]
        if lower_first is not None:
            value, relation = lower_first
            self._bounded(column, {"<=": ">=", ">=": "<="}.get(relation, relation), value)
            if self._peek().kind != "relation":
                return
        elif self._peek().text.lower() == "free":
            self._next()
            column.lower = column.upper = None
            return
        self._bounded(column, self._relation(), self._end())

    def _bounded(self, column: Column, relation: str, value: Number) -> None:
        if math.isinf(value) and relation != ("<=" if value > 0 else ">="):
            self._refuse(self._peek(), f"{column.name[:40]} cannot be bounded by an infinity on this side")
        end = None if math.isinf(value) else value
        if relation != "<=":
            column.lower = end
        if relation != ">=":
            column.upper = end

    def _listed(self) -> Column:
        token = self._name()
        if is_keyword(token.text):
            self._refuse(token, "a section should begin on a line of its own")
        return self.draft.columns[self._place(token)]

    def _whole(self) -> None:
        self._listed().whole = True

    def _binary(self) -> None:
        column = self._listed()
        column.whole = column.binary = True
