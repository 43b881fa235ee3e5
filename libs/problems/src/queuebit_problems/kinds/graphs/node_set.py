"""The largest set of nodes without a conflict: what independent set and clique share. A clique conflicts where no edge is."""

from __future__ import annotations

import random
from abc import abstractmethod
from typing import TYPE_CHECKING

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.encoding.enumeration import VARIABLES_MAX, Enumerated
from queuebit_problems.encoding.qubo import QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.graphml import GRAPHML
from queuebit_problems.formats.metis import METIS
from queuebit_problems.formats.solutions import read_node_set
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.graphs.graph_files import DIMACS, EDGE_LISTS, NODES_FROM_1, is_graph, read_graph
from queuebit_problems.kinds.graphs.graph_statement import (
    GraphStatement,
    bits_of,
    clique_cover,
    edge_cliques,
)
from queuebit_problems.kinds.graphs.node_set_search import extended, largest, mask_of, repaired, searched
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares, one_part

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


QUBITS_MAX = 1_000


class NodeSet(Optimisation[GraphStatement]):
    """Nodes of which no two conflict, as many as possible. Nodes count from 1 in statements and answers."""

    sense = "max"
    answer_shape = '{"nodes": [each chosen node, from 1]}'
    formats = (DIMACS, METIS, GRAPHML, EDGE_LISTS)
    statement = GraphStatement

    @abstractmethod
    def conflicts(self, statement: GraphStatement) -> list[int]:
        """Bit masks, from 0: which nodes may not be chosen together with each node."""

    @abstractmethod
    def conflict(self, u: int, v: int) -> Violation:
        """What is wrong with choosing both nodes, which count from 1."""

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> GraphStatement:
        del params
        return read_graph(text, file_name=file_name, title=self.title)

    def recognises(self, text: str) -> bool:
        return is_graph(text)

    def assumptions(self, statement: GraphStatement) -> tuple[str, ...]:
        del statement
        return (NODES_FROM_1,)

    def size(self, statement: GraphStatement) -> Size:
        return Size(statement.nodes, statement.nodes, len(statement.edges))

    def answer_errors(self, statement: GraphStatement, answer: Answer) -> list[FieldError]:
        return nodes_errors(answer, statement.nodes)

    def objective(self, statement: GraphStatement, answer: Answer) -> Number:
        """How many distinct nodes are chosen."""
        del statement
        return len(set(answer["nodes"]))

    def violations(self, statement: GraphStatement, answer: Answer) -> list[Violation]:
        masks, chosen = self.conflicts(statement), sorted(set(answer["nodes"]))
        mine = mask_of(node - 1 for node in chosen)
        found: list[Violation] = []
        for u in chosen:
            for v in bits_of(masks[u - 1] & mine & -(1 << u)):
                found.append(self.conflict(u, v + 1))
                if len(found) == FAULTS_MAX:
                    return found
        return found

    def shares(self, statement: GraphStatement, answer: Answer) -> Shares:
        """One for each node."""
        del statement
        nodes = sorted(set(answer["nodes"]))
        return one_part("nodes", [1] * len(nodes), 1, lambda k: f"node {nodes[k]}")

    def solution(self, statement: GraphStatement, text: str, *, file_name: str = "") -> Solution | None:
        del statement
        return read_node_set(text, file_name)

    def encoding(self, statement: GraphStatement) -> Encoding:
        """A qubit a node: minus the number of nodes, plus 2 for each conflict.

        Dropping one node of a conflict saves 2 and costs 1, so every minimum is free of conflicts. Raises TooManyQubits.
        """
        if statement.nodes > QUBITS_MAX:
            raise TooManyQubits(
                f"This graph needs {statement.nodes} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state a smaller graph.",
            )
        builder = QuboBuilder(statement.nodes)
        for u, mask in enumerate(self.conflicts(statement)):
            builder.add_linear(u, -1)
            for v in bits_of(mask >> u):
                builder.add(u, u + v, 2)

        def encode(answer: Answer) -> list[int]:
            chosen = set(answer["nodes"])
            return [int(node in chosen) for node in range(1, statement.nodes + 1)]

        return Encoding(builder.build(), lambda bits: {"nodes": [i + 1 for i, bit in enumerate(bits) if bit]}, encode)

    def cp_model(self, statement: GraphStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean a node; at most one in each of the cliques that cover the conflicts."""
        take = [model.new_bool_var(f"node{node}") for node in range(1, statement.nodes + 1)]
        for clique in edge_cliques(self.conflicts(statement)):
            model.add_at_most_one(take[node] for node in clique)
        model.maximize(sum(take))

        def hint(answer: Answer) -> list[tuple[object, int]]:
            chosen = set(answer["nodes"])
            return [(bit, int(node in chosen)) for node, bit in enumerate(take, start=1)]

        return CpReading(
            answer=lambda value: {"nodes": [node for node, bit in enumerate(take, start=1) if value(bit)]},
            scale=1,
            hint=hint,
        )

    def heuristic(self, statement: GraphStatement, seed: int) -> Answer | None:
        """Fewest conflicts first, then exchanges of one node for another with a short memory."""
        masks = self.conflicts(statement)
        return _answer(searched(masks, extended(masks, 0), random.Random(seed)))

    def improve(self, statement: GraphStatement, answer: Answer) -> Answer:
        """Drop the nodes of most conflicts until none is left, then add and exchange."""
        masks = self.conflicts(statement)
        chosen = repaired(masks, mask_of(node - 1 for node in answer["nodes"]))
        return _answer(searched(masks, extended(masks, chosen), random.Random(0), share=10))

    def default_answer(self, statement: GraphStatement) -> Answer | None:
        """The nodes in the given order, each that conflicts with none before it."""
        free = (1 << statement.nodes) - 1
        masks, chosen = self.conflicts(statement), 0
        for node in range(statement.nodes):
            if free >> node & 1:
                chosen |= 1 << node
                free &= ~masks[node]
        return _answer(chosen)

    def trivial_bound(self, statement: GraphStatement) -> Number:
        """How many groups of nodes that all conflict with each other cover the graph, by first fit."""
        return clique_cover(self.conflicts(statement))

    def enumerated(self, statement: GraphStatement) -> Enumerated | None:
        """Up to 24 nodes."""
        if statement.nodes > VARIABLES_MAX:
            return None
        size, chosen, count = largest(self.conflicts(statement))
        return Enumerated(_answer(chosen), size, count)


def nodes_errors(answer: Answer, nodes: int) -> list[FieldError]:
    """What is wrong with a list of distinct nodes from 1 under `nodes`."""
    if "nodes" not in answer:
        return [FieldError("/nodes", "missing", f"is missing; it should be a list of nodes from 1 to {nodes}")]
    found = answer["nodes"]
    if not isinstance(found, list | tuple):
        return [FieldError("/nodes", "list_type", "should be a list")]
    seen, errors = set[int](), list[FieldError]()
    for place, node in enumerate(found):
        if type(node) is not int or not 1 <= node <= nodes:
            errors.append(FieldError(f"/nodes/{place}", "node", f"should be a node from 1 to {nodes}"))
        elif node in seen:
            errors.append(FieldError(f"/nodes/{place}", "duplicate", f"lists node {node} again"))
        else:
            seen.add(node)
        if len(errors) == FAULTS_MAX:
            break
    return errors


def _answer(chosen: int) -> Answer:
    return {"nodes": [node + 1 for node in bits_of(chosen)]}
