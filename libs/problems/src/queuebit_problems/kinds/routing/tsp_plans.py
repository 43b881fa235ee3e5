"""Tours that are kept to earlier ones, way by way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from queuebit_problems.keeping.statement import Keep
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.chains import chains_of
from queuebit_problems.kinds.routing.pins_rows import Pins
from queuebit_problems.kinds.routing.tsp_model import filled
from queuebit_problems.kinds.routing.tsp_statement import TspStatement
from queuebit_problems.kinds.routing.ways import Driven
from queuebit_problems.optimisation import CpReading
from queuebit_problems.rows import NamedRows

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


class Tours(Driven[TspStatement]):
    def tours(self, answer: Answer) -> list[list[int]]:
        return [[*answer["tour"], *answer["tour"][:1]]]

    def model(self, statement: TspStatement, keep: Keep, model: cp_model.CpModel) -> CpReading:
        return filled(statement, model, keep.pinned)

    def rows(self, statement: TspStatement, keep: Keep) -> NamedRows | None:
        """What no tour can have together of what is pinned."""
        pins = Pins(None, keep.pinned, partial(self.named, statement), symmetric=statement.symmetric)
        pins.visited_once(range(1, statement.nodes + 1), statement.nodes)
        return pins.found

    def nearest(self, statement: TspStatement, keep: Keep) -> Answer | None:
        """The pinned chains, always on to the nearest end of another."""
        d, symmetric = statement.scaled[0], statement.symmetric
        ways = [(a - 1, b - 1) for a, b in keep.pinned]
        closing = ways[-1:] if len(ways) == statement.nodes else []
        chains = chains_of(range(statement.nodes), ways[: len(ways) - len(closing)], symmetric=symmetric)
        if chains is None:
            return None
        tour = chains.pop(0)
        while chains:
            ends = [(d[tour[-1]][chain[0]], place, False) for place, chain in enumerate(chains)]
            if symmetric:
                ends += [(d[tour[-1]][chain[-1]], place, True) for place, chain in enumerate(chains)]
            _, place, turned = min(ends)
            chain = chains.pop(place)
            tour = tour + (chain[::-1] if turned else chain)
        return {"tour": [node + 1 for node in tour]}


PLANS = Tours()
