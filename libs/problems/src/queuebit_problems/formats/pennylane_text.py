"""Pauli sums as PennyLane prints them: `0.5 * (X(0) @ Z(1)) + -1.0 * Z(0)`, in brackets and over several lines too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

DEPTH_MAX = 20
WORK_MAX = 200_000
"""Products of terms that brackets make."""
Factors = tuple[tuple[int, str], ...]
"""The letters of a product that are no I, by qubit."""
Sum = dict[Factors, float]

# Spaces are taken whole (*+): shared out between neighbours in every way, a few thousand of them would take minutes.
_BEGINS = re.compile(
    r"[\s(+-]*+(?:\(?[+-]?[0-9.]++(?:[eE][+-]?[0-9]+)?(?:[+-]0(?:\.0*)?j)?\)?\s*+\*\s*+)?[\s(]*+"
    r"(?:[IXYZ]|Pauli[XYZ]|Identity)\("
)
_TOKEN = re.compile(
    r"\s*+(?:(?P<complex>\([+-]?[0-9.]++(?:[eE][+-]?[0-9]+)?[+-]0(?:\.0*)?j\))|(?P<number>[0-9.]++(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<letter>[IXYZ]|Pauli[XYZ]|Identity)\(\s*+(?P<wires>[0-9,\[\]\s]*+)\)|(?P<mark>[-+*@()])|(?P<end>\Z))"
)


class NoTerm(Exception):
    """What stands at a place is no real term."""

    def __init__(self, place: int, detail: str = "") -> None:
        super().__init__(detail)
        self.place = place
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int
    wires: str = ""


def begins_as_pennylane(text: str) -> bool:
    """Whether a text begins with such a term."""
    return _BEGINS.match(text[:10_000]) is not None


def read_pennylane(text: str, terms_max: int) -> Sum:
    """The products of a sum and their coefficients. Raises NoTerm."""
    return _Reader(text, terms_max).read()


class _Reader:
    def __init__(self, text: str, terms_max: int) -> None:
        self._terms_max = terms_max
        self._tokens = _tokens(text)
        self._now = next(self._tokens)
        self._work = 0

    def read(self) -> Sum:
        found = self._sum(0)
        if self._now.kind != "end":
            raise NoTerm(self._now.place)
        return found

    def _take(self) -> _Token:
        token = self._now
        self._now = next(self._tokens, _Token("end", "", token.place))
        return token

    def _signs(self) -> int:
        sign = 1
        while self._now.text in ("+", "-"):
            sign = -sign if self._take().text == "-" else sign
        return sign

    def _sum(self, depth: int) -> Sum:
        if depth > DEPTH_MAX:
            raise NoTerm(self._now.place, "has brackets within brackets too often")
        found: Sum = {}
        first = True
        while first or self._now.text in ("+", "-"):
            first = False
            sign, place = self._signs(), self._now.place
            for factors, value in self._product(depth).items():
                if factors in found:
                    letters = " ".join(f"{letter}{qubit}" for qubit, letter in factors) or "I"
                    raise NoTerm(place, f"the product {letters} stands twice")
                found[factors] = sign * value
            if len(found) > self._terms_max:
                raise NoTerm(place, f"there are more than {self._terms_max} terms")
        return found

    def _product(self, depth: int) -> Sum:
        found = self._factor(depth)
        while self._now.text in ("*", "@"):
            place = self._take().place
            other = self._factor(depth)
            self._work += len(found) * len(other)
            if self._work > WORK_MAX:
                raise NoTerm(place, "multiplies too many terms")
            found = _times(found, other, place)
        return found

    def _factor(self, depth: int) -> Sum:
        token, sign = self._take(), 1
        while token.text == "-":
            token, sign = self._take(), -sign
        match token.kind:
            case "complex":
                return {(): sign * _value(re.split(r"(?<![eE(])[+-]0", token.text[1:])[0], token.place)}
            case "number":
                return {(): sign * _value(token.text, token.place)}
            case "letter":
                return {_letter(token): sign}
            case "mark" if token.text == "(":
                found = self._sum(depth + 1)
                if self._take().text != ")":
                    raise NoTerm(token.place, "a bracket is not closed")
                return {factors: sign * value for factors, value in found.items()}
            case _:
                raise NoTerm(token.place)


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while True:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise NoTerm(place)
        kind = "letter" if found["letter"] else found.lastgroup
        yield _Token(kind, found[kind], place, found["wires"] or "")
        if kind == "end":
            return
        place = found.end()


def _value(text: str, place: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise NoTerm(place) from None


def _letter(token: _Token) -> Factors:
    letter = token.text.removeprefix("Pauli")[0]
    wires = re.findall(r"[0-9]{1,4}", token.wires)
    if letter == "I":
        return ()
    if len(wires) != 1 or token.wires.strip() != wires[0]:
        raise NoTerm(token.place)
    return ((int(wires[0]), letter),)


def _times(left: Sum, right: Sum, place: int) -> Sum:
    found: Sum = {}
    for mine, a in left.items():
        for other, b in right.items():
            both = tuple(sorted((*mine, *other)))
            twice = next((q for (q, _), (r, _) in pairwise(both) if q == r), None)
            if twice is not None:
                raise NoTerm(place, f"a product names qubit {twice} twice")
            found[both] = found.get(both, 0) + a * b
    return found
