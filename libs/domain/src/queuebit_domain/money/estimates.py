"""What an attempt is expected to cost at most, and what it cost, by the price list of a backend."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from queuebit_contracts.jobs import Cost, Money, ParamValue, Usage
from queuebit_contracts.money import CostPart

SHOTS, ITERATIONS, ROUNDS, CORE_QUBITS = 1024, 60, 3, 16
"""What the adapter takes where a job does not say."""
ZERO: Final = Decimal(0)


class Price(NamedTuple):
    """What a backend charges: for each task, each shot and each second of its processor."""

    backend: str
    currency: str
    task: Decimal = ZERO
    shot: Decimal = ZERO
    second: Decimal = ZERO


class Work(NamedTuple):
    """What an estimate looks at of an attempt."""

    params: Mapping[str, ParamValue]
    budget_s: float
    batch: bool
    qubits: int
    terms: int
    measures: bool


class Estimate(NamedTuple):
    """An upper guess, and what it is made of."""

    backend: str
    amount: Money
    parts: tuple[CostPart, ...]


def tasks_of(work: Work) -> int:
    """How many circuits the attempt runs, an upper guess: what is to be measured runs once for each of its terms at most."""
    if work.measures:
        return max(1, work.terms)
    method = work.params.get("method", "auto")
    if method == "trained":
        return _whole(work.params, "iterations", ITERATIONS) + 1
    core = max(1, _whole(work.params, "core_qubits", CORE_QUBITS))
    cores = -(-max(1, work.qubits) // core)
    if method == "rqaoa" or (method == "auto" and work.batch and cores == 1):
        return max(1, work.qubits)
    return 1 if cores == 1 else 1 + cores * _whole(work.params, "rounds", ROUNDS)


def estimate(work: Work, price: Price) -> Estimate:
    """What the attempt costs at most at this price list, as far as that is known before it is compiled."""
    tasks = tasks_of(work)
    shots = tasks * _whole(work.params, "shots", SHOTS)
    quantities = (
        ("tasks", Decimal(tasks), price.task),
        ("shots", Decimal(shots), price.shot),
        ("seconds", Decimal(str(work.budget_s)), price.second),
    )
    parts = tuple(
        CostPart(name=name, quantity=f"{quantity:f}", price=f"{each:f}", amount=f"{quantity * each:f}")
        for name, quantity, each in quantities
        if each
    )
    amount = sum((quantity * each for _, quantity, each in quantities), ZERO)
    return Estimate(price.backend, Money(amount=f"{amount:f}", currency=price.currency), parts)


def dearest(work: Work, prices: list[Price]) -> Estimate:
    """The highest of the estimates, the first by name among equals: the attempt may go to any of these backends."""
    found = [estimate(work, price) for price in sorted(prices)]
    return max(found, key=lambda each: Decimal(each.amount.amount))


def cost_of(usage: Usage, price: Price) -> Cost:
    """What was used, at the price list. Tasks are not told of an attempt that ended, but that it took one at least."""
    used = Decimal(usage.shots) * price.shot + Decimal(str(usage.qpu_s)) * price.second
    tasks = max(usage.iterations, 1) if usage.shots or usage.qpu_s else 0
    amount = used + tasks * price.task
    return Cost(amount=f"{amount:f}", currency=price.currency) if amount else Cost()


def _whole(params: Mapping[str, ParamValue], name: str, default: int) -> int:
    value = params.get(name, default)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default
