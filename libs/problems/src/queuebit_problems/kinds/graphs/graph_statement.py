"""Unweighted graphs as DIMACS states them, nodes from 1: the statement, the reader, and neighbours as bit masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    Strict,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.graphml import GRAPHML, is_graphml, read_graphml
from queuebit_problems.formats.metis import METIS, is_metis, read_metis
from queuebit_problems.formats.text import Row, Rows, parse_number
from queuebit_problems.kind import Statement

NODES_MAX = 5_000
EDGES_MAX = 1_000_000
EDGES_LISTED_MAX = 250_000
"""Up to here the normal form lists edges; above, lists of neighbours take half the space."""
DIMACS = (
    "DIMACS: `p edge nodes edges` (or `p col`), then `e u v`, nodes from 1; an edge may stand twice; no weights but 1"
)

NODE_CODE = NODES_MAX + 1
"""Two nodes as one number, which sorts faster than a pair."""

Node = Annotated[int, Strict(), Field(ge=1)]
Edges = tuple[tuple[Node, Node], ...]


def _either(schema: dict[str, Any]) -> None:
    """State in the schema what stands in for edges."""
    nodes = {"type": "array", "items": {"type": "integer", "minimum": 1}}
    schema["properties"]["neighbours"] = {
        "type": "array",
        "maxItems": NODES_MAX,
        "items": nodes,
        "description": "Instead of edges: the nodes that each node, from node 1 on, is joined with.",
    }
    schema["required"] = ["nodes"]
    schema["oneOf"] = [{"required": ["edges"]}, {"required": ["neighbours"]}]


def _simple_graph(edges: Edges, info: ValidationInfo) -> Edges:
    """Refuse loops and nodes outside the graph; else the normal form: the lower node first, in order, each pair once."""
    nodes = info.data.get("nodes")
    if nodes is None:
        return edges
    raise_faults("graph", _faults(edges, nodes))
    if all(u < v for u, v in edges) and all(left < right for left, right in pairwise(edges)):
        return edges
    return tuple(sorted({(u, v) if u < v else (v, u) for u, v in edges}))


def _faults(edges: Edges, nodes: int) -> Iterator[tuple[Place, str, str]]:
    for place, (u, v) in enumerate(edges):
        if u > nodes or v > nodes:
            yield (place, 0 if u > nodes else 1), "node", f"should be a node from 1 to {nodes}"
        elif u == v:
            yield (place,), "loop", f"joins node {u} with itself; leave it out"


def _edges_of(neighbours: Any, nodes: Any) -> list[tuple[int, int]]:
    """The edges that lists of neighbours state."""
    if not isinstance(neighbours, list | tuple):
        raise_faults("graph", [(("neighbours",), "list_type", "should be a list for each node of its neighbours")])
    wrong = [place for place, row in enumerate(neighbours) if not isinstance(row, list | tuple)]
    raise_faults("graph", ((("neighbours", place), "list_type", "should be a list of nodes") for place in wrong))
    most = nodes if type(nodes) is int else NODES_MAX
    if len(neighbours) > most:
        raise_faults("graph", [(("neighbours",), "length", f"should have at most {most} lists, not {len(neighbours)}")])
    raise_faults("graph", _neighbour_faults(neighbours, most))
    return [(u, v) for u, row in enumerate(neighbours, start=1) for v in row]


def _neighbour_faults(neighbours: Any, most: int) -> Iterator[tuple[Place, str, str]]:
    for place, row in enumerate(neighbours):
        for k, v in enumerate(row):
            if type(v) is not int or not 1 <= v <= most:
                yield ("neighbours", place, k), "node", f"should be a node from 1 to {most}"
            elif v == place + 1:
                yield ("neighbours", place, k), "loop", f"joins node {v} with itself; leave it out"


class GraphStatement(Statement):
    """A graph. Nodes count from 1, as in DIMACS files. A pair that stands twice, in either direction, is one edge.

    Instead of "edges" there may be "neighbours": a list for each node, from node 1 on, of nodes that it is joined with; each
    edge need stand only once. The normal form of a large graph is written so, of each node those after it.
    """

    model_config = ConfigDict(json_schema_extra=_either)

    nodes: Annotated[int, Strict(), Field(ge=1, le=NODES_MAX, description="How many nodes; they count from 1.")]
    edges: Annotated[
        Edges,
        AfterValidator(_simple_graph),
        Field(max_length=EDGES_MAX, description="Edges [u, v], nodes from 1. No loops."),
    ]

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "neighbours" not in data:
            return data
        if "edges" in data:
            raise_faults("graph", [(("neighbours",), "surplus", "should be left out where edges are stated")])
        rest = {key: value for key, value in data.items() if key != "neighbours"}
        return {**rest, "edges": _edges_of(data["neighbours"], data.get("nodes"))}

    @model_serializer(mode="wrap")
    def _compact(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        if len(self.edges) <= EDGES_LISTED_MAX:
            written: dict[str, Any] = plain(self)
            return written
        later: list[list[int]] = [[] for _ in range(self.edges[-1][0])]
        for u, v in self.edges:
            later[u - 1].append(v)
        rest: dict[str, Any] = plain(self.model_copy(update={"edges": ()}))
        del rest["edges"]
        return {**rest, "neighbours": later}

    @cached_property
    def masks(self) -> list[int]:
        """Bit v - 1 of item u - 1 says that u and v are joined."""
        masks = [0] * self.nodes
        for u, v in self.edges:
            masks[u - 1] |= 1 << (v - 1)
            masks[v - 1] |= 1 << (u - 1)
        return masks


def read_graph(text: str, *, file_name: str, title: str) -> GraphStatement:
    """Read a graph of DIMACS, of GraphML, or of METIS where it begins with counts. Raises UnreadableFile with the line."""
    remedy = f"{title} reads {DIMACS}; or {METIS}; or {GRAPHML}."
    if is_graphml(text):
        return _read_graphml(text, Rows(text, file_name=file_name, remedy=remedy))
    if not is_metis(text):
        return _read_dimacs(text, file_name=file_name, remedy=remedy)
    rows = Rows(text, file_name=file_name, remedy=remedy)
    nodes, edges = read_metis(text, rows, nodes_max=NODES_MAX, edges_max=EDGES_MAX)
    return GraphStatement(nodes=nodes, edges=tuple((u, v) for u, v, _ in edges))


def _read_graphml(text: str, rows: Rows) -> GraphStatement:
    nodes, edges = read_graphml(text, rows, nodes_max=NODES_MAX, edges_max=EDGES_MAX)
    for each in edges:
        _check_weight(rows, each.row, str(each.weight), "edge")
        if each.u == each.v:
            raise rows.error(each.row, f"the edge joins node {each.u + 1} with itself")
    return GraphStatement(nodes=nodes, edges=tuple((each.u + 1, each.v + 1) for each in edges))


def _read_dimacs(text: str, *, file_name: str, remedy: str) -> GraphStatement:
    """Read a DIMACS graph. The number of edges must be that of the lines, or of the distinct pairs among them."""
    rows = Rows(text, file_name=file_name, remedy=remedy)
    header = _header(rows)
    nodes = rows.integer(header, header.tokens[2], "the number of nodes", 1, NODES_MAX)
    stated = rows.integer(header, header.tokens[3], "the number of edges", 0, 2 * EDGES_MAX)
    names = {str(node): node for node in range(1, nodes + 1)}
    distinct, count = set[int](), 0
    for row in rows:
        tokens = row.tokens
        if tokens[0] in {"c", "n", "d", "v", "x"}:
            if tokens[0] == "n" and len(tokens) > 2:
                _check_weight(rows, row, tokens[2], "node")
            continue
        if tokens[0] != "e" or len(tokens) not in (3, 4):
            raise rows.error(row, "an edge should read `e u v`")
        if len(tokens) == 4:
            _check_weight(rows, row, tokens[3], "edge")
        u = names.get(tokens[1]) or rows.integer(row, tokens[1], "a node", 1, nodes)
        v = names.get(tokens[2]) or rows.integer(row, tokens[2], "a node", 1, nodes)
        if u == v:
            raise rows.error(row, f"the edge joins node {u} with itself")
        distinct.add(u * NODE_CODE + v if u < v else v * NODE_CODE + u)
        count += 1
        if len(distinct) > EDGES_MAX:
            raise rows.error(row, f"there are more than {EDGES_MAX} edges")
    if stated not in (count, len(distinct)):
        raise rows.error(header, f"the header promises {stated} edges, but {count} follow")
    return GraphStatement(nodes=nodes, edges=tuple(divmod(code, NODE_CODE) for code in sorted(distinct)))


def _check_weight(rows: Rows, row: Row, token: str, bearer: str) -> None:
    """Refuse a weight that would make another problem of it."""
    if parse_number(token) != 1:
        raise rows.error(
            row,
            f"the {bearer} has the weight {token[:40]!r}, but only graphs without weights are solved here",
            remedy="Only the number of nodes or of colours is solved for: leave the weights out if all may count the same.",
        )


def _header(rows: Rows) -> Row:
    while True:
        row = rows.take("`p edge nodes edges`")
        if row.tokens[0].startswith("c"):
            continue
        if row.tokens[0] != "p" or len(row.tokens) != 4:
            raise rows.error(row, "the header should read `p edge nodes edges`")
        return row


def is_graph(text: str) -> bool:
    """Whether it is GraphML, or the first line that is no comment is a header of a DIMACS graph."""
    if is_graphml(text):
        return True
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
