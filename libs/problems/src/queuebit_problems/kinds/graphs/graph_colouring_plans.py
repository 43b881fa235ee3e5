"""Colourings that are kept to earlier ones, node by node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, islice
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, Strict

from queuebit_problems.keeping.labels import THINGS_MAX, Labels
from queuebit_problems.keeping.statement import Choice, KeepingStatement, within
from queuebit_problems.kinds.graphs.colouring_search import dsatur
from queuebit_problems.kinds.graphs.graph_statement import NODES_MAX, GraphStatement, edge_cliques
from queuebit_problems.rows import NamedRows

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

CLASHES_MAX = 1_000
"""So many nodes that are joined and pinned to one colour are told of."""


class ColouringStatement(GraphStatement, KeepingStatement):
    """A graph whose nodes are coloured. Nodes count from 1, as in DIMACS files. A pair that stands twice, in either
    direction, is one edge. A part of a plan is [node, colour], colours from 0.

    Instead of "edges" there may be "neighbours": a list for each node, from node 1 on, of nodes that it is joined with; each
    edge need stand only once. The normal form of a large graph is written so, of each node those after it.
    """

    colours: Annotated[
        Annotated[int, Strict(), Field(ge=1, le=NODES_MAX)] | None,
        Field(
            exclude_if=lambda colours: colours is None, description="The most colours; any number where it is left out."
        ),
    ] = None

    def keep_fault(self) -> str | None:
        many = self.nodes > THINGS_MAX
        return f"should be left out: colourings of more than {THINGS_MAX} nodes are not kept" if many else None

    def part_fault(self, part: Choice) -> str | None:
        return within(part, "node, colour", range(1, self.nodes + 1), range(self.nodes))


class Colourings(Labels[ColouringStatement]):
    """The part of a node is its colour."""

    key = "colour"
    thing = "node"
    first = 1

    def count(self, statement: ColouringStatement) -> int:
        return statement.nodes

    def enough(self, statement: ColouringStatement) -> int:
        return max(dsatur(statement.masks)) + 1

    def limit(self, statement: ColouringStatement) -> int | None:
        return statement.colours

    def together(self, statement: ColouringStatement) -> Callable[[int, Iterable[int]], bool]:
        masks = statement.masks
        return lambda node, others: not any(masks[node] >> other & 1 for other in others)

    def constrain(self, statement: ColouringStatement, rows: Sequence[Sequence[Any]], model: cp_model.CpModel) -> bool:
        for members in edge_cliques(statement.masks):
            for colour in range(len(rows[0])):
                model.add_at_most_one(rows[node][colour] for node in members)
        return True

    def constrain_pins(
        self, statement: ColouringStatement, label: int, bits: Mapping[int, int], found: NamedRows
    ) -> None:
        """Where many clash some of them are named: one is enough for what is pinned to allow no answer."""
        del label
        clashes = (pair for pair in combinations(bits, 2) if statement.masks[pair[0]] >> pair[1] & 1)
        for one, other in islice(clashes, CLASHES_MAX):
            found.add(f"nodes {one + 1} and {other + 1} differ", [(bits[one], 1), (bits[other], 1)], upper=1)


PLANS = Colourings()
