"""What the append in memory does about charges, in the moment in which it commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from queuebit_store.budgets.port import Charge, Entry, OpenReservation
from queuebit_store.log.port import Append
from queuebit_store.memory_state.database import MemoryDatabase

ZERO = Decimal(0)


def refused(db: MemoryDatabase, batch: Sequence[Append]) -> Collection[UUID]:
    """The streams of a batch that ask for more than an account has left for all of it."""
    needed: dict[str, Decimal] = defaultdict(Decimal)
    for charge in (charge for one in batch for charge in one.charges if charge.kind == "RESERVE"):
        needed[charge.account] += charge.amount
    accounts = db.budget_accounts
    short = {each for each, amount in needed.items() if each not in accounts or accounts[each].left < amount}
    return {
        one.stream_id
        for one in batch
        if any(charge.kind == "RESERVE" and charge.account in short for charge in one.charges)
    }


def book(db: MemoryDatabase, append: Append) -> None:
    """Write the charges of an append that passed."""
    at = append.events[-1].time
    for charge in append.charges:
        if charge.id in db.budget_entries:
            continue
        db.budget_entries[charge.id] = Entry(
            charge.id, charge.account, charge.kind, charge.amount, at, append.stream_id, charge.attempt_id, charge.leg
        )
        row = db.budget_accounts[charge.account]
        amount = charge.amount
        set_aside = {"RESERVE": amount, "SETTLE": -amount, "RELEASE": -amount}.get(charge.kind, ZERO)
        spent = amount if charge.kind in ("SETTLE", "OVERRUN") else ZERO
        db.budget_accounts[charge.account] = replace(row, reserved=row.reserved + set_aside, posted=row.posted + spent)
        _hold(db, append.stream_id, charge, at)


def _hold(db: MemoryDatabase, stream_id: UUID, charge: Charge, at: datetime) -> None:
    key = stream_id, charge.leg
    if charge.kind in ("SETTLE", "RELEASE"):
        db.budget_holds.pop(key, None)
    elif charge.kind == "RESERVE":
        held = db.budget_holds.get(key)
        accounts = tuple(sorted({*(held.accounts if held else ()), charge.account}))
        db.budget_holds[key] = OpenReservation(stream_id, charge.leg, charge.attempt_id, charge.amount, accounts, at)
