"""Unweighted graphs as DIMACS states them, nodes from 1: the statement, and neighbours as bit masks."""

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
from queuebit_problems.kind import Statement

NODES_MAX = 5_000
EDGES_MAX = 1_000_000
EDGES_LISTED_MAX = 250_000
"""Up to here the normal form lists edges; above, lists of neighbours take half the space."""
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
