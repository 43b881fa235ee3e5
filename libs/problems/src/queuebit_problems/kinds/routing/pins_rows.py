"""What no routes can have together of the ways that are pinned, by name. Nodes count from 1; that of the depot is 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise

from queuebit_problems.keeping.statement import Choice
from queuebit_problems.kinds.routing.chains import chains_of
from queuebit_problems.kinds.routing.cvrp_search import Fleet
from queuebit_problems.kinds.routing.vrptw_search import TimedFleet
from queuebit_problems.rows import NamedRows

CIRCLES_MAX = 100
"""So many are told of: one is enough for what is pinned to allow no route."""

WAYS_NAMED_MAX = 12
"""Of a circle."""


class Pins:
    """Rows over a bit for each pinned way, beside those that there are."""

    def __init__(
        self, found: NamedRows | None, pinned: Sequence[Choice], named: Callable[[Choice], str], *, symmetric: bool
    ) -> None:
        self.found = found or NamedRows([], complete=False)
        self._bit = {way: len(self.found.ranges) + place for place, way in enumerate(pinned)}
        self._named, self._symmetric = named, symmetric
        self.found.ranges.extend([(0, 1)] * len(pinned))
        for way, bit in self._bit.items():
            self.found.add(f"{named(way)} is pinned", [(bit, 1)], lower=1)

    def visited_once(self, nodes: Sequence[int], whole: int) -> None:
        """Each of these nodes is passed once, and no ways among them close a circle but one through `whole` nodes."""
        out, into = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
        for (a, b), bit in self._bit.items():
            out[a].append(bit)
            into[b].append(bit)
        for node in nodes:
            if self._symmetric:
                self._at_most(2, out[node] + into[node], f"node {node} is passed once")
            else:
                self._at_most(1, out[node], f"node {node} is left once")
                self._at_most(1, into[node], f"node {node} is reached once")
        for circle in islice(self._circles(nodes, whole), CIRCLES_MAX):
            named = ", ".join(map(self._named, circle[-WAYS_NAMED_MAX:]))
            more = f" and {len(circle) - WAYS_NAMED_MAX} more" if len(circle) > WAYS_NAMED_MAX else ""
            self._at_most(len(circle) - 1, [self._bit[each] for each in circle], f"the ways {named}{more} are no route")

    def _circles(self, nodes: Sequence[int], whole: int) -> Iterator[list[Choice]]:
        tree: dict[int, list[Choice]] = {node: [] for node in nodes}
        for way in self._bit:
            if way[0] not in tree or way[1] not in tree:
                continue
            path = _path(tree, way[0], way[1])
            if path is None:
                for end in way:
                    tree[end].append(way)
            elif len(path) + 1 < whole:
                yield [*path, way]

    def carried(self, fleet: Fleet) -> None:
        """What one vehicle carries along pinned ways, and when it is where."""
        ways = [(a - 1, b - 1) for a, b in self._bit if 1 not in (a, b)]
        for chain in chains_of(range(1, fleet.nodes), ways, symmetric=self._symmetric) or []:
            steps = [(a + 1, b + 1) for a, b in pairwise(chain)]
            bits = [self._bit[step if step in self._bit else step[::-1]] for step in steps]
            if fleet.load(chain) > fleet.capacity:
                self._at_most(
                    len(bits) - 1, bits, f"what a vehicle carries from node {chain[0] + 1} to {chain[-1] + 1}"
                )
            if isinstance(fleet, TimedFleet):
                self._in_time(fleet, chain, bits)

    def _in_time(self, fleet: TimedFleet, chain: list[int], bits: list[int]) -> None:
        time = fleet.ready[chain[0]]
        for place, (a, b) in enumerate(pairwise(chain)):
            time = max(time + fleet.service[a] + fleet.d[a][b], fleet.ready[b])
            if time > fleet.due[b]:
                name = f"from node {chain[0] + 1} to {b + 1} in time"
                self._at_most(place, bits[: place + 1], name)
                return

    def _at_most(self, count: int, bits: Sequence[int], name: str) -> None:
        if len(bits) > count:
            self.found.add(name, [(bit, 1) for bit in bits], upper=count)


def _path(tree: dict[int, list[Choice]], start: int, end: int) -> list[Choice] | None:
    """The ways of a forest from one node to another; None where there are none."""
    came: dict[int, Choice | None] = {start: None}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        for way in tree[node]:
            other = way[1] if way[0] == node else way[0]
            if other not in came:
                came[other] = way
                waiting.append(other)
    if end not in came:
        return None
    found, node = list[Choice](), end
    while (step := came[node]) is not None:
        found.append(step)
        node = step[1] if step[0] == node else step[0]
    return found
