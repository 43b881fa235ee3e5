"""Unweighted graphs as DIMACS states them, nodes from 1: the statement, the reader, and neighbours as bit masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, Strict, ValidationInfo

from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.kind import Statement
from queuebit_problems.shape import shape_of
from queuebit_problems.text import Row, Rows

NODES_MAX = 5_000
EDGES_MAX = 1_000_000
DIMACS = "DIMACS: `p edge nodes edges` (or `p col`), then `e u v`, nodes from 1; an edge may stand twice"

Node = Annotated[int, Strict(), Field(ge=1)]
Edges = tuple[tuple[Node, Node], ...]


def _simple_graph(edges: Edges, info: ValidationInfo) -> Edges:
    """Refuse loops and nodes outside the graph; else the normal form: the lower node first, in order, each pair once."""
    nodes = info.data.get("nodes")
    if nodes is None:
        return edges
    raise_faults("graph", _faults(edges, nodes))
    return tuple(sorted({(u, v) if u < v else (v, u) for u, v in edges}))


def _faults(edges: Edges, nodes: int) -> Iterator[tuple[Place, str, str]]:
    for place, (u, v) in enumerate(edges):
        if u > nodes or v > nodes:
            yield (place, 0 if u > nodes else 1), "node", f"should be a node from 1 to {nodes}"
        elif u == v:
            yield (place,), "loop", f"joins node {u} with itself; leave it out"


class GraphStatement(Statement):
    """A graph. Nodes count from 1, as in DIMACS files. A pair that stands twice, in either direction, is one edge."""

    nodes: Annotated[int, Strict(), Field(ge=1, le=NODES_MAX, description="How many nodes; they count from 1.")]
    edges: Annotated[
        Edges,
        AfterValidator(_simple_graph),
        Field(max_length=EDGES_MAX, description="Edges [u, v], nodes from 1. No loops."),
    ]

    @cached_property
    def masks(self) -> list[int]:
        """Bit v - 1 of item u - 1 says that u and v are joined."""
        masks = [0] * self.nodes
        for u, v in self.edges:
            masks[u - 1] |= 1 << (v - 1)
            masks[v - 1] |= 1 << (u - 1)
        return masks


def read_dimacs(text: str, *, file_name: str, remedy: str) -> GraphStatement:
    """Read a DIMACS graph. The number of edges must be that of the lines, or of the distinct pairs among them."""
    rows = Rows(text, file_name=file_name, remedy=remedy)
    header = _header(rows)
    nodes = rows.integer(header, header.tokens[2], "the number of nodes", 1, NODES_MAX)
    stated = rows.integer(header, header.tokens[3], "the number of edges", 0, 2 * EDGES_MAX)
    edges: list[tuple[int, int]] = []
    for row in rows:
        if row.tokens[0] in {"c", "n", "d", "v", "x"}:
            continue
        if row.tokens[0] != "e" or len(row.tokens) not in (3, 4):
            raise rows.error(row, "an edge should read `e u v`")
        u, v = (rows.integer(row, token, "a node", 1, nodes) for token in row.tokens[1:3])
        if u == v:
            raise rows.error(row, f"the edge joins node {u} with itself")
        edges.append((u, v))
    distinct = {(u, v) if u < v else (v, u) for u, v in edges}
    if stated not in (len(edges), len(distinct)):
        raise rows.error(header, f"the header promises {stated} edges, but {len(edges)} follow")
    if len(distinct) > EDGES_MAX:
        raise rows.error(None, f"{len(distinct)} edges are more than {EDGES_MAX}")
    return GraphStatement(nodes=nodes, edges=tuple(sorted(distinct)))


def _header(rows: Rows) -> Row:
    while True:
        row = rows.take("`p edge nodes edges`")
        if row.tokens[0].startswith("c"):
            continue
        if row.tokens[0] != "p" or len(row.tokens) != 4:
            raise rows.error(row, "the header should read `p edge nodes edges`")
        return row


def is_dimacs(text: str) -> bool:
    """Whether the first line that is no comment is a header of a DIMACS graph."""
    for line in shape_of(text).lines:
        if not line.startswith("c"):
            tokens = line.split()
            return len(tokens) == 4 and tokens[0] == "p" and tokens[1] in {"edge", "edges", "col", "clq", "mis"}
    return False


def bits_of(mask: int) -> Iterator[int]:
    """The places of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def complement(masks: list[int]) -> list[int]:
    """The masks of the graph that joins what this one does not."""
    every = (1 << len(masks)) - 1
    return [every & ~mask & ~(1 << node) for node, mask in enumerate(masks)]


def greedy_clique(masks: list[int], order: Iterable[int]) -> list[int]:
    """Each node of the order that is joined with all taken before it, from 0."""
    common, clique = (1 << len(masks)) - 1, []
    for node in order:
        if common >> node & 1:
            clique.append(node)
            common &= masks[node]
    return clique


def clique_cover(masks: list[int]) -> int:
    """How many cliques first fit needs to cover all nodes: no independent set has more nodes."""
    left, cliques = (1 << len(masks)) - 1, 0
    for node in sorted(range(len(masks)), key=lambda node: masks[node].bit_count(), reverse=True):
        if not left >> node & 1:
            continue
        left ^= 1 << node
        common = masks[node] & left
        while common:
            low = common & -common
            left ^= low
            common &= masks[low.bit_length() - 1]
        cliques += 1
    return cliques


def edge_cliques(masks: list[int]) -> Iterator[list[int]]:
    """Cliques that together hold every edge: at most one node of each makes an independent set, and stronger than by pairs."""
    open_ = list(masks)
    for node in range(len(masks)):
        while open_[node]:
            clique, common = [node], masks[node]
            while common & open_[node]:
                low = common & open_[node]
                other = (low & -low).bit_length() - 1
                mine = sum(1 << member for member in clique)
                open_[other] &= ~mine
                for member in clique:
                    open_[member] &= ~(1 << other)
                clique.append(other)
                common &= masks[other]
            yield clique
