"""One column for each row: the assignment problem exactly, and the qubits of permutations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from queuebit_problems.encoding.qubo import Exact, QuboBuilder
from queuebit_problems.optimisation import Group


def add_one_hot(
    builder: QuboBuilder, rows: int, columns: int, penalty: Exact, *, permutation: bool
) -> tuple[Group, ...]:
    """A qubit (row * columns + column): each row has one column and, in a permutation, each column one row."""
    sets = [tuple(range(row * columns, (row + 1) * columns)) for row in range(rows)]
    sets += [tuple(range(column, rows * columns, columns)) for column in range(columns if permutation else 0)]
    return add_groups(builder, sets, penalty)


def add_groups(builder: QuboBuilder, sets: Iterable[Sequence[int]], penalty: Exact) -> tuple[Group, ...]:
    """Of each set of qubits exactly one is 1."""
    groups = tuple(Group(tuple(each), penalty) for each in sets)
    for group in groups:
        builder.add_squared(dict.fromkeys(group.variables, 1), -1, penalty)
    return groups


def decoded(bits: Sequence[int], rows: int, columns: int) -> list[int]:
    """The first column of each row whose bit is set, or column 0."""
    return [next((c for c in range(columns) if bits[row * columns + c]), 0) for row in range(rows)]


def encoded(columns_of: Sequence[int], columns: int) -> list[int]:
    """One bit in each row."""
    bits = [0] * (len(columns_of) * columns)
    for row, column in enumerate(columns_of):
        bits[row * columns + column] = 1
    return bits


def completed(columns_of: Sequence[int], columns: int) -> list[int]:
    """A permutation: rows whose column is taken before get the free columns in order."""
    free = [column for column in range(columns) if column not in set(columns_of)][::-1]
    seen, found = set[int](), list[int]()
    for column in columns_of:
        found.append(free.pop() if column in seen else column)
        seen.add(column)
    return found


def least_cost(costs: Sequence[Sequence[int]]) -> tuple[int, list[int]]:
    """The cheapest assignment: (cost, column of each row), by shortest augmenting paths; the cost is a proved minimum."""
    n = len(costs)
    u = [min(row) for row in costs]
    v = [min(costs[i][j] - u[i] for i in range(n)) for j in range(n)]
    row_of, column_of = [-1] * n, [-1] * n
    for i, row in enumerate(costs):
        for j in range(n):
            if row_of[j] < 0 and row[j] == u[i] + v[j]:
                row_of[j], column_of[i] = i, j
                break
    for i in range(n):
        if column_of[i] < 0:
            _augment(costs, i, u, v, row_of, column_of)
    return sum(costs[i][column_of[i]] for i in range(n)), column_of


def _augment(
    costs: Sequence[Sequence[int]], start: int, u: list[int], v: list[int], row_of: list[int], column_of: list[int]
) -> None:
    """Give the row a column, moving others along the cheapest path, and keep the prices u and v feasible."""
    row = costs[start]
    distance = [row[j] - u[start] - v[j] for j in range(len(row))]
    via = [start] * len(row)
    open_, closed = list(range(len(row))), list[int]()
    while True:
        least = min(open_, key=distance.__getitem__)
        open_.remove(least)
        closed.append(least)
        reach = distance[least]
        i = row_of[least]
        if i < 0:
            break
        row, price = costs[i], reach - u[i]
        for j in open_:
            cost = price + row[j] - v[j]
            if cost < distance[j]:
                distance[j] = cost
                via[j] = i
    u[start] += reach
    for j in closed[:-1]:
        v[j] -= reach - distance[j]
        u[row_of[j]] += reach - distance[j]
    j = least
    while True:
        i = via[j]
        row_of[j] = i
        column_of[i], j = j, column_of[i]
        if i == start:
            return
