"""The text of a circuit as tokens, and errors that name the line and the column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from queuebit_circuits.errors import UnreadableCircuit

TEXT_LENGTH_MAX = 900_000
"""Characters. A statement may have a million bytes."""
STATEMENTS_MAX = 100_000
"""Semicolons, counted before anything is read."""
SHOWN_MAX = 40

TokenKind = Literal["name", "number", "string", "qubit", "sign", "other", "end"]

_TOKEN = re.compile(
    r"(?P<space>(?:\s+|//[^\n]*|/\*.*?\*/)+)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<number>0[xX][0-9a-fA-F_]+\b|0[bB][01_]+\b|0[oO][0-7_]+\b"
    r"|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)"
    r'|(?P<string>"[^"\n]*"|\'[^\'\n]*\')'
    r"|(?P<qubit>\$[0-9]+)"
    r"|(?P<sign>\*\*=|<<=|>>=|->|\*\*|==|!=|<=|>=|<<|>>|&&|\|\||\+\+|[+\-*/%&|^]=|[-+*/%&|^~!<>=@;:,.(){}\[\]#])"
    r"|(?P<other>.)",
    re.DOTALL,
)


class Token(NamedTuple):
    """A word of the text and where it begins, counted in characters from 0."""

    kind: TokenKind
    text: str
    place: int


@dataclass(frozen=True, slots=True)
class Source:
    """A text and the name of its file, "" where it has none."""

    text: str
    file_name: str = ""

    def line_of(self, place: int) -> int:
        return self.text.count("\n", 0, place) + 1

    def error(self, place: int | Token | None, detail: str, remedy: str) -> UnreadableCircuit:
        """The error to raise about a place of the text, or about the whole of it."""
        at = place.place if isinstance(place, Token) else place
        words = [self.file_name] if self.file_name else []
        line = None
        if at is not None:
            line = self.line_of(at)
            words += [f"line {line}", f"column {at - self.text.rfind(chr(10), 0, at)}"]
        return UnreadableCircuit(f"{', '.join(words) or 'the circuit'}: {detail}.", remedy=remedy, line=line)


def check_length(source: Source) -> None:
    """Refuse what is too long to be read, by counting alone."""
    if len(source.text) > TEXT_LENGTH_MAX:
        raise source.error(
            None,
            f"the text has more than {TEXT_LENGTH_MAX} characters",
            "State a shorter circuit, with loops or gates.",
        )
    if source.text.count(";") > STATEMENTS_MAX:
        raise source.error(None, f"the text has more than {STATEMENTS_MAX} statements", "State a shorter circuit.")


class Tokens:
    """The tokens of a text, read once from the front; space and comments are passed over."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.jump(0)

    def _read(self, place: int) -> Iterator[Token]:
        for match in _TOKEN.finditer(self.source.text, place):
            kind = match.lastgroup
            if kind != "space":
                yield Token(kind, match[0], match.start())  # type: ignore[arg-type]
        yield Token("end", "", len(self.source.text.rstrip()))

    def jump(self, place: int) -> None:
        """Go on with the token that begins there, or after space there."""
        self._words = self._read(place)
        self.next = next(self._words)

    def take(self) -> Token:
        """The next token. At the end of the text it is taken again and again."""
        token = self.next
        if token.kind != "end":
            self.next = next(self._words)
        return token

    def at(self, text: str) -> bool:
        """Whether the next token is this sign or name."""
        return self.next.text == text and self.next.kind != "string"

    def skip(self, text: str) -> bool:
        """Take the next token if it is this one."""
        found = self.at(text)
        if found:
            self.take()
        return found

    def expect(self, text: str, after: str) -> Token:
        """Take the next token, which must be this one."""
        if self.at(text):
            return self.take()
        raise self.error(f"{text!r} should follow {after}, not {shown(self.next)}", f"Write {text!r} there.")

    def name(self, what: str) -> Token:
        """Take the next token, which must be a name."""
        if self.next.kind == "name":
            return self.take()
        raise self.error(f"{what} should be a name, not {shown(self.next)}", "Write a name there.")

    def error(self, detail: str, remedy: str) -> UnreadableCircuit:
        """The error to raise about the next token."""
        return self.source.error(self.next, detail, remedy)


def shown(token: Token) -> str:
    if token.kind == "end":
        return "the end of the text"
    return repr(token.text if len(token.text) <= SHOWN_MAX else f"{token.text[:SHOWN_MAX]}…")
