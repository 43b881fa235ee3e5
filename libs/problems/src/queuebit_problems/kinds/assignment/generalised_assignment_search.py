"""Jobs and agents in plain Python: starts, moves and exchanges, exact search. A list gives the agent of each job."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from queuebit_problems.shares import Room, Shares, one_part

if TYPE_CHECKING:
    from queuebit_problems.kinds.assignment.generalised_assignment_statement import GeneralisedAssignmentStatement

BRANCHES_MAX = 100_000
WORK_MAX = 3_000_000
"""Roughly how many moves one search may look at."""


def excesses(statement: GeneralisedAssignmentStatement, agent_of: Sequence[int]) -> list[int]:
    """By how much each agent has too much; negative where it has room."""
    found = [-capacity for _, capacity, _ in statement.used]
    for job, a in enumerate(agent_of):
        found[a] += statement.used[a][0][job]
    return found


def shares_of_agents(
    values: Sequence[Sequence[int]], unit: int, used: Sequence[tuple[list[int], int, int]], agent_of: Sequence[int]
) -> Shares:
    """What each job is worth at its agent, and what is left of each agent, of (weights, capacity, denominator)."""
    loads = [0] * len(used)
    for job, a in enumerate(agent_of):
        loads[a] += used[a][0][job]
    rooms = (Room(f"agent {a}", load, used[a][1], used[a][2]) for a, load in enumerate(loads))
    worth = [values[a][job] for job, a in enumerate(agent_of)]
    return one_part("jobs", worth, unit, lambda job: f"job {job} at agent {agent_of[job]}", rooms)


def profit_of(statement: GeneralisedAssignmentStatement, agent_of: Sequence[int]) -> int:
    """What the jobs earn together, in integers."""
    return sum(statement.earned[0][a][job] for job, a in enumerate(agent_of))


def most_of(statement: GeneralisedAssignmentStatement, job: int) -> int:
    """What a job earns at most at an agent where it fits alone."""
    rows = zip(statement.earned[0], statement.used, strict=True)
    fitting = [row[job] for row, (weights, capacity, _) in rows if weights[job] <= capacity]
    return max(fitting or [row[job] for row in statement.earned[0]])


def start(statement: GeneralisedAssignmentStatement, thrift: float, rng: random.Random) -> list[int]:
    """Jobs in random order, each where it earns most and, the more thrifty, uses least of an agent; may not fit."""
    profits, _ = statement.earned
    top = max(1, max(map(max, profits)))
    over = [-capacity for _, capacity, _ in statement.used]
    found = [0] * statement.jobs

    def value(a: int, job: int) -> float:
        weights, capacity, _ = statement.used[a]
        tight = max(0.0, (over[a] + weights[job]) / max(1, capacity))
        return profits[a][job] / top - thrift * (weights[job] / max(1, capacity)) - 10 * tight

    for job in rng.sample(range(statement.jobs), statement.jobs):
        found[job] = max(range(len(profits)), key=lambda a: value(a, job))
        over[found[job]] += statement.used[found[job]][0][job]
    return found


def polished(statement: GeneralisedAssignmentStatement, start: Sequence[int], rng: random.Random) -> list[int] | None:
    """Moves and exchanges of jobs: first those that lessen what is too much, then those that earn more."""
    profits, _ = statement.earned
    weights = [row for row, _, _ in statement.used]
    common = math.lcm(*(unit for _, _, unit in statement.used))
    unit = [common // unit for _, _, unit in statement.used]
    found, over = list(start), excesses(statement, start)
    work, jobs, moved = WORK_MAX // 8, range(statement.jobs), True

    def gain_of(job: int, to: int, other: int | None) -> int | None:
        """What the move or the exchange earns more; None where it does not lessen what is too much, nor earns more."""
        a = found[job]
        gain = profits[to][job] - profits[a][job]
        left, more = -weights[a][job], weights[to][job]
        if other is not None:
            gain += profits[a][other] - profits[to][other]
            left, more = left + weights[a][other], more - weights[to][other]
        change = (max(0, over[a] + left) - max(0, over[a])) * unit[a]
        change += (max(0, over[to] + more) - max(0, over[to])) * unit[to]
        return gain if (change, -gain) < (0, 0) else None

    def shift(job: int, a: int) -> None:
        over[found[job]] -= weights[found[job]][job]
        over[a] += weights[a][job]
        found[job] = a

    while moved and work > 0:
        moved = False
        for job in rng.sample(jobs, len(jobs)):
            mine = found[job]
            options: Iterator[tuple[int, int | None]] = chain(
                ((a, None) for a in range(len(profits)) if a != mine),
                ((found[other], other) for other in jobs if found[other] != mine),
            )
            for to, other in options:
                work -= 1
                if gain_of(job, to, other) is None:
                    continue
                shift(job, to)
                if other is not None:
                    shift(other, mine)
                moved = True
                break
            if work <= 0:
                break
    return None if any(o > 0 for o in over) else found


def best_of_all(statement: GeneralisedAssignmentStatement) -> list[int] | None:
    """Jobs in order, each agent in turn, with what the rest can earn at most as the bound."""
    profits, jobs = statement.earned[0], statement.jobs
    rest = [0] * (jobs + 1)
    for job in range(jobs - 1, -1, -1):
        rest[job] = rest[job + 1] + most_of(statement, job)
    best, most = None, -1
    open_: list[tuple[tuple[int, ...], int, tuple[int, ...]]] = [((), 0, tuple(used[1] for used in statement.used))]
    for _ in range(BRANCHES_MAX):
        if not open_:
            return best
        agent_of, profit, rooms = open_.pop()
        job = len(agent_of)
        if profit + rest[job] <= most:
            continue
        if job == jobs:
            best, most = list(agent_of), profit
            continue
        for a in sorted(range(len(profits)), key=lambda a: profits[a][job]):
            room = rooms[a] - statement.used[a][0][job]
            if room >= 0:
                open_.append(((*agent_of, a), profit + profits[a][job], (*rooms[:a], room, *rooms[a + 1 :])))
    return None


def searched(statement: GeneralisedAssignmentStatement, rng: random.Random) -> list[int] | None:
    """The best of several starts, from greedy to thrifty, each polished; None where none became feasible."""
    best: list[int] | None = None
    attempts = max(2, min(8, WORK_MAX // (10 * statement.jobs * (statement.jobs + len(statement.profits)))))
    for attempt in range(attempts):
        found = polished(statement, start(statement, attempt / (attempts - 1), rng), rng)
        if found is not None and (best is None or profit_of(statement, found) > profit_of(statement, best)):
            best = found
    return best
