"""Schedules: the job shop."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations, permutations, product

from hypothesis import strategies as st

from queuebit_problems.kind import Answer
from tests.unit.problems.fields import Data, Field


@st.composite
def shops(draw: st.DrawFn) -> Data:
    machines = draw(st.integers(1, 3))
    operation = st.tuples(st.integers(0, machines - 1), st.integers(0, 3)).map(list)
    jobs = draw(st.lists(st.lists(operation, min_size=1, max_size=2), min_size=1, max_size=3))
    return {"machines": machines, "jobs": jobs}


def _operations(data: Data) -> list[tuple[int, int, int, int]]:
    """(job, place, machine, duration) of each operation."""
    return [(j, k, machine, d) for j, job in enumerate(data["jobs"]) for k, (machine, d) in enumerate(job)]


def _schedules(data: Data) -> Iterable[Answer]:
    """For each order on each machine, every operation as early as the orders allow, where they do; and all at once."""
    operations = _operations(data)
    yield {"start": [[0] * len(job) for job in data["jobs"]]}
    by_machine = [[o for o in operations if o[2] == machine] for machine in range(data["machines"])]
    for orders in product(*(permutations(mine) for mine in by_machine)):
        before = {(a, b) for a, b in combinations(operations, 2) if a[0] == b[0]}
        before |= {pair for order in orders for pair in combinations(order, 2)}
        starts = dict.fromkeys(operations, 0)
        for _ in operations:
            for a, b in before:
                starts[b] = max(starts[b], starts[a] + a[3])
        if all(starts[b] >= starts[a] + a[3] for a, b in before):
            found = [[0] * len(job) for job in data["jobs"]]
            for (j, k, _, _), time in starts.items():
                found[j][k] = time
            yield {"start": found}


def _makespan(data: Data, answer: Answer) -> Fraction | None:
    starts = {o: answer["start"][o[0]][o[1]] for o in _operations(data)}
    for a, b in combinations(starts, 2):
        ends = starts[a] + a[3] <= starts[b]
        if a[0] == b[0] and not ends:
            return None
        if a[2] == b[2] and not (ends or starts[b] + b[3] <= starts[a]):
            return None
    return Fraction(max(start + o[3] for o, start in starts.items()))


@st.composite
def flows(draw: st.DrawFn) -> Data:
    machines = draw(st.integers(1, 3))
    row = st.lists(st.integers(0, 5), min_size=machines, max_size=machines)
    return {"durations": draw(st.lists(row, min_size=1, max_size=4))}


def _orders(data: Data) -> Iterable[Answer]:
    jobs = range(len(data["durations"]))
    return ({"order": list(order)} for order in product(jobs, repeat=len(jobs)))


def _last_end(data: Data, answer: Answer) -> Fraction | None:
    order, rows = answer["order"], data["durations"]
    if sorted(order) != list(range(len(rows))):
        return None
    ends = [[0] * (len(rows[0]) + 1) for _ in range(len(rows) + 1)]
    for k, job in enumerate(order, start=1):
        for m, duration in enumerate(rows[job], start=1):
            ends[k][m] = max(ends[k - 1][m], ends[k][m - 1]) + duration
    return Fraction(ends[-1][-1])


FIELDS = [
    Field("flow_shop", flows(), _orders, _last_end, example=Fraction(12)),
    Field("job_shop", shops(), _schedules, _makespan, polished_by_encoding=True, example=Fraction(6)),
]
