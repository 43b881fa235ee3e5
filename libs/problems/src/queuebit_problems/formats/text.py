"""Reading the field's own text formats: lines of tokens, with errors that name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.numeric import VALUE_MAX

_COUNT = re.compile(r"[0-9]{1,9}")
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

    def __next__(self) -> Row:
        return next(self._rows)

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

    def error(self, row: Row | None, detail: str, *, remedy: str | None = None) -> UnreadableFile:
        """The error to raise about a row, or about the whole file; the remedy is that of the file where none is given."""
        places = [self._file_name] if self._file_name else []
        if row is not None:
            places.append(f"line {row.line}")
        place = ", ".join(places) or "the file"
        return UnreadableFile(f"{place}: {detail}.", remedy=remedy or self._remedy, line=row.line if row else None)


class Numbers:
    """The numbers of a file in free format: where its lines break means nothing. Read once from the front."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._row: Row | None = None
        self._place = 0

    def _next(self, what: str) -> tuple[Row, str]:
        if self._row is None or self._place == len(self._row.tokens):
            self._row, self._place = self.rows.take(what), 0
        self._place += 1
        return self._row, self._row.tokens[self._place - 1]

    def integer(self, what: str, minimum: int, maximum: int) -> int:
        """The next number, which must be whole and within the bounds."""
        row, token = self._next(what)
        return self.rows.integer(row, token, what, minimum, maximum)

    def number(self, what: str, minimum: Number = -VALUE_MAX, maximum: Number = VALUE_MAX) -> Number:
        """The next number, within the bounds."""
        row, token = self._next(what)
        return self.rows.number(row, token, what, minimum, maximum)

    def numbers(self, count: int, what: str, minimum: Number = -VALUE_MAX) -> tuple[Number, ...]:
        """The next `count` numbers, each at least `minimum`."""
        return tuple(self.number(what, minimum) for _ in range(count))

    def table(self, rows: int, columns: int, what: str, minimum: Number = -VALUE_MAX) -> tuple[tuple[Number, ...], ...]:
        """The next rows * columns numbers, by rows."""
        return tuple(self.numbers(columns, what, minimum) for _ in range(rows))

    def end_of_numbers(self, after: str) -> None:
        """Check that no number follows; words may."""
        if self._row is None or self._place == len(self._row.tokens):
            self._row, self._place = next(self.rows, None), 0
        if self._row is not None and parse_number(self._row.tokens[self._place]) is not None:
            raise self.rows.error(self._row, f"no number should follow {after}")

    def end(self, after: str) -> None:
        """Check that nothing follows."""
        if self._row is not None and self._place < len(self._row.tokens):
            raise self.rows.error(self._row, f"nothing should follow {after}")
        self.rows.end(after)


def count_of(token: str) -> int | None:
    """A count as files write it, below a milliard, or None. Other scripts have digits too, and some numbers have no end."""
    return int(token) if _COUNT.fullmatch(token) else None


def parse_number(token: str) -> Number | None:
    """A finite number as files write it, or None. Never `nan`, `inf` or `1_000`."""
    if _INTEGER.fullmatch(token):
        return int(token)
    if _DECIMAL.fullmatch(token):
        value = float(token)
        return value if abs(value) <= VALUE_MAX else None
    return None


def is_infinite(token: str) -> bool:
    """Whether a number is so large that it stands for no bound, as 1e30 does."""
    return _DECIMAL.fullmatch(token) is not None and abs(float(token)) >= VALUE_MAX


def _shown(token: str) -> str:
    return repr(token if len(token) <= 40 else f"{token[:40]}…")
