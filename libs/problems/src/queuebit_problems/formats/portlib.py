"""Files of the OR-Library's portfolios: returns, deviations and correlations, in one file or in two."""

from __future__ import annotations

from queuebit_contracts.jobs import Number
from queuebit_problems.formats.text import Row, Rows

ASSETS_MAX = 1_000

Head = list[tuple[Number, Number]]


def read_counted(rows: Rows, first: Row) -> tuple[Head, list[list[Number]]]:
    """OR-Library's own form: the number of assets, `mean deviation` of each, and the correlations."""
    n = rows.integer(first, rows.columns(first, (1,), "the first line")[0], "the number of assets", 1, ASSETS_MAX)
    head: Head = []
    for asset in range(n):
        row = rows.take(f"asset {asset + 1} of {n}")
        mean, deviation = rows.columns(row, (2,), "`mean deviation`")
        head.append((rows.number(row, mean, "a mean"), rows.number(row, deviation, "a deviation", 0)))
    return head, _read_correlations(rows, rows.take("`i j correlation`"), n)


def read_indexed(rows: Rows, first: Row) -> tuple[Head, list[list[Number]]]:
    """`i mean deviation` of each asset in order, then the correlations, which start at asset 1 again."""
    head: Head = []
    row: Row | None = first
    while row is not None and len(row.tokens) == 3 and row.tokens[0] == str(len(head) + 1):
        if len(head) == 1 and row.tokens[:2] == ["2", "1"]:
            break
        head.append((rows.number(row, row.tokens[1], "a mean"), rows.number(row, row.tokens[2], "a deviation", 0)))
        row = next(rows, None)
    if not head or len(head) > ASSETS_MAX:
        raise rows.error(first, f"the assets should be numbered from 1 to at most {ASSETS_MAX}, in order")
    return head, _read_correlations(rows, row, len(head))


def _read_correlations(rows: Rows, row: Row | None, n: int) -> list[list[Number]]:
    found: dict[tuple[int, int], Number] = {}
    while row is not None:
        tokens = rows.columns(row, (3,), "a correlation")
        i, j = (rows.integer(row, token, "an asset", 1, n) for token in tokens[:2])
        value = rows.number(row, tokens[2], "a correlation", -1, 1)
        if i == j and value != 1:
            raise rows.error(row, f"asset {i} should correlate with itself by 1, not {value}")
        if found.setdefault((max(i, j), min(i, j)), value) != value:
            raise rows.error(row, f"assets {i} and {j} have another correlation already")
        row = next(rows, None)
    missing = next(((i, j) for i in range(1, n + 1) for j in range(1, i) if (i, j) not in found), None)
    if missing is not None or not found:
        where = (
            f"the correlation of assets {missing[1]} and {missing[0]} is"
            if found and missing
            else "all correlations are"
        )
        raise rows.error(None, f"{where} missing; those of X_return_sd.txt belong into X_correlation.txt beside it")
    return [[found[i, j] for j in range(1, i)] for i in range(1, n + 1)]
