"""Vehicle routing with time windows: the shortest routes that serve every customer while its window is open."""

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
from queuebit_problems.formats.solomon import SOLOMON, is_solomon, read_solomon
from queuebit_problems.formats.solutions import read_routes
from queuebit_problems.keeping.plans import Keeping
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.packing.knapsack_search import slack_bits
from queuebit_problems.kinds.routing.cvrp_search import Routes
from queuebit_problems.kinds.routing.routes_answer import numbered, route_errors, route_shares, shown, visit_violations
from queuebit_problems.kinds.routing.routes_rows import rows_in_time
from queuebit_problems.kinds.routing.vrptw_model import filled
from queuebit_problems.kinds.routing.vrptw_plans import PLANS
from queuebit_problems.kinds.routing.vrptw_search import best_route, cheapest, inserted, searched
from queuebit_problems.kinds.routing.vrptw_statement import QUBITS_MAX, VrptwStatement
from queuebit_problems.numeric import integers, number, number_below
from queuebit_problems.optimisation import CpReading, Encoding
from queuebit_problems.rows import NamedRows
from queuebit_problems.shares import Room, Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

ENUMERATED_CUSTOMERS_MAX = 6


class Vrptw(Keeping[VrptwStatement]):
    name = "vrptw"
    admission_is_linear = True
    title = "Vehicle routing with time windows"
    sense = "min"
    answer_shape = (
        '{"routes": [[each customer of the route in order, as nodes from 1, without the depot] for each route]}'
    )
    formats = (SOLOMON,)
    params = {
        "vehicles": "the most routes, whatever the file says",
        "rounding": "tenths (cut off after one decimal) or exact",
    }
    statement = VrptwStatement
    plans = PLANS

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> VrptwStatement:
        return self.parse(read_solomon(text, file_name, params))

    def recognises(self, text: str) -> bool:
        return is_solomon(text)

    def assumptions(self, statement: VrptwStatement) -> tuple[str, ...]:
        fleet = "not limited" if statement.vehicles is None else f"limited to {statement.vehicles}"
        cut = "cut off after one decimal" if statement.rounding == "tenths" else "not rounded"
        return (
            f"The least distance is sought, however many routes it takes; their number is {fleet} (--param vehicles=N).",
            f"Distances, which are times too, are {cut} (--param rounding=tenths or exact).",
        )

    def size(self, statement: VrptwStatement) -> Size:
        """Beyond QUBITS_MAX qubits are not counted any further."""
        n = statement.nodes
        qubits = QUBITS_MAX + 1 if statement.sets is None else len(statement.sets) + len(statement.spare)
        return Size(n, qubits, n * (n - 1))

    def answer_errors(self, statement: VrptwStatement, answer: Answer) -> list[FieldError]:
        return route_errors(answer, statement.nodes)

    def objective(self, statement: VrptwStatement, answer: Answer) -> Number:
        """The length of all routes."""
        return number(Fraction(statement.fleet.cost(numbered(answer)), statement.unit))

    def violations(self, statement: VrptwStatement, answer: Answer) -> list[Violation]:
        fleet, unit, found = statement.fleet, statement.unit, list[Violation]()
        _, load_unit = integers([*statement.demands, statement.capacity])
        for place, route in enumerate(numbered(answer)):
            over = fleet.load(route) - fleet.capacity
            if over > 0:
                amount = number(Fraction(over, load_unit))
                detail = f"route {place} carries {amount} more than the capacity {statement.capacity}"
                found.append(Violation("over_capacity", detail, amount))
            for time, node in zip(fleet.arrivals(route), [*route, 0], strict=True):
                late = time - fleet.due[node]
                if route and late > 0:
                    closing = statement.windows[node][1]
                    detail = f"route {place} is at node {node + 1} at {number(Fraction(time, unit))}, after {closing}"
                    found.append(Violation("too_late", detail, number(Fraction(late, unit))))
        return [*found, *visit_violations(answer, statement.nodes, statement.vehicles)][:FAULTS_MAX]

    def named_rows(self, statement: VrptwStatement) -> NamedRows | None:
        return rows_in_time(statement.fleet)

    def shares(self, statement: VrptwStatement, answer: Answer) -> Shares:
        """How long each route is, how much more its vehicle could carry, and how late it is at each node."""
        fleet, unit = statement.fleet, statement.unit
        _, load_unit = integers([*statement.demands, statement.capacity])
        found = route_shares(fleet, answer, unit, load_unit, statement.vehicles)
        times = [
            Room(f"route {place}: node {node + 1} in time", time, fleet.due[node], unit)
            for place, route in enumerate(numbered(answer))
            if route
            for time, node in zip(fleet.arrivals(route), [*route, 0], strict=True)
        ]
        return Shares(found.parts, [*found.rooms, *times])

    def solution(self, statement: VrptwStatement, text: str, *, file_name: str = "") -> Solution | None:
        del statement
        return read_routes(text, file_name)

    def encoding(self, statement: VrptwStatement) -> Encoding:
        """A qubit for each set of customers that one vehicle can carry, at the length of its shortest route in time.

        Nothing is negative; a set without such a route, a customer that is not served once and a vehicle too many cost more
        than any feasible routes. Raises TooManyQubits.
        """
        sets, fleet, unit = statement.sets, statement.fleet, statement.unit
        if sets is None:
            raise TooManyQubits(
                f"The QUBO of these routes has a qubit for each set of customers that fits a vehicle: more than {QUBITS_MAX}.",
                remedy="Use the classical lane, or state fewer customers.",
            )
        orders = [best_route(fleet, members) for members in sets]
        longest = sum(map(max, fleet.d)) + fleet.limit * max(fleet.d[0])
        penalty = Fraction(longest, unit) + 1
        items = [[node - 1 for node in members] for members in sets]
        costs: list[Exact] = [2 * penalty if found is None else Fraction(found[0], unit) for found in orders]
        builder, groups = covering(items, costs, fleet.nodes - 1, penalty, len(statement.spare))
        if statement.spare:
            terms: dict[int, Exact] = dict.fromkeys(range(len(sets)), 1)
            terms |= {len(sets) + place: value for place, value in enumerate(statement.spare)}
            builder.add_squared(terms, -fleet.limit, penalty)
        at = {members: place for place, members in enumerate(sets)}

        def decode(bits: Sequence[int]) -> Answer:
            found = [tuple(item + 1 for item in part) for part in parts(items, bits, fleet.nodes - 1)]
            routes = [orders[at[members]] for members in found]
            return shown(
                [list(members) if route is None else route[1] for route, members in zip(routes, found, strict=True)]
            )

        def encode(answer: Answer) -> list[int]:
            bits = [0] * (len(sets) + len(statement.spare))
            routes = [route for route in numbered(answer) if route]
            for route in routes:
                bits[at[tuple(sorted(route))]] = 1
            bits[len(sets) :] = slack_bits(statement.spare, fleet.limit - len(routes))
            return bits

        return Encoding(builder.build(), decode, encode, groups)

    def cp_model(self, statement: VrptwStatement, model: cp_model.CpModel) -> CpReading:
        return filled(statement, model)

    def heuristic(self, statement: VrptwStatement, seed: int) -> Answer | None:
        """Insertion by closing windows, then near customers are taken out and put back where that is shorter."""
        start = statement.start
        return None if start is None else shown(searched(statement.fleet, start, random.Random(seed)))

    def improve(self, statement: VrptwStatement, answer: Answer) -> Answer:
        """What repeats, is late or too much is taken out and put in elsewhere, then a short search; else as it is."""
        fleet, routes = statement.fleet, numbered(answer)
        if self.violations(statement, answer):
            kept, seen = Routes(), set[int]()
            for route in routes[: fleet.limit]:
                mine: list[int] = []
                for node in route:
                    fits = fleet.load([*mine, node]) <= fleet.capacity and fleet.in_time([*mine, node])
                    if node not in seen and fits:
                        mine.append(node)
                        seen.add(node)
                kept.append(mine)
            missing = [node for node in fleet.by_due if node not in seen]
            found = inserted(fleet, [route for route in kept if route], missing, random.Random(0), 0.0)
            if found is None:
                return {"routes": [list(route) for route in answer["routes"]]}
            routes = found
        return shown(searched(fleet, routes, random.Random(0), share=20))

    def default_answer(self, statement: VrptwStatement) -> Answer | None:
        """Customers by when their windows close, each at the cheapest place; None where that does not fit."""
        return None if statement.start is None else shown(statement.start)

    def trivial_bound(self, statement: VrptwStatement) -> Number:
        """What the routes are at least without any windows."""
        return number_below(Fraction(statement.bound, statement.unit))

    def enumerated(self, statement: VrptwStatement) -> Enumerated | None:
        """Up to 6 customers, over all sets of them; None where no routes are feasible."""
        routes = cheapest(statement.fleet) if self.enumerates(statement) else None
        if routes is None:
            return None
        return Enumerated(shown(routes), number(Fraction(statement.fleet.cost(routes), statement.unit)))

    def enumerates(self, statement: VrptwStatement) -> bool:
        return statement.nodes - 1 <= ENUMERATED_CUSTOMERS_MAX

    def example(self) -> VrptwStatement:
        """Two customers on each side of the depot; the nearer ones must wait for the later, and two vehicles drive 32."""
        return VrptwStatement(
            coordinates=((0, 0), (4, 3), (4, -3), (-4, 3), (-4, -3)),
            capacity=5,
            demands=(0, 2, 3, 1, 4),
            windows=((0, 40), (0, 10), (10, 20), (0, 30), (5, 12)),
            service=(0, 2, 2, 2, 2),
            vehicles=2,
        )


KIND = Vrptw()
