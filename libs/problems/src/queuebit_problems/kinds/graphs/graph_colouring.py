"""Graph colouring: a colour for each node, as few colours as possible, where joined nodes differ."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX, integers_errors
from queuebit_problems.encoding.enumeration import VARIABLES_MAX, Enumerated
from queuebit_problems.encoding.one_hot import add_one_hot
from queuebit_problems.encoding.qubo import QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.graphml import GRAPHML
from queuebit_problems.formats.metis import METIS
from queuebit_problems.formats.solutions import read_colouring
from queuebit_problems.keeping.plans import Keeping
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.graphs.colouring_search import dsatur, fewer, first_fit, least, relabelled, repaired
from queuebit_problems.kinds.graphs.graph_colouring_plans import PLANS, ColouringStatement
from queuebit_problems.kinds.graphs.graph_colouring_rows import rows_of_colours
from queuebit_problems.kinds.graphs.graph_files import DIMACS, EDGE_LISTS, is_graph, read_graph
from queuebit_problems.kinds.graphs.graph_statement import (
    GraphStatement,
    edge_cliques,
    greedy_clique,
)
from queuebit_problems.optimisation import CpReading, Encoding
from queuebit_problems.rows import NamedRows
from queuebit_problems.shares import Room, Shares, one_part

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

QUBITS_MAX = 1_000


class GraphColouring(Keeping[ColouringStatement]):
    name = "graph_colouring"
    admission_is_linear = True
    title = "Graph colouring"
    sense = "min"
    answer_shape = '{"colour": [colour of each node in order, from 0]}'
    formats = (DIMACS, METIS, GRAPHML, EDGE_LISTS)
    suffixes = (".col",)
    statement = ColouringStatement
    plans = PLANS

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> ColouringStatement:
        del params
        graph = read_graph(text, file_name=file_name, title="Graph colouring")
        # Checked as a graph a moment ago.
        return ColouringStatement.model_construct(nodes=graph.nodes, edges=graph.edges)

    def recognises(self, text: str) -> bool:
        return is_graph(text)

    def size(self, statement: ColouringStatement) -> Size:
        """Qubits beyond QUBITS_MAX are those of the fewest colours thinkable: nothing writes them down, and no colouring is
        sought to count them.
        """
        least = statement.nodes * (2 if statement.edges else 1)
        return Size(statement.nodes, least if least > QUBITS_MAX else _qubits(statement), len(statement.edges))

    def answer_errors(self, statement: ColouringStatement, answer: Answer) -> list[FieldError]:
        return integers_errors(answer, "colour", statement.nodes, 0, statement.nodes - 1)

    def objective(self, statement: ColouringStatement, answer: Answer) -> Number:
        """How many distinct colours are used."""
        del statement
        return len(set(answer["colour"]))

    def violations(self, statement: ColouringStatement, answer: Answer) -> list[Violation]:
        colour = answer["colour"]
        clashes = [(u, v) for u, v in statement.edges if colour[u - 1] == colour[v - 1]]
        found = [
            Violation("same_colour", f"nodes {u} and {v} are joined and both have colour {colour[u - 1]}")
            for u, v in clashes[: FAULTS_MAX - 1]
        ]
        over = len(set(colour)) - (statement.colours or len(colour))
        if over > 0:
            detail = f"{len(set(colour))} colours are used, but there are {statement.colours}"
            found.append(Violation("too_many_colours", detail, over))
        return found

    def named_rows(self, statement: ColouringStatement) -> NamedRows | None:
        """That each node has one of the colours and joined nodes differ, where the colours are limited."""
        return None if statement.colours is None else rows_of_colours(statement, statement.colours, _clique(statement))

    def shares(self, statement: ColouringStatement, answer: Answer) -> Shares:
        """One for each colour, and how many more there might be."""
        nodes = Counter[int](answer["colour"])
        rooms = [] if statement.colours is None else [Room("colours", len(nodes), statement.colours, 1)]
        used = sorted(nodes, key=lambda colour: (-nodes[colour], colour))
        return one_part("colours", [1] * len(used), 1, lambda k: f"colour {used[k]}: {nodes[used[k]]} nodes", rooms)

    def solution(self, statement: ColouringStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_colouring(text, statement.nodes, file_name)

    def encoding(self, statement: ColouringStatement) -> Encoding:
        """A qubit for each node and colour, and one for each colour beyond those that a clique needs: whether it is used.

        The palette is that of DSATUR. Take bits of energy E: marking a colour as used costs 1 and saves 2 for each node that
        has it; dropping a second colour saves 2; taking the colour from a node in conflict costs 2 and saves 3. What is left
        has j colours and u bare nodes, and the optimum is at most j + u, while E is at least j + 2u. Raises TooManyQubits.
        """
        colours, fixed = _palette(statement)
        nodes, qubits = statement.nodes, self.size(statement).qubits
        if qubits > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this colouring needs {qubits} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state a smaller graph.",
            )
        builder = QuboBuilder(qubits, fixed)
        groups = add_one_hot(builder, nodes, colours, 2, permutation=False)
        for node in range(nodes):
            row = range(node * colours, (node + 1) * colours)
            for c in range(fixed, colours):
                builder.add_linear(row[c], 2)
                builder.add(row[c], nodes * colours + c - fixed, -2)
        for c in range(fixed, colours):
            builder.add_linear(nodes * colours + c - fixed, 1)
        for u, v in statement.edges:
            for c in range(colours):
                builder.add((u - 1) * colours + c, (v - 1) * colours + c, 3)

        def decode(bits: Sequence[int]) -> Answer:
            rows = [bits[node * colours : (node + 1) * colours] for node in range(nodes)]
            return {"colour": [next((c for c, bit in enumerate(row) if bit), 0) for row in rows]}

        def encode(answer: Answer) -> list[int]:
            colour = relabelled(answer["colour"])
            if max(colour) >= colours:
                colour = _best(statement, repaired(statement.masks, colour))
            bits = [0] * qubits
            for node, c in enumerate(colour):
                bits[node * colours + c] = 1
                if c >= fixed:
                    bits[nodes * colours + c - fixed] = 1
            return bits

        return Encoding(builder.build(), decode, encode, groups)

    def cp_model(self, statement: ColouringStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean for each node and colour of the palette; a clique has the first colours, and colours are used in order.

        The nodes of each clique differ in every colour, which says more than edge by edge.
        """
        upper = _quick(statement)
        clique = _clique(statement)
        colours, fixed = max(upper) + 1, len(clique)
        used = [model.new_bool_var(f"used{c}") for c in range(colours)]
        has = [[model.new_bool_var(f"node{node}_{c}") for c in range(colours)] for node in range(statement.nodes)]
        for row in has:
            model.add_exactly_one(row)
        for c, node in enumerate(clique):
            model.add(has[node][c] == 1)
        for c in range(colours):
            if c < fixed:
                model.add(used[c] == 1)
            elif c:
                model.add_implication(used[c], used[c - 1])
        for members in edge_cliques(statement.masks):
            for c in range(colours):
                model.add_at_most_one(has[node][c] for node in members)
        for node in range(statement.nodes):
            for c in range(fixed, colours):
                model.add_implication(has[node][c], used[c])
        if statement.colours is not None:
            model.add(sum(used) <= statement.colours)
        model.minimize(sum(used))

        def hint(answer: Answer) -> list[tuple[object, int]]:
            colour = _canonical(answer["colour"], clique)
            if max(colour) >= colours:
                colour = _canonical(upper, clique)
            pairs: list[tuple[object, int]] = [(bit, int(c <= max(colour))) for c, bit in enumerate(used)]
            return pairs + [
                (bit, int(c == mine)) for row, mine in zip(has, colour, strict=True) for c, bit in enumerate(row)
            ]

        return CpReading(
            answer=lambda value: {"colour": [next(c for c, bit in enumerate(row) if value(bit)) for row in has]},
            scale=1,
            hint=hint,
        )

    def heuristic(self, statement: ColouringStatement, seed: int) -> Answer | None:
        """DSATUR, then tabu search for one colour fewer as long as that succeeds."""
        bound = len(_clique(statement))
        return _few_enough(statement, fewer(statement.masks, _quick(statement), bound, random.Random(seed)))

    def improve(self, statement: ColouringStatement, answer: Answer) -> Answer:
        """Take the nodes in conflict out and put them back, then colour class by class again."""
        return {"colour": _best(statement, repaired(statement.masks, answer["colour"]))}

    def default_answer(self, statement: ColouringStatement) -> Answer | None:
        """The nodes in the given order, each with the lowest colour that fits."""
        return _few_enough(statement, first_fit(statement.masks, range(statement.nodes)))

    def trivial_bound(self, statement: ColouringStatement) -> Number:
        """The size of a clique that a greedy choice finds."""
        return len(_clique(statement))

    def enumerated(self, statement: ColouringStatement) -> Enumerated | None:
        """Up to 24 nodes."""
        if statement.nodes > VARIABLES_MAX:
            return None
        colour = least(statement.masks, len(_clique(statement)))
        found = _few_enough(statement, colour)
        return None if found is None else Enumerated(found, max(colour) + 1)

    def example(self) -> ColouringStatement:
        """A wheel: a ring of five nodes around one that is joined with all; it needs four colours."""
        ring = tuple((node, node + 1) for node in range(1, 5))
        return ColouringStatement(nodes=6, edges=(*ring, (1, 5), *((node, 6) for node in range(1, 6))))


