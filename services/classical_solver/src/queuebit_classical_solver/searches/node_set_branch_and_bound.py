"""The solver port over independent sets and cliques by branch and bound: proves the largest set where a graph allows it.

Tomita and Seki's search with San Segundo's bit masks: nodes that still fit are coloured greedily so that each colour gives at
most one node, and only nodes whose colour could still lead beyond the best are branched on. A small graph of middle density
(brock200_2) takes a second. Branches are counted: time is the backstop.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_classical_solver.searches.node_sets.reduction import Reduced, reduced
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.graphs.graph_statement import bits_of, complement
from queuebit_problems.optimisation import Optimisation

METHOD = "branch and bound by colours"
STEPS_PER_S = 600_000.0
"""Colours given and branches taken; an idle machine does two to three times as many."""
POLL_STEPS = 2_000
EDGES_MAX = 600_000
"""Of the graph in which cliques are sought; above, it takes too long to prepare."""


@dataclass(frozen=True, slots=True)
class NodeSetBranchAndBoundSolver:
    """Serves sets of nodes: cliques and independent sets."""

    def solve(
        self,
        kind: Optimisation[S],
        statement: S,
        *,
        limits: Limits,
        hint: Answer | None,
        on_progress: OnProgress,
        stop: Stop,
    ) -> Solution:
        """See the port. The bound only moves by a proof. Raises NothingFound where there are too many edges."""
        sets: Any = kind
        rest = reduced(sets.conflicts(statement))
        masks = complement(rest.masks)
        if sum(mask.bit_count() for mask in masks) > 2 * EDGES_MAX:
            raise NothingFound("The graph has more edges than the search takes.")
        pace = Pace(limits, stop, units_per_s=STEPS_PER_S)
        best = Incumbent(kind, statement, hint, on_progress, METHOD)
        search = _Search(masks, rest, pace, best)
        if not best.proved:
            search.run()
            if search.over is None:
                best.optimal()
        cut_off_by: CutOffBy = search.over or "proof"
        return best.solution(cut_off_by, search.branches, pace.worked)


class _Search:
    """Cliques in a graph whose nodes are renumbered so that the first have most neighbours among the later ones."""

    def __init__(self, masks: list[int], rest: Reduced, pace: Pace, best: Incumbent) -> None:
        self.order = _by_width(masks)
        self.masks = _renumbered(masks, self.order)
        self.apart = [~mask for mask in self.masks]
        self.pace, self.best, self.rest = pace, best, rest
        self.size = max(0, int(best.objective or 0) - len(rest.taken))
        if len(rest.taken) > int(best.objective or 0):
            best.offer(rest.answer([]))
        self.branches = 0
        self.over: CutOffBy | None = None
        self._steps = 0

    def run(self) -> None:
        """Go through everything that could be larger than the best, on a stack of our own."""
        first = (1 << len(self.masks)) - 1
        stack = [(first, *self._coloured(first, self.size))]
        chosen: list[int] = []
        while stack:
            free, nodes, colours = stack[-1]
            if not nodes or len(chosen) + colours[-1] <= self.size:
                stack.pop()
                if chosen and stack:
                    chosen.pop()
                continue
            node = nodes.pop()
            colours.pop()
            stack[-1] = (free & ~(1 << node), nodes, colours)
            self.branches += 1
            chosen.append(node)
            left = free & self.masks[node]
            if left:
                stack.append((left, *self._coloured(left, self.size - len(chosen))))
            else:
                self._found(chosen)
                chosen.pop()
            if self._steps >= POLL_STEPS:
                self.over = self.pace.spend(self._steps)
                self._steps = 0
                if self.over is not None or self.best.proved:
                    return

    def _found(self, chosen: list[int]) -> None:
        if len(chosen) > self.size:
            self.size = len(chosen)
            self.best.offer(self.rest.answer([self.order[node] for node in chosen]))

    def _coloured(self, free: int, enough: int) -> tuple[list[int], list[int]]:
        """(nodes to branch on, the colour of each): those whose colour is beyond `enough`, least colour first."""
        nodes: list[int] = []
        colours: list[int] = []
        colour, apart = 0, self.apart
        while free:
            colour += 1
            mine = free
            while mine:
                low = mine & -mine
                node = low.bit_length() - 1
                free ^= low
                mine &= apart[node] & ~low
                self._steps += 1
                if colour > enough:
                    nodes.append(node)
                    colours.append(colour)
        return nodes, colours


def _by_width(masks: list[int]) -> list[int]:
    """Nodes so that each has as few neighbours as possible among those before it: fewest neighbours last."""
    left, found = (1 << len(masks)) - 1, list[int]()
    degree = [mask.bit_count() for mask in masks]
    queue = [(degree[node], -node) for node in range(len(masks))]
    heapify(queue)
    while queue:
        count, node = heappop(queue)
        node = -node
        if not left >> node & 1 or count != degree[node]:
            continue
        left ^= 1 << node
        found.append(node)
        for other in bits_of(masks[node] & left):
            degree[other] -= 1
            heappush(queue, (degree[other], -other))
    return found[::-1]


def _renumbered(masks: list[int], order: list[int]) -> list[int]:
    place = {node: i for i, node in enumerate(order)}
    return [sum(1 << place[other] for other in bits_of(masks[node])) for node in order]


NODE_SETS = frozenset({"max_clique", "max_independent_set"})
SEARCH = Search(
    METHOD,
    "queuebit-classical-solver",
    (
        Turn(NodeSetBranchAndBoundSolver(), 0.1, 1, NODE_SETS),
        Turn(NodeSetBranchAndBoundSolver(), 0.6, 5, NODE_SETS, variables_max=400),
    ),
)
"""Sets of nodes are first tried for a quick proof, then searched, then tried for longer."""
