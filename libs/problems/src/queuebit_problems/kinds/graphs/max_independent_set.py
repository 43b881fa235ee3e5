"""Maximum independent set: the most nodes of a graph of which no two are joined."""

from __future__ import annotations

from queuebit_problems.kind import Violation
from queuebit_problems.kinds.graphs.graph_statement import GraphStatement
from queuebit_problems.kinds.graphs.node_set import NodeSet


class MaxIndependentSet(NodeSet):
    name = "max_independent_set"
    admission_is_linear = True
    title = "Maximum independent set"
    suffixes = (".mis",)

    def conflicts(self, statement: GraphStatement) -> list[int]:
        return statement.masks

    def conflict(self, u: int, v: int) -> Violation:
        return Violation("joined", f"nodes {u} and {v} are joined")

    def example(self) -> GraphStatement:
        """A ring of five nodes; two of them are the most."""
        return GraphStatement(nodes=5, edges=((1, 2), (2, 3), (3, 4), (4, 5), (1, 5)))


KIND = MaxIndependentSet()