def _few_enough(statement: ColouringStatement, colour: list[int]) -> Answer | None:
    """The answer; None where it has more colours than there are."""
    return {"colour": colour} if len(set(colour)) <= (statement.colours or len(colour)) else None


def _clique(statement: GraphStatement) -> list[int]:
    """The largest of the cliques that a greedy choice finds from the nodes of most neighbours, from 0."""
    masks = statement.masks
    order = sorted(range(statement.nodes), key=lambda node: masks[node].bit_count(), reverse=True)
    starts = order[: max(1, 100_000 // statement.nodes)]
    return max((greedy_clique(masks, [start, *order]) for start in starts), key=len)


def _quick(statement: GraphStatement) -> list[int]:
    return relabelled(dsatur(statement.masks))


def _palette(statement: GraphStatement) -> tuple[int, int]:
    """How many colours the encoding knows, and how many of them every colouring needs."""
    return max(_quick(statement)) + 1, len(_clique(statement))


def _qubits(statement: GraphStatement) -> int:
    colours, fixed = _palette(statement)
    return statement.nodes * colours + colours - fixed


def _best(statement: GraphStatement, colour: Sequence[int]) -> list[int]:
    """The given proper colouring, the same coloured again class by class, or DSATUR's: the one of fewest colours."""
    classes = sorted(range(statement.nodes), key=lambda node: colour[node], reverse=True)
    again = relabelled(first_fit(statement.masks, classes))
    return min((relabelled(colour), again, _quick(statement)), key=max)


def _canonical(colour: Sequence[int], clique: Sequence[int]) -> list[int]:
    """The same classes; the clique has the first colours in its order, the others follow in the order of first use."""
    names: dict[int, int] = {}
    for node in clique:
        names.setdefault(colour[node], len(names))
    return [names.setdefault(c, len(names)) for c in colour]


KIND = GraphColouring()
