"""What flags say of money, and how money is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from queuebit_contracts.money import BUDGET_PATTERN, PERIODS, PURPOSES
from queuebit_operations.errors import BadArgument
from queuebit_store.budgets.port import AccountRow, Budget, OpenReservation, PriceRow

_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,12})?")


def amount_of(text: str, flag: str) -> Decimal:
    """An exact amount that is not below zero. Raises BadArgument."""
    try:
        if _AMOUNT.fullmatch(text):
            return Decimal(text)
    except InvalidOperation:
        pass
    raise BadArgument(
        f"{flag} {text!r} is no amount.", remedy="Use digits and at most one point, such as 250 or 0.00035."
    )


def budget_of(name: str, purpose: str, currency: str, period: str, amount: str) -> Budget:
    """The budget that is meant. Raises BadArgument, which names the flag."""
    if not re.fullmatch(BUDGET_PATTERN, name):
        raise BadArgument(
            f"{name!r} names no budget.",
            remedy="Use TENANT, TENANT/PROJECT, TENANT/PROJECT/ENVIRONMENT, or that with /KIND; `-` stands for none.",
        )
    if purpose not in PURPOSES:
        raise BadArgument(f"--purpose {purpose!r} is not known.", remedy=f"Use one of: {', '.join(PURPOSES)}.")
    if period not in PERIODS:
        raise BadArgument(f"--per {period!r} is not known.", remedy=f"Use one of: {', '.join(PERIODS)}.")
    return Budget(name, purpose, currency_of(currency), period, amount_of(amount, "--amount"))


def currency_of(text: str) -> str:
    """A code of ISO 4217. Raises BadArgument."""
    if not _CURRENCY.fullmatch(text):
        raise BadArgument(f"--currency {text!r} is none.", remedy="Use three capital letters, such as USD or EUR.")
    return text


def account_document(row: AccountRow) -> Mapping[str, Any]:
    """One account, its amounts exact."""
    return {
        "budget": row.name,
        "purpose": row.purpose,
        "currency": row.currency,
        "window": row.window,
        "limit": f"{row.limit:f}",
        "left": f"{row.left:f}",
        "reserved": f"{row.reserved:f}",
        "spent": f"{row.posted:f}",
        "resets_at": None if row.resets_at is None else row.resets_at.isoformat(),
        "told_percent": row.told,
    }


def hold_document(each: OpenReservation) -> Mapping[str, Any]:
    """What is set aside for one leg of a job."""
    return {
        "job_id": str(each.stream_id),
        "leg": each.leg,
        "attempt_id": str(each.attempt_id),
        "amount": f"{each.amount:f}",
        "accounts": list(each.accounts),
        "since": each.since.isoformat(timespec="seconds"),
    }


def price_document(row: PriceRow) -> Mapping[str, Any]:
    """What a backend charges."""
    return {
        "backend": row.backend,
        "currency": row.currency,
        "task": f"{row.task:f}",
        "shot": f"{row.shot:f}",
        "second": f"{row.second:f}",
        "actor": row.actor,
    }
