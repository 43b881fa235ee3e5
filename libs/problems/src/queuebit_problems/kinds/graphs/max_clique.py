"""Maximum clique: the most nodes of a graph that are all joined with each other."""

from __future__ import annotations

from queuebit_problems.kind import Violation
from queuebit_problems.kinds.graphs.graph_statement import GraphStatement, complement
from queuebit_problems.kinds.graphs.node_set import NodeSet


class MaxClique(NodeSet):
    """An independent set of the complement."""

    name = "max_clique"
    admission_is_linear = True
    title = "Maximum clique"
    suffixes = (".clq",)

    def conflicts(self, statement: GraphStatement) -> list[int]:
        return complement(statement.masks)

    def conflict(self, u: int, v: int) -> Violation:
        return Violation("not_joined", f"nodes {u} and {v} are not joined")

    def example(self) -> GraphStatement:
        """Five nodes; 1, 2 and 3 are the only three that are all joined."""
        return GraphStatement(nodes=5, edges=((1, 2), (1, 3), (2, 3), (3, 4), (4, 5)))


KIND = MaxClique()
