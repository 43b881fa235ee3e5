"""The frame of searches over sets of nodes that take many steps as machine code: what is left of the graph, and the pace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from queuebit_classical_solver.cascade.pace import Incumbent, Pace, Round, until_over
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_classical_solver.searches.node_sets.reduction import reduced
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

if TYPE_CHECKING:
    from numpy import int32
    from numpy.typing import NDArray

UNITS_PER_S = 1_600_000_000.0
"""A step counts STEP_UNITS, one for each node and CONFLICT_UNITS for each conflict of a node; an idle machine does half as
many again."""
STEP_UNITS = 800.0
CONFLICT_UNITS = 4.0
UNITS_EACH_POLL = 30_000_000.0
CONFLICTS_MAX = 5_000_000
"""Above, the lists of conflicts take too much memory."""
PATIENCE_STEPS_EACH = 5_000
"""Steps that bring nothing better, for each node, before the search ends."""


class Steps(Protocol):
    """A search over a graph of conflicts that goes on where it stopped."""

    def advance(self, steps: int) -> int:
        """So many steps; how many nodes the largest set so far has."""
        ...

    def members(self) -> list[int]:
        """The largest set so far."""
        ...

    def size_max(self) -> int:
        """No set has more nodes."""
        ...


Begin = Callable[[int, "NDArray[int32]", list[int], int], Steps]
"""Nodes, conflicts (a row a pair), a set without conflicts, and the seed."""


@dataclass(frozen=True, slots=True)
class SteppedSolver:
    """Serves sets of nodes, cliques and independent sets, by one such search."""

    begin: Begin
    method: str

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
        """See the port. It proves nothing but what the rest of the graph being empty proves. Raises NothingFound where there
        are too many conflicts.
        """
        sets: Any = kind
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint or kind.default_answer(statement), on_progress, self.method)
        assert best.answer is not None
        rest = reduced(sets.conflicts(statement))
        if not rest.masks:
            best.offer(rest.answer([]))
            best.optimal()
            return best.solution("proof", 0, pace.worked)
        conflicts = sum(mask.bit_count() for mask in rest.masks) // 2
        if conflicts > CONFLICTS_MAX:
            raise NothingFound(f"The graph has more than the {CONFLICTS_MAX} conflicts that the search takes.")
        nodes = len(rest.masks)
        search = self.begin(nodes, pairs(rest.masks), rest.members(best.answer), limits.seed)
        best.lift(search.size_max() + len(rest.taken))
        each = STEP_UNITS + nodes + CONFLICT_UNITS * 2 * conflicts / nodes
        steps = max(1, int(UNITS_EACH_POLL / each))

        def one_round() -> Round:
            size = search.advance(steps) + len(rest.taken)
            better = size > int(best.objective or 0) and best.offer(rest.answer(search.members()))
            return Round(steps * each, steps, better)

        cut_off_by, done = until_over(best, pace, one_round, patience=PATIENCE_STEPS_EACH * nodes)
        return best.solution(cut_off_by, done, pace.worked, nodes_left=nodes)


def pairs(masks: list[int]) -> NDArray[int32]:
    """Every conflict once, a row each, the lower node first."""
    import numpy as np

    size = (len(masks) + 7) // 8
    rows = []
    for u, mask in enumerate(masks):
        later = mask >> (u + 1)
        if later:
            bits = np.unpackbits(np.frombuffer(later.to_bytes(size, "little"), dtype=np.uint8), bitorder="little")
            near = np.flatnonzero(bits) + (u + 1)
            rows.append(np.stack([np.full(len(near), u), near], axis=1))
    return np.concatenate(rows).astype(np.int32)
