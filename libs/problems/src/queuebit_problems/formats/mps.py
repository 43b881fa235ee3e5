"""MPS files, fixed or free: rows, columns, right sides, ranges, bounds, and a quadratic objective."""

from __future__ import annotations

import math
from typing import Any

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.mps_sections import INFINITE, NOT_READ, REMEDY, SECTIONS, SENSE_IN_COMMENT, SIDES
from queuebit_problems.formats.programs import NAMES_MAX, TERMS_READ_MAX, Column, Draft, Line, add, times
from queuebit_problems.formats.text import is_infinite, parse_number
from queuebit_problems.kind import Params


def read_mps(text: str, file_name: str, params: Params | None) -> dict[str, Any]:
    """The statement of an MPS file. Raises UnreadableFile with the line."""
    return _Reader(file_name, params or {}).read(text)


class _Reader:
    def __init__(self, file_name: str, params: Params) -> None:
        self._file_name = file_name
        self._integers = params.get("integers")
        if self._integers not in (None, "binary", "unbounded"):
            raise UnreadableFile(
                "The param integers should be binary or unbounded.", remedy="Correct --param integers."
            )
        self.draft = Draft()
        self._line = 0
        self._rows: dict[str, Line | None] = {}
        """By name; None for rows without sides, of which the first is the objective."""
        self._types: dict[str, str] = {}
        self._objective: str | None = None
        self._sensed = False
        self._marked = False
        self._bounded = set[tuple[int, str]]()
        self._sets: dict[str, str] = {}
        self._sided = set[tuple[str, str]]()
        self._halves: dict[tuple[int, int], Number] = {}
        self._terms = 0

    def read(self, text: str) -> dict[str, Any]:
        section, ended = "", False
        for self._line, content in enumerate(text.splitlines(), start=1):
            if not content.strip() or content[0] == "*":
                continue
            words = content.split()
            if content[0].isspace():
                self._entry(section, words)
                continue
            section = words[0].upper()
            if section in NOT_READ:
                raise self._error(f"{NOT_READ[section]} are not read", "State whole numbers and linear rows.")
            if section not in SECTIONS:
                raise self._error(f"{words[0][:40]!r} is no section of MPS")
            if section == "ENDATA":
                ended = True
                break
            if section == "OBJSENSE" and len(words) > 1:
                self._sense(words[1:])
        if not ended:
            raise self._error("the file ends without ENDATA")
        self._check_sense(text)
        self._check_halves()
        self._unstated()
        return self.draft.statement(self._about)

    def _error(self, detail: str, remedy: str = REMEDY) -> UnreadableFile:
        place = f"{self._file_name}, line {self._line}" if self._file_name else f"line {self._line}"
        return UnreadableFile(f"{place}: {detail}.", remedy=remedy, line=self._line)

    def _about(self, column: Column, detail: str, remedy: str) -> UnreadableFile:
        self._line = column.line
        return self._error(f"{column.name[:40]} {detail}", remedy)

    def _entry(self, section: str, words: list[str]) -> None:
        match section:
            case "OBJSENSE":
                self._sense(words)
            case "ROWS":
                self._row(words)
            case "COLUMNS":
                self._column(words)
            case "RHS":
                self._pairs(words, "RHS", self._side)
            case "RANGES":
                self._pairs(words, "RANGES", self._range)
            case "BOUNDS":
                self._bound(words)
            case "QUADOBJ" | "QMATRIX":
                self._product(words, whole=section == "QMATRIX")
            case _:
                raise self._error("no section says what this line means")

    def _sense(self, words: list[str]) -> None:
        sense = words[0].upper()
        if len(words) != 1 or sense not in ("MAX", "MAXIMIZE", "MAXIMISE", "MIN", "MINIMIZE", "MINIMISE"):
            raise self._error("OBJSENSE should be MAX or MIN")
        self.draft.most, self._sensed = sense.startswith("MAX"), True

    def _check_sense(self, text: str) -> None:
        """PuLP says in a comment alone that a program is to be maximised; programs that read the file minimise it."""
        if self._sensed or SENSE_IN_COMMENT.search(text) is None:
            return
        self._line = 1
        raise self._error(
            "a comment says Maximize, but no OBJSENSE does, and without one the least is sought",
            "Write OBJSENSE above ROWS, and MAX or MIN below it.",
        )

    def _row(self, words: list[str]) -> None:
        if len(words) != 2 or words[0].upper() not in ("N", "E", "L", "G"):
            raise self._error("a row should be N, E, L or G, and a name without spaces")
        kind, name = words[0].upper(), words[1]
        if name in self._rows:
            raise self._error(f"the row {name[:40]} is stated twice")
        self._types[name] = kind
        if kind == "N":
            self._objective = self._objective or name
            self._rows[name] = None
            return
        row = Line(name, lower=None if kind == "L" else 0, upper=None if kind == "G" else 0)
        self._rows[name] = row
        self.draft.lines.append(row)

    def _number(self, word: str) -> Number:
        value = parse_number(word)
        if value is None:
            raise self._error(f"a number of magnitude at most 1e15 should stand here, not {word[:40]!r}")
        return value

    def _known(self, name: str) -> Line | None:
        if name not in self._rows:
            raise self._error(f"there is no row {name[:40]}")
        return self._rows[name]

    def _column(self, words: list[str]) -> None:
        if len(words) == 3 and words[1].strip("'").upper() == "MARKER":
            self._marked = words[2].strip("'").upper() == "INTORG"
            if words[2].strip("'").upper() not in ("INTORG", "INTEND"):
                raise self._error("a marker should be 'INTORG' or 'INTEND'", "Special ordered sets are not read.")
            return
        if len(words) not in (3, 5):
            raise self._error("a column should be followed by one or two rows with a number each, names without spaces")
        place = self.draft.place(words[0], self._line)
        self._terms += 1
        if place >= NAMES_MAX or self._terms > TERMS_READ_MAX:
            raise self._error(f"there should be at most {NAMES_MAX} columns and {TERMS_READ_MAX} lines")
        self.draft.columns[place].whole |= self._marked
        for name, word in zip(words[1::2], words[2::2], strict=True):
            row, value = self._known(name), self._number(word)
            if row is None and name != self._objective:
                continue
            terms = self.draft.linear if row is None else row.terms
            if place in terms:
                raise self._error(f"the column {words[0][:40]} has two numbers in the row {name[:40]}")
            terms[place] = value

    def _one_set(self, section: str, name: str) -> None:
        if self._sets.setdefault(section, name) != name:
            raise self._error(
                f"{section} has two sets, {self._sets[section][:40]} and {name[:40]}", "Keep one of them."
            )

    def _pairs(self, words: list[str], section: str, take: Any) -> None:
        self._one_set(section, words[0] if len(words) % 2 else "")
        rest = words[len(words) % 2 :]
        if not rest or len(rest) > 4:
            raise self._error(f"a line of {section} should be one or two rows with a number each")
        for name, word in zip(rest[::2], rest[1::2], strict=True):
            row = self._known(name)
            if (section, name) in self._sided or ("RANGES", name) in self._sided:
                raise self._error(f"the row {name[:40]} has a side twice, or a range before its side")
            self._sided.add((section, name))
            take(name, row, self._number(word))

    def _side(self, name: str, row: Line | None, value: Number) -> None:
        """The right side of a row; that of the objective is what is taken off it."""
        if row is None:
            if name == self._objective:
                self.draft.offset = -value
            return
        row.lower = None if row.lower is None else value
        row.upper = None if row.upper is None else value

    def _range(self, name: str, row: Line | None, value: Number) -> None:
        if row is None:
            raise self._error(f"the row {name[:40]} has no sides to be ranged")
        kind = self._types[name]
        if kind == "L" or (kind == "E" and value < 0):
            row.lower = add(row.upper or 0, -abs(value))
        else:
            row.upper = add(row.lower or 0, abs(value))

    def _bound(self, words: list[str]) -> None:
        kind, rest = words[0].upper(), words[1:]
        if kind in ("FR", "MI", "PL", "BV"):
            at = next(
                (k for k, word in enumerate(rest[:2]) if word in self.draft.places and (k or len(rest) == 1)), None
            )
            at = 0 if at is None and rest and rest[0] in self.draft.places else at
            value: Number = 0
        elif len(rest) in (2, 3):
            at, value = len(rest) - 2, self._end(rest[-1])
        else:
            at, value = None, 0
        if at is None or at < 0 or rest[at] not in self.draft.places:
            raise self._error(
                "a bound should be its type, the name of the set, a column, and a number where it has one"
            )
        self._one_set("BOUNDS", rest[0] if at else "")
        place = self.draft.places[rest[at]]
        sides = {(place, side) for side in SIDES.get(kind, "")}
        if sides & self._bounded:
            raise self._error(f"the column {rest[at][:40]} has the same bound twice, which programs read differently")
        self._set(self.draft.columns[place], kind, value, stated=(place, "l") in self._bounded)
        self._bounded |= sides

    def _end(self, word: str) -> Number:
        """A bound: a number, infinite where it says so or is as large."""
        if word.lower().removeprefix("-") in INFINITE or is_infinite(word):
            return -math.inf if word.startswith("-") else math.inf
        return self._number(word)

    def _set(self, column: Column, kind: str, value: Number, *, stated: bool) -> None:
        if math.isinf(value) and kind not in (("UP", "UI") if value > 0 else ("LO", "LI")):
            raise self._error(f"{column.name[:40]} cannot be bounded by an infinity on this side")
        ends = None if math.isinf(value) else value
        match kind:
            case "UP" | "UI":
                if value < 0 and column.lower == 0 and not stated:
                    raise self._error(
                        "a negative upper bound without a lower one, which programs read differently",
                        "State its lower bound (LO or MI) before it.",
                    )
                column.upper = ends
            case "LO" | "LI":
                column.lower = ends
            case "FX":
                column.lower = column.upper = value
            case "FR":
                column.lower = column.upper = None
            case "MI":
                column.lower = None
            case "PL":
                column.upper = None
            case "BV":
                column.lower, column.upper = 0, 1
            case "SC" | "SI" | "SN":
                raise self._error("semi-continuous variables are not read", "State whole numbers.")
            case _:
                raise self._error(f"{kind[:10]!r} is no type of bound")
        column.whole |= kind in ("UI", "LI", "BV")

    def _product(self, words: list[str], *, whole: bool) -> None:
        """Half of x'Qx: QUADOBJ lists each pair once, QMATRIX both halves."""
        if len(words) != 3 or not {words[0], words[1]} <= self.draft.places.keys():
            raise self._error("a product should be two columns and a number")
        i, j = self.draft.places[words[0]], self.draft.places[words[1]]
        factor: Number = 0.5 if whole or i == j else 1
        pair = (min(i, j), max(i, j))
        value = self._number(words[2])
        if (i, j) in self._halves or (pair in self.draft.quadratic and not whole):
            raise self._error(f"{'QMATRIX' if whole else 'QUADOBJ'} lists this pair twice")
        if whole:
            self._halves[i, j] = value
        self.draft.quadratic[pair] = add(self.draft.quadratic.get(pair, 0), times(value, factor))

    def _check_halves(self) -> None:
        for (i, j), value in self._halves.items():
            if self._halves.get((j, i), 0) != value:
                names = f"{self.draft.columns[i].name[:40]} and {self.draft.columns[j].name[:40]}"
                raise self._error(f"QMATRIX should list the product of {names} both ways, with one number")

    def _stated(self, place: int) -> bool:
        return bool({(place, "l"), (place, "u")} & self._bounded)

    def _unstated(self) -> None:
        """Integer columns without bounds: programs take them for 0 or 1, or for any number from 0 on."""
        for place, column in enumerate(self.draft.columns):
            if column.whole and not self._stated(place) and self._integers == "binary":
                column.upper = 1
        if self._integers is not None:
            return
        self.draft.imply()
        for place, column in enumerate(self.draft.columns):
            if column.whole and not self._stated(place) and (column.upper is None or column.upper > 1):
                raise self._about(
                    column,
                    "is an integer column without bounds, which programs read differently, as 0 or 1 or as any number",
                    "State its bounds, or give --param integers=binary or --param integers=unbounded.",
                )
