"""Graphs as METIS and Chaco write them: `nodes edges format`, then a line for each node of its neighbours, from 1."""

from __future__ import annotations

from pathlib import PurePath

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.text import Row, Rows

METIS = "METIS .graph: `nodes edges [format]`, then for each node a line of its neighbours, nodes from 1"
SUFFIXES = (".graph", ".metis")

WeightedEdge = tuple[int, int, Number]


def is_metis_name(file_name: str) -> bool:
    """Whether a file is one of METIS by its name."""
    return PurePath(file_name).suffix.lower() in SUFFIXES


def is_metis(text: str) -> bool:
    """Whether a graph file begins with two to four counts, where DIMACS has a letter."""
    first = next((line.split() for line in text.splitlines() if line.strip() and line[0] != "%"), [])
    return 2 <= len(first) <= 4 and all(token.isascii() and token.isdigit() for token in first)


def read_metis(text: str, rows: Rows, *, nodes_max: int, edges_max: int) -> tuple[int, list[WeightedEdge]]:
    """(nodes, edges from 1 with u < v). Nodes with weights are refused. Raises UnreadableFile with the line.

    An empty line is a node without neighbours, so the lines are taken as they are.
    """
    lines = [(k, line.split()) for k, line in enumerate(text.splitlines(), start=1) if not line.startswith("%")]
    while lines and not lines[0][1]:
        lines.pop(0)
    if not lines:
        raise rows.error(None, "the file ends at once, where `nodes edges` should stand")
    head = Row(*lines[0])
    if not 2 <= len(head.tokens) <= 4:
        raise rows.error(head, "the first line should read `nodes edges format`")
    nodes = rows.integer(head, head.tokens[0], "the number of nodes", 1, nodes_max)
    stated = rows.integer(head, head.tokens[1], "the number of edges", 0, edges_max)
    form = head.tokens[2].zfill(3) if len(head.tokens) > 2 else "000"
    if form not in ("000", "001"):
        raise rows.error(head, f"the format {head.tokens[2][:10]!r} gives nodes weights, which are not read")
    while len(lines) > nodes + 1 and not lines[-1][1]:
        lines.pop()
    if len(lines) != nodes + 1:
        raise rows.error(head, f"the first line promises {nodes} nodes, but {len(lines) - 1} lines follow")
    found = _edges(rows, [Row(*line) for line in lines[1:]], nodes, weighted=form == "001")
    if len(found) != stated:
        raise rows.error(head, f"the first line promises {stated} edges, but {len(found)} follow")
    return nodes, [(u, v, weight) for (u, v), weight in sorted(found.items())]


def _edges(rows: Rows, lines: list[Row], nodes: int, *, weighted: bool) -> dict[tuple[int, int], Number]:
    """Each edge stands with both of its nodes, with the same weight."""
    seen: dict[tuple[int, int], Number] = {}
    step = 2 if weighted else 1
    for u, row in enumerate(lines, start=1):
        if len(row.tokens) % step:
            raise rows.error(row, "each neighbour should be followed by the weight of the edge")
        for token, weight in zip(row.tokens[::step], row.tokens[1::2] if weighted else row.tokens, strict=True):
            v = rows.integer(row, token, "a node", 1, nodes)
            if u == v:
                raise rows.error(row, f"the edge joins node {u} with itself")
            if (u, v) in seen:
                raise rows.error(row, f"node {v} stands twice")
            seen[u, v] = rows.number(row, weight, "a weight") if weighted else 1
    for (u, v), value in seen.items():
        if seen.get((v, u)) != value:
            raise _one_sided(rows, lines[u - 1], u, v)
    return {pair: value for pair, value in seen.items() if pair[0] < pair[1]}


def _one_sided(rows: Rows, row: Row, u: int, v: int) -> UnreadableFile:
    return rows.error(row, f"the edge of {u} and {v} stands with {u} alone, or with two weights")
