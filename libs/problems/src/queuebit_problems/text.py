"""Reading the field's own text formats: lines of tokens, with errors that name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.numeric import VALUE_MAX

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,30}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Row:
    """One line that is neither blank nor a comment. `line` counts from 1."""

    line: int
    tokens: list[str]


class Rows:
    """The rows of a file, read once from the front. Blank lines and lines that start with # or % are passed over."""

    def __init__(self, text: str, *, file_name: str = "", remedy: str) -> None:
        self._file_name = file_name
        self._remedy = remedy
        self._rows = self._read(text)
        self._line = 0

    def _read(self, text: str) -> Iterator[Row]:
        for line, content in enumerate(text.splitlines(), start=1):
            tokens = content.split()
            if tokens and tokens[0][0] not in "#%":
                self._line = line
                yield Row(line, tokens)

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def take(self, what: str) -> Row:
        """The next row. Raises UnreadableFile that says `what` is missing where the file ends."""
        row = next(self._rows, None)
        if row is None:
            after = f"after line {self._line}" if self._line else "at once"
            raise self.error(None, f"the file ends {after}, where {what} should follow")
        return row

    def end(self, after: str) -> None:
        """Check that nothing follows."""
        row = next(self._rows, None)
        if row is not None:
            raise self.error(row, f"nothing should follow {after}")

    def columns(self, row: Row, counts: Sequence[int], what: str) -> list[str]:
        """The tokens of a row that must have one of the counts."""
        if len(row.tokens) not in counts:
            wanted = " or ".join(str(count) for count in counts)
            raise self.error(row, f"{what} should have {wanted} numbers, not {len(row.tokens)}")
        return row.tokens

    def integer(self, row: Row, token: str, what: str, minimum: int, maximum: int) -> int:
        """A whole number within the bounds."""
        if _INTEGER.fullmatch(token):
            value = int(token)
            if minimum <= value <= maximum:
                return value
        raise self.error(row, f"{what} should be a whole number from {minimum} to {maximum}, not {_shown(token)}")

    def number(
        self, row: Row, token: str, what: str, minimum: Number = -VALUE_MAX, maximum: Number = VALUE_MAX
    ) -> Number:
        """A finite number within the bounds: an int where it is written as one, else a float."""
        value = parse_number(token)
        if value is not None and minimum <= value <= maximum:
            return value
        raise self.error(row, f"{what} should be a number from {minimum:g} to {maximum:g}, not {_shown(token)}")

    def error(self, row: Row | None, detail: str) -> UnreadableFile:
        """The error to raise about a row, or about the whole file."""
        places = [self._file_name] if self._file_name else []
        if row is not None:
            places.append(f"line {row.line}")
        place = ", ".join(places) or "the file"
        return UnreadableFile(f"{place}: {detail}.", remedy=self._remedy, line=row.line if row else None)


def parse_number(token: str) -> Number | None:
    """A finite number as files write it, or None. Never `nan`, `inf` or `1_000`."""
    if _INTEGER.fullmatch(token):
        return int(token)
    if _DECIMAL.fullmatch(token):
        value = float(token)
        return value if abs(value) <= VALUE_MAX else None
    return None


def _shown(token: str) -> str:
    return repr(token if len(token) <= 40 else f"{token[:40]}…")
