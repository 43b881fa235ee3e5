"""Tables of numpy, scipy and pandas: rows and columns keep their order."""

from __future__ import annotations

from typing import Any

from queuebit_client.objects.words import number, one_of, refuse

KINDS = ("qubo", "maxcut", "assignment", "tsp", "kernel")
Row = list[int | float]


def problem(table: Any, kind: str | None) -> dict[str, Any]:
    """qubo: x'Qx, so that what stands in both triangles adds up. maxcut: weights, in one triangle or alike in both."""
    asked = one_of(kind, "table", KINDS)
    if len(getattr(table, "shape", ())) != 2:
        refuse("The table does not have two dimensions.", "Submit rows and columns.")
    if asked in ("qubo", "maxcut"):
        if table.shape[0] != table.shape[1]:
            refuse(f"The table is {table.shape[0]} by {table.shape[1]}.", "Submit as many rows as columns.")
        entries = _entries(table)
        return {"kind": asked, "statement": _qubo(table, entries) if asked == "qubo" else _maxcut(table, entries)}
    rows = _rows(table)
    if asked == "assignment":
        return {"kind": asked, "statement": {"costs": rows}}
    if asked == "tsp":
        return {"kind": asked, "statement": {"metric": "EXPLICIT", "distances": rows}}
    return {"kind": asked, "statement": {"train": rows}}


def _qubo(table: Any, entries: dict[tuple[int, int], int | float]) -> dict[str, Any]:
    pairs: dict[tuple[int, int], int | float] = {}
    for (i, j), value in entries.items():
        pair = (min(i, j), max(i, j))
        pairs[pair] = pairs.get(pair, 0) + value
    terms = [[i, j, value] for (i, j), value in sorted(pairs.items()) if value]
    return {"variables": int(table.shape[0]), "terms": terms}


def _maxcut(table: Any, entries: dict[tuple[int, int], int | float]) -> dict[str, Any]:
    one_sided = all(i <= j for i, j in entries) or all(i >= j for i, j in entries)
    if not one_sided and any(entries.get((j, i), 0) != value for (i, j), value in entries.items()):
        refuse("The weights of both triangles differ.", "Submit a symmetric matrix, or one triangle.")
    chosen = {(min(i, j), max(i, j)): value for (i, j), value in entries.items() if value}
    return {"nodes": int(table.shape[0]), "edges": [[i, j, value] for (i, j), value in sorted(chosen.items())]}


def _entries(table: Any) -> dict[tuple[int, int], int | float]:
    """What is not 0; of a sparse table without writing it out, entries at one place added."""
    if hasattr(table, "tocoo"):
        found: dict[tuple[int, int], int | float] = {}
        sparse = table.tocoo()
        for i, j, value in zip(sparse.row.tolist(), sparse.col.tolist(), sparse.data.tolist(), strict=True):
            found[i, j] = found.get((i, j), 0) + number(value)
        return {place: value for place, value in found.items() if value}
    rows = _rows(table)
    return {(i, j): value for i, row in enumerate(rows) for j, value in enumerate(row) if value}


def _rows(table: Any) -> list[Row]:
    dense = table.toarray() if hasattr(table, "toarray") else table
    plain = dense.to_numpy() if hasattr(dense, "to_numpy") else dense
    return [[number(value) for value in row] for row in plain.tolist()]
