"""The bench of reservations measures what it says: jobs of the one sort set money aside on every account, no others do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from queuebit_workbench.bench import reserving


async def test_each_reserving_append_charges_every_account_and_no_other(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserving, "WARM_UP", 1)

    plain, charged = await reserving.measure(store, 3, 2, seed=1)

    assert (len(plain), len(charged)) == (3, 3)
    rows = await store.accounts(reserving.TENANT)
    assert [(row.name, row.reserved) for row in rows] == [
        (budget.name, 4 * 2 * Decimal("1.324")) for budget in sorted(reserving.BUDGETS, key=lambda each: each.name)
    ]
    assert reserving.p99([0.001] * 99 + [0.1]) > 0.05
