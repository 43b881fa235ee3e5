"""Files of quadratic polynomials: Biq Mac's sparse form, OR-Library's bqp, and spins in the same layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queuebit_problems.encoding.ising import over_bits
from queuebit_problems.encoding.qubo import Exact, exact
from queuebit_problems.formats.text import Row, Rows
from queuebit_problems.numeric import VALUE_MAX, number

VARIABLES_STATED_MAX = 10_000
TERMS_MAX = 1_000_000

Entry = tuple[int, int, Exact]


def read_entries(rows: Rows, header: Row) -> dict[str, Any]:
    """x'Qx as Biq Mac lists it: an entry off the diagonal counts twice."""
    variables, count = _counts(rows, header, "variable")
    entries = list(_entries(rows, variables, count, "variable"))
    rows.end(f"the {count} entries")
    return _statement(variables, entries, 1)


def read_spins(rows: Rows, header: Row) -> dict[str, Any]:
    """`i j J` and `i i h` over spins: each counts once."""
    spins, count = _counts(rows, header, "spin")
    entries = list(_entries(rows, spins, count, "spin"))
    rows.end(f"the {count} entries")
    fields = [(i, value) for i, k, value in entries if i == k]
    return over_bits(spins, fields, [(i, k, value) for i, k, value in entries if i != k], 0)


def read_problems(rows: Rows, count: int, wanted: int) -> dict[str, Any]:
    """One of the problems of an OR-Library file, which maximise x'Qx: all signs are turned."""
    found: dict[str, Any] = {}
    for problem in range(1, count + 1):
        variables, entries_max = _counts(rows, rows.take(f"`n entries` of problem {problem} of {count}"), "variable")
        entries = list(_entries(rows, variables, entries_max, "variable"))
        if problem == wanted:
            found = _statement(variables, entries, -1)
    rows.end(f"the {count} problems")
    return found


def _counts(rows: Rows, header: Row, what: str) -> tuple[int, int]:
    counts = rows.columns(header, (2,), "`n entries`")
    size = rows.integer(header, counts[0], f"the number of {what}s", 1, VARIABLES_STATED_MAX)
    return size, rows.integer(header, counts[1], "the number of entries", 0, TERMS_MAX)


def _entries(rows: Rows, size: int, count: int, what: str) -> Iterator[Entry]:
    """The next entries, counted from 0, each pair once."""
    lines = dict[tuple[int, int], int]()
    for place in range(1, count + 1):
        row = rows.take(f"entry {place} of {count}")
        tokens = rows.columns(row, (3,), "an entry")
        i = rows.integer(row, tokens[0], f"a {what}", 1, size)
        k = rows.integer(row, tokens[1], f"a {what}", 1, size)
        value = exact(rows.number(row, tokens[2], "a coefficient", -VALUE_MAX // 2, VALUE_MAX // 2))
        before = lines.setdefault((min(i, k), max(i, k)), row.line)
        if before != row.line:
            raise rows.error(row, f"{what}s {i} and {k} have an entry already in line {before}; list each pair once")
        yield i - 1, k - 1, value


def _statement(variables: int, entries: list[Entry], sign: int) -> dict[str, Any]:
    terms = [(i, k, number(sign * value * (1 if i == k else 2))) for i, k, value in entries]
    return {"variables": variables, "terms": terms}
