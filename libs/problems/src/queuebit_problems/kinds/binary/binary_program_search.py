"""Quick answers to a binary program, in plain Python: jumps towards feasibility, then steps that gain and keep every row."""

from __future__ import annotations

import random
from collections.abc import Sequence

from queuebit_problems.kinds.binary.binary_program_rows import Program

WORK_MAX = 400_000
"""Roughly how many terms one search may look at."""
CANDIDATES_MAX = 25
PASSES_MAX = 50


class State:
    """Values with the activity of every row, kept up to date. `work` counts the terms that were looked at."""

    def __init__(self, program: Program, values: Sequence[int]) -> None:
        self.program = program
        self.values = [min(max(v, low), high) for v, (low, high) in zip(values, program.ranges, strict=True)]
        self.activities = [row.activity(self.values) for row in program.rows]
        self.broken = {k for k, row in enumerate(program.rows) if row.missed(self.activities[k])}
        self.slopes = dict(program.linear)
        self.squares = {i: q for i, j, q in program.quadratic if i == j}
        self.work = 0

    def set(self, i: int, value: int) -> None:
        """Give a variable a value."""
        change = value - self.values[i]
        self.values[i] = value
        for k, a in self.program.columns[i]:
            self.activities[k] += a * change
            if self.program.rows[k].missed(self.activities[k]):
                self.broken.add(k)
            else:
                self.broken.discard(k)
        self.work += len(self.program.columns[i]) + 1

    def cost_change(self, i: int, value: int) -> int:
        """What giving a variable a value adds to the cost, in units."""
        old = self.values[i]
        joined = self.program.neighbours[i]
        slope = self.slopes.get(i, 0) + sum(q * self.values[j] for j, q in joined)
        self.work += len(joined) + 1
        change = slope * (value - old) + self.squares.get(i, 0) * (value * value - old * old)
        return -change if self.program.most else change

    def missed_change(self, i: int, value: int, weights: Sequence[int]) -> int:
        """What it adds to the weighted number of rows that are missed."""
        change, total = value - self.values[i], 0
        for k, a in self.program.columns[i]:
            row, now = self.program.rows[k], self.activities[k]
            total += weights[k] * ((row.missed(now + a * change) > 0) - (row.missed(now) > 0))
        self.work += len(self.program.columns[i]) + 1
        return total

    def keeps_all(self, i: int, value: int) -> bool:
        """Whether every row stays kept."""
        change = value - self.values[i]
        self.work += len(self.program.columns[i]) + 1
        rows = self.program.rows
        return not any(rows[k].missed(self.activities[k] + a * change) for k, a in self.program.columns[i])


def feasible(program: Program, start: Sequence[int], rng: random.Random) -> list[int] | None:
    """Values that keep every row, or None where none were found: a broken row is drawn, and of its variables the one whose
    jump leaves fewest rows broken is set to where the row holds; rows that stay broken weigh more and more.
    """
    state, weights = State(program, start), [1] * len(program.rows)
    while state.broken and state.work < WORK_MAX:
        broken = sorted(state.broken)
        k = broken[rng.randrange(len(broken))]
        terms = program.rows[k].terms
        chosen = terms if len(terms) <= CANDIDATES_MAX else rng.sample(terms, CANDIDATES_MAX)
        moves = [(i, value) for i, a in chosen if (value := _towards(state, k, i, a)) != state.values[i]]
        rated = [(state.missed_change(i, value, weights), state.cost_change(i, value), i, value) for i, value in moves]
        state.work += len(chosen) + len(broken)
        if not rated:
            weights[k] += 1
            if not any(a for _, a in terms):
                return None
            continue
        change, _, i, value = min(rated)
        if change >= 0:
            for each in broken:
                weights[each] += 1
            if rng.random() < 0.3:
                _, _, i, value = rated[rng.randrange(len(rated))]
        state.set(i, value)
    return None if state.broken else state.values


def _towards(state: State, k: int, i: int, a: int) -> int:
    """The value of a variable nearest to its own at which a row holds, or comes as close as its range allows."""
    row, now = state.program.rows[k], state.activities[k]
    if not a:
        return state.values[i]
    need = row.upper - now if row.upper is not None and now > row.upper else (row.lower or 0) - now
    steps = -(-abs(need) // abs(a)) * (1 if (need > 0) == (a > 0) else -1)
    low, high = state.program.ranges[i]
    return min(max(state.values[i] + steps, low), high)


def polished(program: Program, start: Sequence[int]) -> list[int]:
    """Steps of one variable, and exchanges of two of a row that is full, while they gain and keep every row."""
    state = State(program, start)
    for _ in range(PASSES_MAX):
        gained = False
        for i in range(program.variables):
            if state.work >= WORK_MAX:
                return state.values
            gained |= _stepped(state, i) or _exchanged(state, i)
        if not gained:
            break
    return state.values


def _stepped(state: State, i: int) -> bool:
    now, (low, high) = state.values[i], state.program.ranges[i]
    for value in {low, high, now - 1, now + 1}:
        if low <= value <= high and value != now and state.cost_change(i, value) < 0 and state.keeps_all(i, value):
            state.set(i, value)
            return True
    return False


def _exchanged(state: State, i: int) -> bool:
    """Move a variable where that gains, and one other back so that the row which it breaks holds again."""
    now, (low, high) = state.values[i], state.program.ranges[i]
    for value in (now - 1, now + 1):
        if not low <= value <= high or (gain := state.cost_change(i, value)) >= 0:
            continue
        state.set(i, value)
        if state.broken:
            k = min(state.broken)
            for j, a in state.program.rows[k].terms[:CANDIDATES_MAX]:
                back = _towards(state, k, j, a)
                if j == i or back == state.values[j] or gain + state.cost_change(j, back) >= 0:
                    continue
                before = state.values[j]
                state.set(j, back)
                if not state.broken:
                    return True
                state.set(j, before)
        if not state.broken:
            return True
        state.set(i, now)
    return False
