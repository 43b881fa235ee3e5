"""The statement of a portfolio: assets with returns and covariances, its choice in integers, its weights and their bound."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, Strict, ValidationInfo

from queuebit_problems.checks import Place, raise_faults, table_faults
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.formats.portlib import ASSETS_MAX
from queuebit_problems.kind import Statement
from queuebit_problems.kinds.finance.mean_variance_search import (
    curvature_missing,
    is_positive,
    least_variance,
    price_of_return,
)
from queuebit_problems.kinds.finance.portfolio_search import Choice
from queuebit_problems.numeric import NonNegative, Real, integers

TOLERANCE = Fraction(1, 10**9)
"""By how much the sum of the weights may miss 1, and the return what is asked for."""
EXACT = 1e-9
"""The relative error that floats leave in a test for negative eigenvalues."""
WEIGHT_UNITS = 10**12
"""Weights of ours are whole multiples of one over these."""

Values = tuple[Real, ...]
Table = tuple[tuple[Real, ...], ...]


def _filled(returns: Values) -> Values:
    if not returns:
        raise_faults("portfolio", [((), "length", "should have at least one asset")])
    return returns


def _covariances(table: Table, info: ValidationInfo) -> Table:
    if table and "expected_returns" in info.data:
        raise_faults("portfolio", _covariance_faults(table, len(info.data["expected_returns"])))
    return table


def _covariance_faults(table: Table, assets: int) -> Iterator[tuple[Place, str, str]]:
    faults = list(table_faults(table, assets, assets, "covariances"))
    yield from faults
    for i, row in enumerate(() if faults else table):
        if row[i] < 0:
            yield (i, i), "negative", "is a variance and should not be negative"
        for j in range(i):
            if row[j] != table[j][i]:
                yield (i, j), "asymmetric", f"should be the same as row {j}, column {i}: {table[j][i]}"
                faults.append(((i, j), "", ""))
    if not faults and all(row[i] >= 0 for i, row in enumerate(table)):
        yield from _indefinite(table)


def _indefinite(table: Sequence[Sequence[float]]) -> Iterator[tuple[Place, str, str]]:
    """Where a symmetric table is no covariance matrix, as far as its decimals tell: a correlation beyond 1, or weights of a
    negative variance.
    """
    unit = _rounding(table)
    beyond = False
    for i, row in enumerate(table):
        for j in range(i):
            most = math.sqrt((row[i] + unit) * (table[j][j] + unit))
            if abs(row[j]) - unit > most * (1 + EXACT):
                beyond = True
                share = math.sqrt(row[i] * table[j][j])
                told = f"a correlation of {row[j] / share:.3g}" if share else "a covariance with what never varies"
                yield (i, j), "correlation", f"means {told}; it is at most {share:.6g} between these variances"
    top = max((row[i] for i, row in enumerate(table)), default=0)
    if not beyond and top and not is_positive(table, unit * len(table) + EXACT * top):
        text = "are those of no assets: some weights have a negative variance (the matrix has a negative eigenvalue)"
        yield (), "indefinite", f"{text}; estimate it anew, or take the nearest positive semidefinite one"


def _rounding(table: Sequence[Sequence[float]]) -> float:
    """By how much each number may have been rounded, judged by the most decimals that any has; whole numbers are exact."""
    exponents = {Decimal(repr(value)).as_tuple().exponent for row in table for value in row if isinstance(value, float)}
    finest = min((exponent for exponent in exponents if isinstance(exponent, int)), default=0)
    return 0.5 * 10.0**finest if finest < 0 else 0.0


def _deviations(deviations: tuple[NonNegative, ...], info: ValidationInfo) -> tuple[NonNegative, ...]:
    returns, covariances = info.data.get("expected_returns"), info.data.get("covariances")
    if returns is None or covariances is None:
        return deviations
    if covariances and deviations:
        raise_faults("portfolio", [((), "surplus", "should be left out where covariances are stated")])
    if not covariances and len(deviations) != len(returns):
        message = f"should have one value for each of the {len(returns)} assets, unless covariances are stated"
        raise_faults("portfolio", [((), "length", message)])
    return deviations


def _correlations(rows: Table, info: ValidationInfo) -> Table:
    if "deviations" in info.data:
        raise_faults("portfolio", _correlation_faults(rows, len(info.data["deviations"])))
    return rows


def _correlation_faults(rows: Table, assets: int) -> Iterator[tuple[Place, str, str]]:
    if len(rows) != assets:
        yield (), "length", f"should have {assets} rows, row i with the i assets before it, not {len(rows)}"
    for i, row in enumerate(rows):
        if len(row) != i:
            yield (i,), "length", f"should have {i} correlations, with the assets before asset {i}, not {len(row)}"
        for j, value in enumerate(row):
            if abs(value) > 1:
                yield (i, j), "correlation", "should be from -1 to 1"
                return
    if len(rows) == assets and all(len(row) == i for i, row in enumerate(rows)):
        whole = [[1 if i == j else rows[max(i, j)][min(i, j)] for j in range(assets)] for i in range(assets)]
        yield from _indefinite(whole)


def _budget(budget: int | None, info: ValidationInfo) -> int | None:
    returns = info.data.get("expected_returns")
    if budget is not None and returns is not None and budget > len(returns):
        raise_faults("portfolio", [((), "budget", f"should be at most the {len(returns)} assets that there are")])
    return budget


def _reachable(min_return: Real | None, info: ValidationInfo) -> Real | None:
    returns = info.data.get("expected_returns")
    if min_return is not None and returns is not None and min_return > max(returns):
        message = f"is more than any asset returns: at most {max(returns)} can be reached"
        raise_faults("portfolio", [((), "unreachable", message)])
    if min_return is not None and info.data.get("budget") is not None:
        raise_faults("portfolio", [((), "surplus", "should be left out where a budget of assets is stated")])
    return min_return


class PortfolioStatement(Statement):
    """Assets with expected returns and covariances, or standard deviations and correlations, which stand for their product.

    With a budget: choose exactly that many, minimising risk_factor x'Sx - returns'x over x in {0,1}. Without: minimise w'Sw
    over weights w that are not negative and add up to 1, where returns'w is at least min_return if that is stated.
    """

    expected_returns: Annotated[
        Values, AfterValidator(_filled), Field(max_length=ASSETS_MAX, description="The expected return of each asset.")
    ]
    covariances: Annotated[
        Table, AfterValidator(_covariances), Field(description="Symmetric; left out where deviations are stated.")
    ] = ()
    deviations: Annotated[
        tuple[NonNegative, ...],
        AfterValidator(_deviations),
        Field(validate_default=True, description="The standard deviation of each asset."),
    ] = ()
    correlations: Annotated[
        Table,
        AfterValidator(_correlations),
        Field(validate_default=True, description="Row i lists the correlations of asset i with the assets before it."),
    ] = ()
    risk_factor: Annotated[NonNegative, Field(description="How much variance counts against return in a choice.")] = 1
    budget: Annotated[
        Annotated[int, Strict(), Field(ge=1, le=ASSETS_MAX)] | None,
        AfterValidator(_budget),
        Field(description="How many assets to choose; null for weights."),
    ] = None
    min_return: Annotated[
        Real | None,
        AfterValidator(_reachable),
        Field(description="What the weights must return at least; null for any."),
    ] = None

    @cached_property
    def covariance(self) -> tuple[list[list[int]], int]:
        """The covariances in integers, and their common denominator."""
        n = len(self.expected_returns)
        if self.covariances:
            flat, unit = integers(value for row in self.covariances for value in row)
            return [flat[i * n : (i + 1) * n] for i in range(n)], unit
        deviations, deviation_unit = integers(self.deviations)
        flat, unit = integers(value for row in self.correlations for value in row)
        numbers = iter(flat)
        table = [[0] * n for _ in range(n)]
        for i in range(n):
            for j in range(i):
                table[i][j] = table[j][i] = next(numbers) * deviations[i] * deviations[j]
            table[i][i] = unit * deviations[i] * deviations[i]
        return table, unit * deviation_unit * deviation_unit

    @cached_property
    def choice(self) -> tuple[Choice, int]:
        """The choice of exactly the budget in integers, and their common denominator."""
        table, unit = self.covariance
        (risk, *returns), return_unit = integers([self.risk_factor, *self.expected_returns])
        own = [risk * row[i] - value * unit for i, (row, value) in enumerate(zip(table, returns, strict=True))]
        pair = [[2 * risk * value if i != j else 0 for j, value in enumerate(row)] for i, row in enumerate(table)]
        return Choice(own, pair, self.budget or 0), unit * return_unit

    @cached_property
    def solved(self) -> list[int]:
        """The weights of least variance in WEIGHT_UNITS, as far as floats go; they add up exactly."""
        table, unit = self.covariance
        covariance = [[value / unit for value in row] for row in table]
        least_return = None if self.min_return is None else float(self.min_return)
        return in_units(least_variance(covariance, self.expected_returns, least_return), WEIGHT_UNITS)

    @cached_property
    def bound(self) -> Fraction:
        """A bound on the least variance: the tangent at the solution, which lies below wherever the matrix bends upwards."""
        table, unit = self.covariance
        weights = self.solved
        slope = [sum(map(int.__mul__, row, weights)) for row in table]
        variance = Fraction(sum(map(int.__mul__, slope, weights)), unit * WEIGHT_UNITS**2)
        lowest = Fraction(min(map(min, table)), unit)
        floats = [[value / unit for value in row] for row in table]
        missing = curvature_missing(floats)
        if not math.isfinite(missing):
            return lowest
        returns = [exact(value) for value in self.expected_returns]
        price, floor = Fraction(0), Fraction(0)
        if self.min_return is not None:
            price = Fraction(price_of_return(floats, self.expected_returns, [w / WEIGHT_UNITS for w in weights]))
            floor = price * (Fraction(exact(self.min_return)) - TOLERANCE)
        steps = (
            Fraction(2 * value, unit * WEIGHT_UNITS) - price * gain for value, gain in zip(slope, returns, strict=True)
        )
        tangent = min(steps) + floor - variance - 2 * Fraction(missing)
        return max(lowest, tangent) - 4 * TOLERANCE * abs(variance)


def in_units(weights: Sequence[float], units: int) -> list[int]:
    """The weights in whole units that add up to all of them: rounded down, and those that lose most rounded up."""
    shares = [Fraction(max(0.0, weight)) for weight in weights]
    whole = sum(shares)
    exactly = [share / whole * units for share in shares]
    found = [math.floor(share) for share in exactly]
    order = sorted(range(len(found)), key=lambda i: found[i] - exactly[i])
    for i in order[: units - sum(found)]:
        found[i] += 1
    return found
