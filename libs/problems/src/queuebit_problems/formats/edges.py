"""Weighted graphs as programs write them: edge lists and CSV, which count nodes from 0, Matrix Market, METIS and GraphML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from queuebit_contracts.jobs import Number
from queuebit_problems.formats.graphml import is_graphml, read_graphml
from queuebit_problems.formats.metis import SUFFIXES, is_metis_name, read_metis
from queuebit_problems.formats.text import Row, Rows

Edge = tuple[int, int, Number]

MARKET = "%%MatrixMarket"
_WEIGHT = re.compile(r"\{\s*'weight'\s*:\s*([^,}\s]+)\s*\}")
_NAMES = frozenset({"source", "target", "weight", "from", "to", "u", "v", "w", "src", "dst", "node1", "node2"})
_WEIGHTS = frozenset({"weight", "w"})


def is_edge_file(text: str, file_name: str) -> bool:
    """Whether a text says, in itself or by its name, that it is one of these layouts."""
    if is_graphml(text):
        return True
    first = next((line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#%"), "")
    suffix = PurePath(file_name).suffix.lower()
    named = "," in first and {cell.lower() for cell in _cells(first)} <= _NAMES
    return text.startswith(MARKET) or named or suffix in (".edgelist", ".edges", ".csv", *SUFFIXES)


def read_edge_file(text: str, file_name: str, rows: Rows, *, nodes_max: int, edges_max: int) -> tuple[int, list[Edge]]:
    """(nodes, edges from 0) of a text in one of these layouts. Raises UnreadableFile with the line."""
    if is_graphml(text):
        nodes, found = read_graphml(text, rows, nodes_max=nodes_max, edges_max=edges_max)
        return nodes, [(each.u, each.v, each.weight) for each in found]
    if is_metis_name(file_name):
        nodes, pairs = read_metis(text, rows, nodes_max=nodes_max, edges_max=edges_max)
        return nodes, [(u - 1, v - 1, weight) for u, v, weight in pairs]
    edges = list(_market(text, rows, nodes_max) if text.startswith(MARKET) else _listed(rows, nodes_max))
    if len(edges) > edges_max + 1:
        raise rows.error(None, f"there are more than {edges_max} edges")
    if text.startswith(MARKET):
        return edges[0][0], edges[1:]
    if not edges:
        raise rows.error(None, "the file ends at once, where an edge should follow")
    return max(max(u, v) for u, v, _ in edges) + 1, edges


def read_counted_edges(rows: Rows, first: int, nodes: int, edges_max: int) -> Iterator[Edge]:
    """The edges of the remaining rows, nodes counted from 0. `first` is the number of the first node in the file."""
    last, lines = nodes - 1 + first, dict[tuple[int, int], int]()
    widths: tuple[int, ...] = (2, 3) if first else (2,)
    for row in rows:
        if len(lines) == edges_max:
            raise rows.error(row, f"nothing should follow the {edges_max} edges")
        tokens = rows.columns(row, widths, "an edge")
        widths = (len(tokens),)
        u = rows.integer(row, tokens[0], "a node", first, last)
        v = rows.integer(row, tokens[1], "a node", first, last)
        weight = rows.number(row, tokens[2], "a weight") if len(tokens) == 3 else 1
        if u == v:
            raise rows.error(row, f"the edge joins node {u} with itself")
        before = lines.setdefault((min(u, v), max(u, v)), row.line)
        if before != row.line:
            raise rows.error(row, f"nodes {u} and {v} are joined already in line {before}; list each pair once")
        yield u - first, v - first, weight


def _listed(rows: Rows, nodes_max: int) -> Iterator[Edge]:
    """`u v`, `u v weight` or `u v {'weight': weight}` a line, with spaces or commas between; a line of names may come first,
    and then says which column is which.
    """
    columns, width = [0, 1, 2], 0
    for place, row in enumerate(rows):
        tokens = _cells(" ".join(row.tokens))
        if place == 0 and {token.lower() for token in tokens} <= _NAMES:
            columns, width = _columns(rows, row, [token.lower() for token in tokens]), len(tokens)
            continue
        if len(tokens) not in (2, 3):
            raise rows.error(row, f"an edge should read `u v weight`, not {' '.join(tokens)[:40]!r}")
        width = width or len(tokens)
        if len(tokens) != width:
            raise rows.error(row, f"there should be {width} columns as above, not {len(tokens)}")
        tokens = [tokens[column] for column in columns[:width]]
        u, v = (rows.integer(row, token, "a node", 0, nodes_max - 1) for token in tokens[:2])
        yield u, v, rows.number(row, tokens[2], "a weight") if len(tokens) == 3 else 1


def _columns(rows: Rows, row: Row, names: list[str]) -> list[int]:
    """The places of both ends and of the weight under a line of names."""
    weights = [place for place, name in enumerate(names) if name in _WEIGHTS]
    ends = [place for place, name in enumerate(names) if name not in _WEIGHTS]
    if len(ends) != 2 or len(weights) > 1 or len(set(names)) < len(names):
        raise rows.error(row, "the names should be those of two nodes, and perhaps of a weight")
    return ends + weights


def _cells(line: str) -> list[str]:
    line = _WEIGHT.sub(r"\1", line).replace("{}", "")
    return [token.strip(" \"'") for token in line.split(",")] if "," in line else line.split()


def _market(text: str, rows: Rows, nodes_max: int) -> Iterator[Edge]:
    """First (nodes, nodes, 0), then the edges; an edge that stands in both directions is one."""
    words = text.splitlines()[0].lower().split()
    known = words[1:3] == ["matrix", "coordinate"] and words[3:4] and words[3] in ("integer", "real", "pattern")
    if not known or words[4:] not in (["symmetric"], ["general"]):
        raise rows.error(
            None, "the matrix should be `coordinate`, of integer, real or pattern entries, symmetric or general"
        )
    head = rows.take("`rows columns entries`")
    counts = rows.columns(head, (3,), "`rows columns entries`")
    nodes = rows.integer(head, counts[0], "the number of rows", 1, nodes_max)
    if counts[1] != counts[0]:
        raise rows.error(head, f"the matrix of a graph is square, not {counts[0]} by {counts[1]}")
    yield nodes, nodes, 0
    seen: dict[tuple[int, int], tuple[Row, Number, bool]] = {}
    for place in range(rows.integer(head, counts[2], "the number of entries", 0, 10**9)):
        row = rows.take(f"entry {place + 1} of {counts[2]}")
        tokens = rows.columns(row, (2,) if words[3] == "pattern" else (3,), "an entry")
        i, j = (rows.integer(row, token, "a node", 1, nodes) - 1 for token in tokens[:2])
        value = rows.number(row, tokens[2], "a weight") if len(tokens) == 3 else 1
        pair, other_way = (min(i, j), max(i, j)), i > j
        before = seen.get(pair)
        if before is not None:
            twice = words[4] == "symmetric" or before[2] == other_way
            if twice or before[1] != value:
                detail = "stands twice" if twice else "has another weight the other way round"
                raise rows.error(row, f"the edge of nodes {i + 1} and {j + 1} {detail} (line {before[0].line})")
            continue
        seen[pair] = row, value, other_way
        if i != j or value:
            yield i, j, value
    rows.end("the entries")
