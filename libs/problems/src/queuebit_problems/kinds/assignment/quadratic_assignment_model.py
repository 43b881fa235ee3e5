"""Costs of a quadratic assignment as CP-SAT takes them: of pairs, of choices, or those that Gilmore and Lawler bound it by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queuebit_problems.kinds.assignment.quadratic_assignment_search import lawler_costs

Matrix = list[list[int]]
Scaled = Callable[[int], int]
"""A cost as the integer that the model counts."""
Terms = tuple[list[tuple[int, Any]], list[tuple[Any, Any]]]


def product_costs(model: Any, given: list[list[Any]], a: Matrix, b: Matrix, scaled: Scaled) -> Terms:
    """A Boolean for each two facilities with flow and their two locations; each choice of one fixes one of the other."""
    n = len(a)
    terms: list[tuple[int, Any]] = []
    hints: list[tuple[Any, Any]] = []
    for i in range(n):
        for j in range(i + 1, n):
            if not a[i][j] and not a[j][i]:
                continue
            both = {(k, m): model.new_bool_var(f"both{i}_{k}_{j}_{m}") for k in range(n) for m in range(n) if k != m}
            for k in range(n):
                model.add(sum(both[k, m] for m in range(n) if m != k) == given[i][k])
                model.add(sum(both[m, k] for m in range(n) if m != k) == given[j][k])
            for (k, m), bit in both.items():
                terms.append((scaled(a[i][j] * b[k][m] + a[j][i] * b[m][k]), bit))
                hints.append((bit, lambda p, i=i, j=j, k=k, m=m: int(p[i] == k and p[j] == m)))
    return terms, hints


def choice_costs(model: Any, given: list[list[Any]], a: Matrix, b: Matrix, scaled: Scaled) -> Terms:
    """For each facility what its flows cost, at least what they cost at the location that it has."""
    n = len(a)
    terms: list[tuple[int, Any]] = []
    hints: list[tuple[Any, Any]] = []
    for i in range(n):
        flows = [(j, a[i][j]) for j in range(n) if j != i and a[i][j]]
        most = sum(scaled(flow * max(map(max, b))) for _, flow in flows)
        cost = model.new_int_var(0, most, f"cost{i}")
        for k in range(n):
            spent = sum(
                scaled(flow * b[k][m]) * given[j][m] for j, flow in flows for m in range(n) if m != k and b[k][m]
            )
            model.add(cost >= spent).only_enforce_if(given[i][k])
        terms.append((1, cost))
        hints.append((cost, lambda p, i=i, flows=flows: sum(scaled(flow * b[p[i]][p[j]]) for j, flow in flows)))
    return terms, hints


def lawler_model(model: Any, given: list[list[Any]], a: Matrix, b: Matrix, scaled: Scaled) -> Terms:
    """For each facility and location the least that the flows of the facility can cost there."""
    del model
    costs = lawler_costs([[0 if i == j else v for j, v in enumerate(row)] for i, row in enumerate(a)], b)
    return [
        (scaled(cost), bit) for row, bits in zip(costs, given, strict=True) for cost, bit in zip(row, bits, strict=True)
    ], []
