"""Adding up what attempts used and cost, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

from queuebit_contracts.jobs import Cost, Money, Usage

NO_COST = Cost()
NO_USAGE = Usage()
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def plus(left: Decimal, right: Decimal) -> Decimal:
    """The exact sum, however many digits it takes."""
    return _EXACT.add(left, right)


def add_cost(left: Cost, right: Cost) -> Cost:
    """The sum, currency by currency, that of the first amount in front. What is zero has no currency."""
    if right.further is None and right.amount == NO_COST.amount:
        return left
    sums: dict[str, Decimal] = {}
    for part in (*_parts(left), *_parts(right)):
        sums[part.currency] = plus(sums.get(part.currency, Decimal(0)), Decimal(part.amount))
    paid = [Money(amount=f"{amount:f}", currency=currency) for currency, amount in sums.items() if amount]
    if not paid:
        return left
    main, *further = paid
    return Cost(amount=main.amount, currency=main.currency, further=tuple(further) or None)


def add_usage(left: Usage, right: Usage) -> Usage:
    """The sum, field by field."""
    if left is NO_USAGE or left == NO_USAGE:
        return right
    return Usage(
        wall_s=left.wall_s + right.wall_s,
        cpu_s=left.cpu_s + right.cpu_s,
        qpu_s=left.qpu_s + right.qpu_s,
        shots=left.shots + right.shots,
        iterations=left.iterations + right.iterations,
    )


def total(spent: Iterable[tuple[Cost, Usage]]) -> tuple[Cost, Usage]:
    """What was spent in all."""
    cost, usage = NO_COST, NO_USAGE
    for more_cost, more_usage in spent:
        cost, usage = add_cost(cost, more_cost), add_usage(usage, more_usage)
    return cost, usage


def _parts(cost: Cost) -> tuple[Money, ...]:
    return (Money(amount=cost.amount, currency=cost.currency), *(cost.further or ()))
