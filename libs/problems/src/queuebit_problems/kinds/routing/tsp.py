"""Travelling salesman: the shortest closed tour through all nodes, symmetric or not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.one_hot import add_one_hot
from queuebit_problems.encoding.qubo import QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.glance import counted_squares
from queuebit_problems.formats.solutions import read_tour
from queuebit_problems.formats.text import Numbers, Rows
from queuebit_problems.formats.tsplib import NODES_MAX, TsplibFile, read_roads, type_of
from queuebit_problems.keeping.plans import Keeping
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.routing.tsp_exact_search import shortest_tour
from queuebit_problems.kinds.routing.tsp_model import filled
from queuebit_problems.kinds.routing.tsp_plans import PLANS
from queuebit_problems.kinds.routing.tsp_search import good_tour, inserted, length
from queuebit_problems.kinds.routing.tsp_statement import TspStatement
from queuebit_problems.numeric import number, number_below
from queuebit_problems.optimisation import CpReading, Encoding
from queuebit_problems.shares import Shares, one_part

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

QUBITS_MAX = 1_000
ENUMERATED_NODES_MAX = 12


class Tsp(Keeping[TspStatement]):
    name = "tsp"
    admission_is_linear = True
    title = "Travelling salesman"
    sense = "min"
    answer_shape = '{"tour": [each node in the order of the tour, from 1]}'
    formats = (
        "TSPLIB: TYPE TSP or ATSP; EDGE_WEIGHT_TYPE EUC_2D, CEIL_2D, FLOOR_2D, EXACT_2D, MAN_2D, MAX_2D, GEO, ATT, or EXPLICIT "
        "with any matrix",
        "a bare matrix: the number of nodes, then the distances by rows",
    )
    suffixes = (".tsp", ".atsp")
    statement = TspStatement
    plans = PLANS

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> TspStatement:
        del params
        rows = Rows(text, file_name=file_name, remedy=f"Tsp reads {'; or '.join(self.formats)}.")
        if counted_squares(text) == 1:
            numbers = Numbers(rows)
            nodes = numbers.integer("the number of nodes", 2, NODES_MAX)
            return TspStatement(distances=numbers.table(nodes, nodes, "a distance", 0))
        file = TsplibFile(rows, types=("TSP", "ATSP"))
        found = TspStatement(**read_roads(file))
        if not found.symmetric and "TYPE" in file.header and file.text("TYPE").split()[0].upper() == "TSP":
            detail = "TYPE TSP has ways that are as long as the ways back, but those of the matrix differ"
            raise rows.error(file.header["TYPE"][1], f"{detail}; state TYPE ATSP, or correct the matrix")
        return found

    def recognises(self, text: str) -> bool:
        return type_of(text) in {"TSP", "ATSP"} or counted_squares(text) == 1

    def assumptions(self, statement: TspStatement) -> tuple[str, ...]:
        return statement.rounding

    def size(self, statement: TspStatement) -> Size:
        n = statement.nodes
        return Size(n, (n - 1) ** 2, n * (n - 1) // 2 if statement.symmetric else n * (n - 1))

    def answer_errors(self, statement: TspStatement, answer: Answer) -> list[FieldError]:
        n = statement.nodes
        if "tour" not in answer:
            return [FieldError("/tour", "missing", f"is missing; it should list the nodes 1 to {n} in order")]
        tour = answer["tour"]
        if not isinstance(tour, list | tuple):
            return [FieldError("/tour", "list_type", "should be a list")]
        if len(tour) > 2 * n:
            return [FieldError("/tour", "length", f"should have {n} nodes, not {len(tour)}")]
        wrong = [place for place, node in enumerate(tour) if type(node) is not int or not 1 <= node <= n]
        text = f"should be a node from 1 to {n}"
        return [FieldError(f"/tour/{place}", "node", text) for place in wrong[:FAULTS_MAX]]

    def objective(self, statement: TspStatement, answer: Answer) -> Number:
        d, unit = statement.scaled
        return number(Fraction(length(d, [node - 1 for node in answer["tour"]]), unit))

    def violations(self, statement: TspStatement, answer: Answer) -> list[Violation]:
        tour = answer["tour"]
        found, seen = list[Violation](), set[int]()
        for node in tour:
            if node in seen:
                found.append(Violation("repeated", f"node {node} is visited more than once"))
            seen.add(node)
        missing = (node for node in range(1, statement.nodes + 1) if node not in seen)
        found += [Violation("missing", f"node {node} is not visited") for node in missing]
        return found[:FAULTS_MAX]

    def shares(self, statement: TspStatement, answer: Answer) -> Shares:
        """How long each way of the tour is."""
        d, unit = statement.scaled
        tour = answer["tour"]
        ways = list(zip(tour, [*tour[1:], *tour[:1]], strict=True))
        return one_part("ways", [d[a - 1][b - 1] for a, b in ways], unit, lambda k: "{} to {}".format(*ways[k]))

    def solution(self, statement: TspStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_tour(text, statement.nodes, file_name)

    def encoding(self, statement: TspStatement) -> Encoding:
        """A qubit for each node but the first at each place but the first, which the first node has.

        No distance is negative, so a broken constraint costs at least the penalty, which is more than a known tour: every
        minimum is a shortest tour. Raises TooManyQubits.
        """
        d, unit = statement.scaled
        m = statement.nodes - 1
        if m * m > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this tour needs {m * m} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state fewer nodes.",
            )
        builder = QuboBuilder(m * m)
        penalty = Fraction(length(d, statement.quick), unit) + 1
        groups = add_one_hot(builder, m, m, penalty, permutation=True)
        for node in range(m):
            builder.add_linear(node * m, Fraction(d[0][node + 1], unit))
            builder.add_linear(node * m + m - 1, Fraction(d[node + 1][0], unit))
            for other in range(m):
                for place in range(m - 1 if other != node else 0):
                    builder.add(node * m + place, other * m + place + 1, Fraction(d[node + 1][other + 1], unit))

        def decode(bits: Sequence[int]) -> Answer:
            places = [[node for node in range(m) if bits[node * m + place]] for place in range(m)]
            return {"tour": [1, *(node + 2 for nodes in places for node in nodes[:1])]}

        def encode(answer: Answer) -> list[int]:
            tour = [node - 1 for node in answer["tour"]]
            start = tour.index(0)
            bits = [0] * (m * m)
            for place, node in enumerate(tour[start + 1 :] + tour[:start]):
                bits[(node - 1) * m + place] = 1
            return bits

        return Encoding(builder.build(), decode, encode, groups)

    def cp_model(self, statement: TspStatement, model: cp_model.CpModel) -> CpReading:
        return filled(statement, model)

    def heuristic(self, statement: TspStatement, seed: int) -> Answer | None:
        """Nearest neighbour, 2-opt and Or-opt, then small perturbations that are kept where they help."""
        d, _ = statement.scaled
        return _answer(good_tour(d, statement.quick, random.Random(seed), symmetric=statement.symmetric))

    def improve(self, statement: TspStatement, answer: Answer) -> Answer:
        """Visits that repeat are left out, missing nodes go where the detour is least, then 2-opt and Or-opt."""
        d, _ = statement.scaled
        tour = list(dict.fromkeys(node - 1 for node in answer["tour"]))
        seen = set(tour)
        whole = inserted(d, tour, (node for node in range(statement.nodes) if node not in seen))
        return _answer(good_tour(d, whole, None, symmetric=statement.symmetric))

    def default_answer(self, statement: TspStatement) -> Answer | None:
        """Always on to the nearest node that was not visited yet."""
        return _answer(statement.quick)

    def trivial_bound(self, statement: TspStatement) -> Number:
        """The shortest ways out of and into all nodes; for symmetric distances also Held and Karp's 1-trees."""
        return number_below(Fraction(statement.bound, statement.scaled[1]))

    def enumerated(self, statement: TspStatement) -> Enumerated | None:
        """Up to 12 nodes, by Held and Karp's recursion."""
        if statement.nodes > ENUMERATED_NODES_MAX:
            return None
        d, unit = statement.scaled
        best, tour = shortest_tour(d)
        return Enumerated(_answer(tour), number(Fraction(best, unit)))

    def example(self) -> TspStatement:
        """The corners of a rectangle of 3 by 4; the shortest tour is its border, 14."""
        return TspStatement(metric="EUC_2D", coordinates=((0, 0), (3, 4), (3, 0), (0, 4)))


def _answer(tour: Sequence[int]) -> Answer:
    return {"tour": [node + 1 for node in tour]}


KIND = Tsp()
