"""What a vehicle routing problem with time windows states, and its fleet in integers."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict, ValidationInfo

from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.encoding.set_partitioning import fitting_sets
from queuebit_problems.keeping.statement import Choice, KeepingStatement, within
from queuebit_problems.kinds.packing.knapsack_search import slack_values
from queuebit_problems.kinds.routing.cvrp_search import Routes, lower_bound, routes_min
from queuebit_problems.kinds.routing.vrptw_search import TimedFleet, first_routes
from queuebit_problems.numeric import NonNegative, Real, integers

NODES_MAX = 1_001
QUBITS_MAX = 1_000
UNITS = {"tenths": 10, "exact": 10**9}

Node = tuple[Real, Real]
Window = tuple[NonNegative, NonNegative]


def _windows(windows: tuple[Window, ...], info: ValidationInfo) -> tuple[Window, ...]:
    raise_faults("vrptw", _window_faults(windows, info.data.get("coordinates")))
    return windows


def _window_faults(
    windows: tuple[Window, ...], coordinates: tuple[Node, ...] | None
) -> Iterator[tuple[Place, str, str]]:
    if coordinates is not None and len(windows) != len(coordinates):
        yield (), "length", f"should have one window for each of the {len(coordinates)} nodes, not {len(windows)}"
    for place, (ready, due) in enumerate(windows):
        if due < ready:
            yield (place, 1), "window", f"closes before it opens, at {ready}"


def _one_each(values: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
    coordinates = info.data.get("coordinates")
    if coordinates is not None and len(values) != len(coordinates):
        message = f"should have one number for each of the {len(coordinates)} nodes, not {len(values)}"
        raise_faults("vrptw", [((), "length", message)])
    if values and values[0]:
        raise_faults("vrptw", [((0,), "depot", "should be 0: the first node is the depot")])
    return values


def _that_fit(demands: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
    capacity = info.data.get("capacity")
    message = f"is more than the capacity {capacity}: no route can serve the customer"
    over = [place for place, demand in enumerate(demands) if capacity is not None and demand > capacity]
    raise_faults("vrptw", [((place,), "too_large", message) for place in over])
    return _one_each(demands, info)


class VrptwStatement(KeepingStatement):
    """A depot, which is node 1, customers with demands, windows and service times, and vehicles of one capacity.

    A vehicle may wait until a window opens; it must begin to serve before it closes, and be back within the depot's window.
    Distances are also times. Nodes count from 1 in answers. A part of a plan is a way [from, to], those of the depot included.
    """

    coordinates: Annotated[
        tuple[Node, ...],
        Field(min_length=2, max_length=NODES_MAX, description="[x, y] of each node, the depot first."),
    ]
    rounding: Annotated[
        Literal["tenths", "exact"],
        Field(
            description="Euclidean distances are cut off after one decimal (tenths), as exact methods and the DIMACS "
            "challenge do, or kept to nine (exact)."
        ),
    ] = "tenths"
    capacity: Annotated[NonNegative, Field(description="What one vehicle carries.")]
    demands: Annotated[
        tuple[NonNegative, ...],
        Field(max_length=NODES_MAX, description="The demand of each node; 0 for the depot."),
        AfterValidator(_that_fit),
    ]
    windows: Annotated[
        tuple[Window, ...],
        Field(max_length=NODES_MAX, description="[ready, due] of each node; of the depot, its hours."),
        AfterValidator(_windows),
    ]
    service: Annotated[
        tuple[NonNegative, ...],
        Field(max_length=NODES_MAX, description="How long each node is served; 0 for the depot."),
        AfterValidator(_one_each),
    ]
    vehicles: Annotated[
        Annotated[int, Strict(), Field(ge=1, le=NODES_MAX)] | None,
        Field(description="The most routes; null where any number may leave."),
    ] = None

    def part_fault(self, part: Choice) -> str | None:
        every = range(1, self.nodes + 1)
        if len(set(part)) < len(part):
            return "should lead to another node"
        return within(part, "from, to", every, every)

    @property
    def nodes(self) -> int:
        return len(self.coordinates)

    @cached_property
    def unit(self) -> int:
        """One unit of distance and time in the fleet's integers."""
        _, denominator = integers([*(end for window in self.windows for end in window), *self.service])
        return math.lcm(UNITS[self.rounding], denominator)

    @cached_property
    def distances(self) -> list[list[int]]:
        """In the fleet's integers; each is cut off, exactly, before it is scaled."""
        scale, factor = UNITS[self.rounding], self.unit // UNITS[self.rounding]
        flat, below = integers([part for point in self.coordinates for part in point])
        points = list(zip(flat[::2], flat[1::2], strict=True))
        if below == 1:
            return [[int(math.dist(one, other) * scale) * factor for other in points] for one in points]
        squares = [[(a - c) ** 2 + (b - d) ** 2 for c, d in points] for a, b in points]
        return [[math.isqrt(scale**2 * square // below**2) * factor for square in row] for row in squares]

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
    def fleet(self) -> TimedFleet:
        """The same in integers; node 0 is the depot."""
        ends, below = integers([*(end for window in self.windows for end in window), *self.service])
        times = [end * (self.unit // below) for end in ends]
        n = 2 * self.nodes
        return TimedFleet(self.distances, *self.loads, self.limit, times[:n:2], times[1:n:2], times[n:])

    @cached_property
    def sets(self) -> list[tuple[int, ...]] | None:
        """Every set of customers that one vehicle can carry; None where there are more than QUBITS_MAX."""
        demands, capacity = self.loads
        found = fitting_sets(demands[1:], capacity, QUBITS_MAX)
        return None if found is None else [tuple(item + 1 for item in members) for members in found]

    @cached_property
    def spare(self) -> list[int]:
        """The values of bits that count the vehicles left at home; none where their number is no limit."""
        return [] if self.limit >= self.nodes - 1 else slack_values(max(0, self.limit - routes_min(*self.loads)))

    @cached_property
    def start(self) -> Routes | None:
        """Feasible routes, if they are easily found."""
        return first_routes(self.fleet, random.Random(0))

    @cached_property
    def bound(self) -> int:
        """What the routes are at least without any windows."""
        return lower_bound(self.fleet)
