"""What every colouring with so many colours keeps, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from queuebit_problems.kinds.graphs.graph_statement import GraphStatement
from queuebit_problems.rows import NamedRows

BITS_MAX: Final = 5_000
ROWS_MAX: Final = 5_000


def rows_of_colours(statement: GraphStatement, colours: int, clique: Sequence[int]) -> NamedRows | None:
    """A bit for each node and colour; None where there are too many. Colours are numbered by the nodes of the clique, from 0,
    which all have others.
    """
    if statement.nodes * colours > BITS_MAX or len(statement.edges) * colours > ROWS_MAX:
        return None
    found = NamedRows([(0, 1)] * (statement.nodes * colours), complete=True)
    for place, node in enumerate(clique):
        for c in range(place + 1, colours):
            found.ranges[node * colours + c] = (0, 0)
    for node in range(statement.nodes):
        bits = [(node * colours + c, 1) for c in range(colours)]
        found.add(f"node {node + 1} in one of {colours} colours", bits, lower=1, upper=1)
    for u, v in statement.edges:
        for c in range(colours):
            found.add(f"nodes {u} and {v} differ", [((u - 1) * colours + c, 1), ((v - 1) * colours + c, 1)], upper=1)
    return found
