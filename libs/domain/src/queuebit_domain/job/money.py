"""Adding up what attempts used and cost, exactly."""

from __future__ import annotations

from decimal import Decimal

from queuebit_contracts.jobs import Cost, Usage

NO_USAGE = Usage()


def add_cost(left: Cost, right: Cost) -> Cost:
    """The sum. A zero amount takes the other's currency; two currencies cannot be added."""
    if right.amount == "0":
        return left
    if left.amount == "0":
        return right
    if left.currency != right.currency:
        raise ValueError(f"cannot add {right.currency} to {left.currency}")
    return Cost(amount=str(Decimal(left.amount) + Decimal(right.amount)), currency=left.currency)


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
