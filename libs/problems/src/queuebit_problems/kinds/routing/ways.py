"""Tours and routes as ways from node to node, by which plans are kept to earlier ones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from queuebit_problems.keeping.plans import Plans
from queuebit_problems.keeping.statement import Choice
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.road_statement import RoadStatement

R = TypeVar("R", bound=RoadStatement)
Way = tuple[int, int]
"""From a node to another, from 0."""


class Driven(Plans[R]):
    """The parts are the ways that are driven. What a change costs is an amount of the distances."""

    in_amounts = True

    @abstractmethod
    def tours(self, answer: Answer) -> list[list[int]]:
        """The closed tours of an answer, the first node of each once more at its end; nodes from 1."""

    def parts(self, statement: R, answer: Answer) -> list[Choice]:
        """Those between nodes that there are, the lower one first where both directions are as long."""
        nodes = range(1, statement.nodes + 1)
        steps = (way for tour in self.tours(answer) for way in pairwise(tour))
        ways = ((a, b) for a, b in steps if a != b and a in nodes and b in nodes)
        return [(min(way), max(way)) for way in ways] if statement.symmetric else list(ways)

    def named(self, statement: R, part: Choice) -> str:
        a, b = part
        return f"{a} - {b}" if statement.symmetric else f"{a} to {b}"


def directions(statement: RoadStatement, pinned: Sequence[Choice]) -> list[tuple[Way, ...]]:
    """In which directions each way may be driven, nodes from 0."""
    ways = [(a - 1, b - 1) for a, b in pinned]
    return [((a, b), (b, a)) if statement.symmetric else ((a, b),) for a, b in ways]
