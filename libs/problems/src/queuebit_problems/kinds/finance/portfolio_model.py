"""Portfolios as models of CP-SAT: a choice of assets, and weights in whole units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from queuebit_problems.kind import Answer
from queuebit_problems.kinds.finance.portfolio_statement import WEIGHT_UNITS, PortfolioStatement, in_units
from queuebit_problems.numeric import cp_coefficients, integers
from queuebit_problems.optimisation import CpReading

MODEL_UNITS = 10_000
"""Weights in the model are whole multiples of one over these."""


def weighted(weights: Sequence[int], units: int) -> Answer:
    return {"weights": [weight / units for weight in weights]}


def choice_model(statement: PortfolioStatement, model: Any) -> CpReading:
    choice, unit = statement.choice
    n = len(choice.own)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if choice.pair[i][j]]
    take = [model.new_bool_var(f"take{i}") for i in range(n)]
    both = {pair: model.new_bool_var(f"both{pair[0]}_{pair[1]}") for pair in pairs}
    coefficients = cp_coefficients([*choice.own, *(choice.pair[i][j] for i, j in pairs)], unit)
    model.add(sum(take) == choice.budget)
    for (i, j), bit in both.items():
        model.add_implication(bit, take[i])
        model.add_implication(bit, take[j])
        model.add_bool_or(~take[i], ~take[j], bit)
    model.minimize(sum(c * bit for c, bit in zip(coefficients.coefficients, [*take, *both.values()], strict=True)))

    def hint(answer: Answer) -> list[tuple[Any, int]]:
        x = answer["select"]
        return [*zip(take, x, strict=True), *((bit, x[i] & x[j]) for (i, j), bit in both.items())]

    return CpReading(
        answer=lambda value: {"select": [int(value(bit)) for bit in take]},
        scale=coefficients.scale,
        hint=hint,
        error=coefficients.error,
    )


def weights_model(statement: PortfolioStatement, model: Any) -> CpReading:
    table, _ = statement.covariance
    n = len(table)
    share = [model.new_int_var(0, MODEL_UNITS, f"share{i}") for i in range(n)]
    model.add(sum(share) == MODEL_UNITS)
    if statement.min_return is not None:
        values, _ = integers([*statement.expected_returns, statement.min_return])
        reach = max(1, max(map(abs, values)) // 10**9)
        gains, floor = [value // reach for value in values[:-1]], -(-values[-1] // reach)
        model.add(sum(gain * w for gain, w in zip(gains, share, strict=True)) >= min(floor, max(gains)) * MODEL_UNITS)
    top = max(1, max(abs(value) for row in table for value in row))
    scaled = [[value * 10**6 // top for value in row] for row in table]
    variance = model.new_int_var(-(10**15), 10**15, "variance")
    equal = in_units([1.0] * n, MODEL_UNITS)
    for point in (in_units([w / WEIGHT_UNITS for w in statement.solved], MODEL_UNITS), equal):
        slope = [2 * sum(map(int.__mul__, row, point)) // MODEL_UNITS for row in scaled]
        at = sum(s * w for s, w in zip(slope, point, strict=True)) // 2
        model.add(variance >= sum(s * w for s, w in zip(slope, share, strict=True)) - at)
    model.minimize(variance)
    return CpReading(
        answer=lambda value: weighted([int(value(w)) for w in share], MODEL_UNITS),
        scale=1,
        hint=lambda answer: list(zip(share, in_units(answer["weights"], MODEL_UNITS), strict=True)),
        error=math.inf,
    )
