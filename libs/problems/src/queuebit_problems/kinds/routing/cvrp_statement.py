"""The statement of a vehicle routing problem, its fleet in integers, and what is known of it without a search."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, Strict, ValidationInfo

from queuebit_contracts.jobs import Number
from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.encoding.set_partitioning import fitting_sets
from queuebit_problems.formats.tsplib import NODES_MAX
from queuebit_problems.kinds.packing.knapsack_search import slack_values
from queuebit_problems.kinds.routing.cvrp_search import Fleet, Routes, first_routes, lower_bound, routes_min
from queuebit_problems.kinds.routing.road_statement import RoadStatement
from queuebit_problems.numeric import NonNegative, integers

QUBITS_MAX = 1_000

Demands = tuple[NonNegative, ...]


def _that_fit(demands: Demands, info: ValidationInfo) -> Demands:
    data = info.data
    if data.keys() >= {"coordinates", "distances", "capacity"}:
        raise_faults("cvrp", _faults(demands, len(data["distances"]) or len(data["coordinates"]), data["capacity"]))
    return demands


def _faults(demands: Demands, nodes: int, capacity: Number) -> Iterator[tuple[Place, str, str]]:
    if len(demands) != nodes:
        yield (), "length", f"should have one demand for each of the {nodes} nodes, not {len(demands)}"
    elif nodes < 2:
        yield (), "length", "should have a depot and at least one customer"
    for place, demand in enumerate(demands):
        if not place and demand:
            yield (place,), "depot", "should be 0: the first node is the depot"
        elif demand > capacity:
            yield (place,), "too_large", f"is more than the capacity {capacity}: no route can serve the customer"


def _enough(vehicles: int | None, info: ValidationInfo) -> int | None:
    data = info.data
    if vehicles is None or not data.keys() >= {"demands", "capacity"}:
        return vehicles
    values, _ = integers([*data["demands"], data["capacity"]])
    if sum(values[:-1]) > vehicles * values[-1]:
        message = f"are too few: {vehicles} times the capacity {data['capacity']} is less than all demands together"
        raise_faults("cvrp", [((), "too_few", message)])
    return vehicles


class CvrpStatement(RoadStatement):
    """A depot, which is node 1, customers with demands, and vehicles of one capacity. Nodes count from 1 in answers."""

    capacity: Annotated[NonNegative, Field(description="What one vehicle carries.")]
    demands: Annotated[
        Demands,
        AfterValidator(_that_fit),
        Field(max_length=NODES_MAX, description="The demand of each node; 0 for the depot, which is the first."),
    ]
    vehicles: Annotated[
        Annotated[int, Strict(), Field(ge=1, le=NODES_MAX)] | None,
        AfterValidator(_enough),
        Field(description="The most routes; null where any number may leave."),
    ] = None

    @cached_property
    def fleet(self) -> Fleet:
        """The same in integers; node 0 is the depot."""
        return Fleet(self.scaled[0], *self.loads, self.limit)

    @cached_property
    def loads(self) -> tuple[list[int], int]:
        """The demands and the capacity in integers."""
        values, _ = integers([*self.demands, self.capacity])
        return values[:-1], values[-1]

    @property
    def limit(self) -> int:
        """The most routes that may leave."""
        return min(self.vehicles or NODES_MAX, self.nodes - 1)

    @cached_property
    def sets(self) -> list[tuple[int, ...]] | None:
        """Every set of customers that one vehicle can serve; None where there are more than QUBITS_MAX."""
        demands, capacity = self.loads
        found = fitting_sets(demands[1:], capacity, QUBITS_MAX)
        return None if found is None else [tuple(item + 1 for item in members) for members in found]

    @cached_property
    def spare(self) -> list[int] | None:
        """The values of bits that count the vehicles left at home; None where their number is no limit."""
        return None if self.limit >= self.nodes - 1 else slack_values(self.limit - routes_min(*self.loads))

    @cached_property
    def start(self) -> Routes | None:
        """Feasible routes, if they are easily found."""
        return first_routes(self.fleet, random.Random(0))

    @cached_property
    def bound(self) -> int:
        return lower_bound(self.fleet)
