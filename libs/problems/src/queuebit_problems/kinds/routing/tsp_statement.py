"""What a travelling salesman states."""

from __future__ import annotations

from functools import cached_property

from queuebit_problems.kinds.routing.road_statement import RoadStatement
from queuebit_problems.kinds.routing.tsp_search import length, nearest_neighbour, one_tree_bound


class TspStatement(RoadStatement):
    """Nodes to visit once each, and the distances between them. Nodes count from 1 in answers."""

    @cached_property
    def quick(self) -> list[int]:
        """Nearest neighbour from the first node, from 0."""
        return nearest_neighbour(self.scaled[0])

    @cached_property
    def bound(self) -> int:
        """A bound on the shortest tour, in the unit of the distances."""
        d, _ = self.scaled
        n = self.nodes
        if n == 1:
            return 0
        out = [min(value for j, value in enumerate(row) if j != i) for i, row in enumerate(d)]
        back = [min(d[i][j] - out[i] for i in range(n) if i != j) for j in range(n)]
        simple = sum(out) + sum(back)
        if not self.symmetric or n < 3:
            return simple
        return max(simple, one_tree_bound(d, length(d, self.quick)))
