"""Appends that charge accounts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from queuebit_contracts.ids import derive_id
from queuebit_store.budgets.port import Budget, Charge, EntryKind
from queuebit_store.ports import Append
from tests.contract.store.builders import an_append, an_id

LEG = "primary-quantum"
TOTAL = Budget("acme", "production", "USD", "total", Decimal(100))
ACME_ID = "acme production USD total"


def charging(
    stream: int,
    kinds: dict[EntryKind, str],
    accounts: Sequence[str] = (ACME_ID,),
    *,
    expected: int = 0,
    number: int = 1,
) -> Append:
    """An append that charges accounts."""
    attempt_id = derive_id(an_id(stream), f"attempt:{number}")
    charges = tuple(
        Charge(derive_id(attempt_id, f"{kind}:{account}"), account, kind, Decimal(amount), attempt_id, LEG)
        for kind, amount in kinds.items()
        for account in accounts
    )
    return an_append(stream, expected=expected)._replace(charges=charges)
