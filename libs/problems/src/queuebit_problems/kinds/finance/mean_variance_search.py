"""The mean-variance problem over continuous weights in plain Python: long only, fully invested, least variance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

STEPS_MAX = 20_000
BISECTIONS_MAX = 60
Floats = Sequence[float]


def least_variance(covariance: Sequence[Floats], returns: Floats, least: float | None) -> list[float]:
    """Weights of least variance whose return is at least `least`, which some asset must reach.

    Exchanges of weight between two assets until none helps; where the return is too low, it is paid for at the price that
    just reaches it. The result is then solved exactly on the assets that it holds.
    """
    weights = _priced(covariance, returns, 0.0, None)
    if least is None or _dot(returns, weights) >= least:
        return _refined(covariance, returns, None, weights)
    best = max(range(len(returns)), key=returns.__getitem__)
    low, high, price = weights, [float(i == best) for i in range(len(returns))], 1.0
    floor, ceiling = 0.0, 0.0
    for _ in range(BISECTIONS_MAX):
        price = (floor + ceiling) / 2 if ceiling else max(2 * floor, 1e-3)
        found = _priced(covariance, returns, price, low)
        if _dot(returns, found) >= least:
            high, ceiling = found, price
        else:
            low, floor = found, price
        if price > 1e9 or (ceiling and ceiling - floor < 1e-12 * ceiling):
            break
    short, more = _dot(returns, low), _dot(returns, high)
    share = min(1.0, (least - short) / (more - short)) if more > short else 1.0
    mixed = [(1 - share) * a + share * b for a, b in zip(low, high, strict=True)]
    return _refined(covariance, returns, least, mixed)


def price_of_return(covariance: Sequence[Floats], returns: Floats, weights: Floats) -> float:
    """What one unit of return costs in variance at the weights: the slope between the assets held.

    Where all that is held returns alike, the least price at which no asset of a lower return would be better.
    """
    slope = [2 * _dot(row, weights) for row in covariance]
    held = [i for i, weight in enumerate(weights) if weight > 1e-9]
    low, high = min(held, key=returns.__getitem__), max(held, key=returns.__getitem__)
    apart = returns[high] - returns[low]
    if apart > 1e-12:
        return max(0.0, (slope[high] - slope[low]) / apart)
    below = [j for j, gain in enumerate(returns) if returns[high] - gain > 1e-12]
    return max([0.0, *((slope[high] - slope[j]) / (returns[high] - returns[j]) for j in below)])


def curvature_missing(covariance: Sequence[Floats]) -> float:
    """By how much the matrix at most falls short of having no negative eigenvalue, judged by Cholesky's method."""
    top = max(row[i] for i, row in enumerate(covariance)) or 1.0
    missing = 1e-13 * top
    while not is_positive(covariance, missing):
        missing *= 10
        if missing > 2 * len(covariance) * top:
            return math.inf
    return 2 * missing


def is_positive(covariance: Sequence[Floats], added: float) -> bool:
    """Whether a symmetric matrix has only positive eigenvalues once so much is added to its diagonal, by Cholesky's method."""
    lower: list[list[float]] = []
    for i, row in enumerate(covariance):
        mine: list[float] = []
        for j in range(i):
            mine.append((row[j] - sum(map(mul, mine, lower[j]))) / lower[j][j])
        rest = row[i] + added - sum(map(mul, mine, mine))
        if rest <= 0:
            return False
        lower.append([*mine, math.sqrt(rest)])
    return True


def _priced(covariance: Sequence[Floats], returns: Floats, price: float, start: Floats | None) -> list[float]:
    """Weights of least variance minus price times return: weight moves from the asset of the steepest slope to the least."""
    n = len(returns)
    if start is None:
        first = min(range(n), key=lambda i: covariance[i][i])
        start = [float(i == first) for i in range(n)]
    weights = list(start)
    slope = [2 * _dot(row, weights) - price * gain for row, gain in zip(covariance, returns, strict=True)]
    enough = 1e-14 * max(max(map(abs, slope)), 1e-30)
    for _ in range(STEPS_MAX):
        to = min(range(n), key=slope.__getitem__)
        source = max((i for i in range(n) if weights[i] > 0), key=slope.__getitem__)
        gain = slope[source] - slope[to]
        if gain <= enough:
            break
        bend = 2 * (covariance[to][to] + covariance[source][source] - 2 * covariance[to][source])
        step = min(weights[source], gain / bend) if bend > 0 else weights[source]
        weights[to] += step
        weights[source] = 0.0 if step == weights[source] else weights[source] - step
        twice = 2 * step
        slope = [g + twice * (a - b) for g, a, b in zip(slope, covariance[to], covariance[source], strict=True)]
    return weights


def _refined(covariance: Sequence[Floats], returns: Floats, least: float | None, weights: list[float]) -> list[float]:
    """The exact optimum on the assets held, if all its weights are positive and it is not worse; else as they are."""
    held = [i for i, weight in enumerate(weights) if weight > 1e-7]
    rows = [[*(2 * covariance[i][j] for j in held), 1.0] for i in held]
    rows.append([*(1.0 for _ in held), 0.0])
    right = [*(0.0 for _ in held), 1.0]
    if least is not None:
        for row, i in zip(rows, held, strict=False):
            row.append(returns[i])
        rows[-1].append(0.0)
        rows.append([*(returns[i] for i in held), 0.0, 0.0])
        right.append(least)
    solved = _solved(rows, right)
    if solved is None or min(solved[: len(held)]) < 0:
        return weights
    found = [0.0] * len(weights)
    for i, weight in zip(held, solved, strict=False):
        found[i] = weight
    kept = sum(found)
    missed = abs(kept - 1) + (0 if least is None else max(0.0, least - _dot(returns, found)))
    return found if missed < 1e-11 else weights


def _solved(rows: list[list[float]], right: list[float]) -> list[float] | None:
    """The solution of a square system by elimination with row exchanges; None where it has none."""
    table = [[*row, value] for row, value in zip(rows, right, strict=True)]
    n = len(table)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(table[i][k]))
        table[k], table[pivot] = table[pivot], table[k]
        if abs(table[k][k]) < 1e-300:
            return None
        for i in range(k + 1, n):
            factor = table[i][k] / table[k][k]
            if factor:
                table[i] = [a - factor * b for a, b in zip(table[i], table[k], strict=True)]
    found = [0.0] * n
    for k in range(n - 1, -1, -1):
        found[k] = (table[k][n] - _dot(table[k][k + 1 : n], found[k + 1 :])) / table[k][k]
    return found


def _dot(left: Floats, right: Floats) -> float:
    return math.fsum(map(mul, left, right))
