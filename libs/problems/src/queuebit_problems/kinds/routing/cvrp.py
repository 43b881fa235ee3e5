"""Capacitated vehicle routing: the shortest routes from a depot that serve every customer within the vehicles' capacity."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.qubo import Exact
from queuebit_problems.encoding.set_partitioning import covering, parts
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.solutions import read_routes
from queuebit_problems.formats.text import Rows
from queuebit_problems.formats.tsplib import NODES_MAX, TsplibFile, read_roads, type_of
from queuebit_problems.formats.vrplib import KEYS, SECTIONS, check_demands, check_depot, check_lengths, vehicles_of
from queuebit_problems.keeping.plans import Keeping
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.packing.knapsack_search import slack_bits
from queuebit_problems.kinds.routing.cvrp_exact_search import best_order, cheapest
from queuebit_problems.kinds.routing.cvrp_model import filled
from queuebit_problems.kinds.routing.cvrp_plans import PLANS
from queuebit_problems.kinds.routing.cvrp_search import repaired, searched
from queuebit_problems.kinds.routing.cvrp_statement import QUBITS_MAX, CvrpStatement
from queuebit_problems.kinds.routing.routes_answer import numbered, route_errors, route_shares, shown, visit_violations
from queuebit_problems.kinds.routing.routes_rows import rows_of_loads
from queuebit_problems.numeric import integers, number, number_below
from queuebit_problems.optimisation import CpReading, Encoding
from queuebit_problems.rows import NamedRows
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

ENUMERATED_CUSTOMERS_MAX = 9


class Cvrp(Keeping[CvrpStatement]):
    name = "cvrp"
    admission_is_linear = True
    title = "Capacitated vehicle routing"
    sense = "min"
    answer_shape = (
        '{"routes": [[each customer of the route in order, as nodes from 1, without the depot] for each route]}'
    )
    formats = (
        "VRPLIB: TYPE CVRP, distances as in TSPLIB: those of EUC_2D are rounded to integers, so the optima of CMT and "
        "Golden, which are published with unrounded ones, compare otherwise; the k of names like A-n32-k5 (sets A, B, E, "
        "F, M, P) limits the routes",
    )
    suffixes = (".vrp",)
    params = {"vehicles": "the most routes, whatever the file says"}
    statement = CvrpStatement
    plans = PLANS

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> CvrpStatement:
        rows = Rows(text, file_name=file_name, remedy=f"Cvrp reads {self.formats[0]}.")
        file = TsplibFile(rows, types=("CVRP",), keys=KEYS, sections=SECTIONS)
        check_lengths(file)
        roads = read_roads(file)
        nodes = file.integer("DIMENSION", "DIMENSION", 2, NODES_MAX)
        capacity = file.number("CAPACITY", 0)
        placed = file.by_node("DEMAND_SECTION", nodes, 1, "a demand")
        demands = tuple(rows.number(row, tokens[0], "a demand", 0) for row, tokens in placed)
        check_depot(file, nodes)
        check_demands(rows, [row for row, _ in placed], demands, capacity)
        return self.parse({**roads, "capacity": capacity, "demands": demands, "vehicles": vehicles_of(file, params)})

    def recognises(self, text: str) -> bool:
        return type_of(text) == "CVRP"

    def assumptions(self, statement: CvrpStatement) -> tuple[str, ...]:
        fleet = statement.vehicles
        routes = "not limited" if fleet is None else f"limited to {fleet}"
        return (f"The number of routes is {routes} (--param vehicles=N limits it).", *statement.rounding)

    def size(self, statement: CvrpStatement) -> Size:
        """Beyond QUBITS_MAX qubits are not counted any further."""
        n = statement.nodes
        qubits = QUBITS_MAX + 1 if statement.sets is None else len(statement.sets) + len(statement.spare or [])
        return Size(n, qubits, n * (n - 1) // 2 if statement.symmetric else n * (n - 1))

    def answer_errors(self, statement: CvrpStatement, answer: Answer) -> list[FieldError]:
        return route_errors(answer, statement.nodes)

    def objective(self, statement: CvrpStatement, answer: Answer) -> Number:
        """The length of all routes."""
        return number(Fraction(statement.fleet.cost(numbered(answer)), statement.scaled[1]))

    def violations(self, statement: CvrpStatement, answer: Answer) -> list[Violation]:
        found = list[Violation]()
        _, unit = integers([*statement.demands, statement.capacity])
        for place, route in enumerate(answer["routes"]):
            over = statement.fleet.load(node - 1 for node in route) - statement.fleet.capacity
            if over > 0:
                amount = number(Fraction(over, unit))
                detail = f"route {place} carries {amount} more than the capacity {statement.capacity}"
                found.append(Violation("over_capacity", detail, amount))
        return [*found, *visit_violations(answer, statement.nodes, statement.vehicles)][:FAULTS_MAX]

    def named_rows(self, statement: CvrpStatement) -> NamedRows | None:
        return rows_of_loads(statement.fleet)

    def shares(self, statement: CvrpStatement, answer: Answer) -> Shares:
        """How long each route is, and how much more its vehicle could carry."""
        _, unit = integers([*statement.demands, statement.capacity])
        return route_shares(statement.fleet, answer, statement.scaled[1], unit, statement.vehicles)

    def solution(self, statement: CvrpStatement, text: str, *, file_name: str = "") -> Solution | None:
        del statement
        return read_routes(text, file_name)

    def encoding(self, statement: CvrpStatement) -> Encoding:
        """A qubit for each set of customers that one vehicle can serve, at the length of its shortest route.

        Nothing is negative, and a customer that is not served once, or a vehicle too many, costs more than any feasible
        routes: every minimum is optimal where any answer is feasible. Raises TooManyQubits.
        """
        sets, fleet, (_, unit) = statement.sets, statement.fleet, statement.scaled
        if sets is None:
            raise TooManyQubits(
                f"The QUBO of these routes has a qubit for each set of customers that fits a vehicle: more than {QUBITS_MAX}.",
                remedy="Use the classical lane, or state fewer customers.",
            )
        orders = [best_order(fleet, members) for members in sets]
        penalty = Fraction(_longest(statement), unit) + 1
        spare = statement.spare
        items = [[node - 1 for node in members] for members in sets]
        costs: list[Exact] = [Fraction(cost, unit) for cost, _ in orders]
        builder, groups = covering(items, costs, fleet.nodes - 1, penalty, len(spare or []))
        if spare is not None:
            terms: dict[int, Exact] = dict.fromkeys(range(len(sets)), 1)
            terms |= {len(sets) + place: value for place, value in enumerate(spare)}
            builder.add_squared(terms, -fleet.limit, penalty)
        at = {members: place for place, members in enumerate(sets)}

        def decode(bits: Sequence[int]) -> Answer:
            found = [tuple(item + 1 for item in part) for part in parts(items, bits, fleet.nodes - 1)]
            return shown([orders[at[members]][1] for members in found])

        def encode(answer: Answer) -> list[int]:
            bits = [0] * (len(sets) + len(spare or []))
            routes = [route for route in numbered(answer) if route]
            for route in routes:
                bits[at[tuple(sorted(route))]] = 1
            if spare:
                bits[len(sets) :] = slack_bits(spare, fleet.limit - len(routes))
            return bits

        return Encoding(builder.build(), decode, encode, groups)

    def cp_model(self, statement: CvrpStatement, model: cp_model.CpModel) -> CpReading:
        return filled(statement, model)

    def heuristic(self, statement: CvrpStatement, seed: int) -> Answer | None:
        """Savings, then strings of near customers are taken out and put back at the cheapest places, cooling down."""
        start = statement.start
        return None if start is None else shown(searched(statement.fleet, start, random.Random(seed)))

    def improve(self, statement: CvrpStatement, answer: Answer) -> Answer:
        """What repeats or is too much goes elsewhere, missing customers are put in, then a short search; else as it is."""
        routes = numbered(answer)
        if self.violations(statement, answer):
            found = repaired(statement.fleet, routes, random.Random(0))
            if found is None:
                return {"routes": [list(route) for route in answer["routes"]]}
            routes = found
        return shown(searched(statement.fleet, routes, random.Random(0), share=20))

    def default_answer(self, statement: CvrpStatement) -> Answer | None:
        """Savings, or demands packed into the vehicles that there are; None where they were not found to fit."""
        return None if statement.start is None else shown(statement.start)

    def trivial_bound(self, statement: CvrpStatement) -> Number:
        """Ways to and fro in proportion to demand, the shortest ways at each node, or a spanning tree."""
        return number_below(Fraction(statement.bound, statement.scaled[1]))

    def enumerated(self, statement: CvrpStatement) -> Enumerated | None:
        """Up to 9 customers, over all sets of them; None where no routes are feasible."""
        if not self.enumerates(statement):
            return None
        routes = cheapest(statement.fleet)
        if routes is None:
            return None
        return Enumerated(shown(routes), number(Fraction(statement.fleet.cost(routes), statement.scaled[1])))

    def enumerates(self, statement: CvrpStatement) -> bool:
        return statement.nodes - 1 <= ENUMERATED_CUSTOMERS_MAX

    def example(self) -> CvrpStatement:
        """A depot in the middle of four customers, two on each side; two vehicles drive 32."""
        places = ((0, 0), (4, 3), (4, -3), (-4, 3), (-4, -3))
        return CvrpStatement(metric="EUC_2D", coordinates=places, capacity=5, demands=(0, 2, 3, 1, 4), vehicles=2)


def _longest(statement: CvrpStatement) -> int:
    """No feasible routes are longer: those that are known, or else the longest way out of every node."""
    if statement.start is not None:
        return statement.fleet.cost(statement.start)
    d = statement.scaled[0]
    return sum(map(max, d)) + statement.fleet.limit * max(d[0])


KIND = Cvrp()
