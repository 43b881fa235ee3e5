"""The solver port over symmetric tours: Lin and Kernighan's chains of 2-opt moves, disturbed locally again and again.

A chain removes an edge at a node, and each link reverses a path, so that after every link there is a tour; the best of them is
kept where it gains. Disturbances are double bridges of short paths (Applegate, Cook, Rohe), undone where they do not help.
Disturbances are counted: time is the backstop.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Solver, Stop
from queuebit_classical_solver.searches.any_heuristic_restarts import RestartSolver
from queuebit_classical_solver.searches.routing_pyvrp import PyVrpSolver
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

METHOD = "iterated Lin-Kernighan"
UNITS_PER_S = 2_000_000.0
"""A unit is a place of the tour or a distance looked at; an idle machine looks at two to four times as many."""
NODES_MIN = 8
NEAR = 8
DEPTH_MAX = 20
WIDTH = 5
"""How many first links are tried."""
REACH = 50
"""A double bridge lies within so many places."""
POLL_ROUNDS = 50
FIRST_WORK = 100_000
"""Work between two looks at the clock before the first disturbance."""
PATIENCE_EACH = 2_000
"""The search ends after so many rounds for each node without a shorter tour."""


@dataclass(frozen=True, slots=True)
class LinKernighanSolver:
    """Serves tours. `otherwise`: what searches those of few nodes, and those whose ways there and back differ."""

    otherwise: Solver

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
        """See the port. It proves nothing."""
        given: Any = statement
        if not given.symmetric or given.nodes < NODES_MIN:
            return self.otherwise.solve(kind, statement, limits=limits, hint=hint, on_progress=on_progress, stop=stop)
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint or kind.default_answer(statement), on_progress, METHOD)
        assert best.answer is not None
        rng = random.Random(limits.seed)
        search = _Chains(given.scaled[0], [node - 1 for node in best.answer["tour"]])
        rounds = better_at = 0
        shorter = True
        cut_off_by: CutOffBy | None = "proof" if best.proved else None
        waiting = dict.fromkeys(search.tour)
        while waiting and cut_off_by is None:
            search.improve(waiting, work_max=FIRST_WORK)
            cut_off_by = pace.spend(search.spent())
        while cut_off_by is None:
            if shorter:
                best.offer({"tour": [node + 1 for node in search.tour]})
                better_at, shorter = rounds, False
            for _ in range(POLL_ROUNDS):
                rounds += 1
                shorter |= search.disturb(rng) > 0
            over = pace.spend(search.spent())
            tired = rounds - better_at >= PATIENCE_EACH * given.nodes
            cut_off_by = "proof" if best.proved else over or ("patience" if tired else None)
        if shorter:
            best.offer({"tour": [node + 1 for node in search.tour]})
        return best.solution(cut_off_by, rounds, pace.worked)


class _Chains:
    """A tour, and what was done to it since the last disturbance."""

    def __init__(self, d: Sequence[Sequence[int]], tour: list[int]) -> None:
        self.d, self.tour, self.n = d, tour, len(tour)
        self.place = [0] * self.n
        for at, node in enumerate(tour):
            self.place[node] = at
        self.near = [
            sorted((other for other in range(self.n) if other != node), key=row.__getitem__)[:NEAR]
            for node, row in enumerate(d)
        ]
        self._work = 0
        self._turns: list[tuple[int, int]] = []

    def spent(self) -> int:
        """The work since it was last asked."""
        work, self._work = self._work, 0
        return work

    def improve(self, queue: dict[int, None], work_max: float = math.inf) -> int:
        """Chains at these nodes, and at those that they touch, while any gains; how much shorter the tour is.

        What is still waiting when so much work was done stays in the queue.
        """
        gained = 0
        while queue and self._work < work_max:
            node = next(iter(queue))
            del queue[node]
            for step in (1, -1):
                gain, touched = self._chain(node, step)
                if gain:
                    gained += gain
                    queue.update(dict.fromkeys(touched))
                    break
        return gained

    def disturb(self, rng: random.Random) -> int:
        """A double bridge and what mends it; how much shorter the tour is, undone where it would be longer."""
        n, tour, d = self.n, self.tour, self.d
        reach = min(n - 2, REACH)
        first = rng.randrange(n - reach - 1)
        one, two, three = sorted(rng.sample(range(1, reach + 1), 3))
        kept = tour[first : first + three + 2]
        b, c, e = kept[one], kept[two], kept[three]
        after_one, after_two, after_three = kept[one + 1], kept[two + 1], kept[three + 1]
        bridged = [*kept[: one + 1], *kept[two + 1 : three + 1], *kept[one + 1 : two + 1], kept[three + 1]]
        longer = d[b][after_two] + d[e][after_one] + d[c][after_three]
        longer -= d[b][after_one] + d[c][after_two] + d[e][after_three]
        self._put(first, bridged)
        self._turns = []
        gain = self.improve(dict.fromkeys((b, after_two, e, after_one, c, after_three))) - longer
        if gain < 0:
            for i, j in reversed(self._turns):
                self._turn(i, j)
            self._put(first, kept)
        return max(0, gain)

    def _put(self, first: int, nodes: list[int]) -> None:
        self.tour[first : first + len(nodes)] = nodes
        place = self.place
        for at, node in enumerate(nodes, start=first):
            place[node] = at
        self._work += len(nodes)

    def _chain(self, t1: int, step: int) -> tuple[int, list[int]]:
        """The best chain from the edge between t1 and the next node in that direction: (gain, nodes touched)."""
        d, n, towards = self.d, self.n, step
        for width in range(WIDTH):
            step = towards
            t2 = self.tour[(self.place[t1] + step) % n]
            removed, best, touched = d[t1][t2], 0, [t1, t2]
            added = set[tuple[int, int]]()
            turns, best_turns = 0, 0
            while turns < DEPTH_MAX:
                link = self._link(t1, t2, step, removed, added, width if not turns else 0)
                if link is None:
                    break
                t3, t4 = link
                i, j = (self.place[t2], self.place[t4]) if step == 1 else (self.place[t4], self.place[t2])
                self._turn(i, j)
                self._turns.append((i, j))
                turns += 1
                added.add((t2, t3) if t2 < t3 else (t3, t2))
                touched += [t3, t4]
                removed += d[t4][t3] - d[t2][t3]
                if removed - d[t4][t1] > best:
                    best, best_turns = removed - d[t4][t1], turns
                t2 = t4
                if self.tour[(self.place[t1] + step) % n] != t2:
                    step = -step  # what is left was turned around instead
            if not turns:
                break
            for _ in range(turns - best_turns):
                self._turn(*self._turns.pop())
            if best:
                return best, touched[: 2 + 2 * best_turns]
        return 0, []

    def _link(
        self, t1: int, t2: int, step: int, removed: int, added: set[tuple[int, int]], rank: int
    ) -> tuple[int, int] | None:
        """(t3, t4): join t2 with t3 and cut t3 from t4, its neighbour towards t2; the link of that rank by what it saves."""
        d, tour, place, n = self.d, self.tour, self.place, self.n
        row = d[t2]
        found: list[tuple[int, int, int]] = []
        self._work += NEAR
        for t3 in self.near[t2]:
            cost = row[t3]
            if cost >= removed:
                break
            t4 = tour[(place[t3] - step) % n]
            if t3 == t1 or t4 == t2 or ((t3, t4) if t3 < t4 else (t4, t3)) in added:
                continue
            found.append((cost - d[t3][t4], t3, t4))
        if len(found) <= rank:
            return None
        if rank:
            found.sort()
            return found[rank][1:]
        return min(found)[1:]

    def _turn(self, i: int, j: int) -> None:
        """Turn the path from place i to place j around, or what is left, whichever is shorter: the tour is the same."""
        n, tour, place = self.n, self.tour, self.place
        inside = (j - i) % n + 1
        if 2 * inside > n:
            i, j, inside = (j + 1) % n, (i - 1) % n, n - inside
        self._work += inside
        if i <= j:
            part = tour[i : j + 1]
            part.reverse()
            tour[i : j + 1] = part
            for at, node in enumerate(part, start=i):
                place[node] = at
            return
        for _ in range(inside // 2):
            a, b = tour[i], tour[j]
            tour[i], tour[j] = b, a
            place[b], place[a] = i, j
            i, j = (i + 1) % n, (j - 1) % n


TOURS = frozenset({"tsp"})
SEARCH = Search(
    METHOD,
    "queuebit-classical-solver",
    (
        Turn(LinKernighanSolver(RestartSolver(1.0)), 0.3, 1, TOURS, variables_min=60, variables_max=250),
        Turn(LinKernighanSolver(PyVrpSolver()), 0.9, 1, TOURS, variables_min=251),
    ),
)
