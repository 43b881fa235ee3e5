"""Graphs of networkx: nodes are numbered in the order of `graph.nodes`."""

from __future__ import annotations

from typing import Any

from queuebit_client.objects.words import number, one_of, refuse

_FROM_ONE = ("max_independent_set", "max_clique", "graph_colouring")
KINDS = ("maxcut", *_FROM_ONE, "tsp")


def problem(graph: Any, kind: str | None) -> dict[str, Any]:
    """maxcut: node k is `list(graph.nodes)[k]`; of the others node k + 1 is, for they count from 1."""
    asked = one_of(kind, "graph", KINDS)
    place = {node: k for k, node in enumerate(graph.nodes)}
    if asked == "tsp":
        return {"kind": asked, "statement": {"metric": "EXPLICIT", "distances": _distances(graph, place)}}
    if graph.is_directed():
        refuse("The graph is directed.", "Submit graph.to_undirected().")
    weights = _weights(graph, place)
    if asked == "maxcut":
        edges = [[u, v, weight] for (u, v), weight in weights.items()]
    else:
        if any(weight != 1 for weight in weights.values()):
            refuse(f"{asked} has no weights, and the graph has.", "Submit a graph whose edges have none.")
        edges = [[u + 1, v + 1] for u, v in weights]
    return {"kind": asked, "statement": {"nodes": len(place), "edges": edges}}


def _weights(graph: Any, place: dict[Any, int]) -> dict[tuple[int, int], int | float]:
    """The weight of each pair, 1 where none is stated; edges that stand beside each other add up."""
    found: dict[tuple[int, int], int | float] = {}
    for u, v, weight in graph.edges(data="weight", default=1):
        pair = (min(place[u], place[v]), max(place[u], place[v]))
        found[pair] = found.get(pair, 0) + number(weight)
    return found


def _distances(graph: Any, place: dict[Any, int]) -> list[list[int | float]]:
    if graph.is_multigraph():
        refuse("Two nodes may have several distances.", "Submit networkx.Graph(graph) or networkx.DiGraph(graph).")
    table: list[list[int | float | None]] = [[None] * len(place) for _ in place]
    for u, v, weight in graph.edges(data="weight", default=None):
        if weight is None:
            refuse(f"The edge from {u!r} to {v!r} has no weight.", "Give each edge its distance as weight.")
        both = [(u, v)] if graph.is_directed() else [(u, v), (v, u)]
        for one, other in both:
            table[place[one]][place[other]] = number(weight)
    for k, row in enumerate(table):
        row[k] = 0
        if None in row:
            refuse("Some nodes have no distance.", "Submit a complete graph, as by all shortest paths.")
    return [[value for value in row if value is not None] for row in table]
