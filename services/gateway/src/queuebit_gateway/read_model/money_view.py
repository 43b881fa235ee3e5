"""The money of a job as people see it, leg by leg."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, assert_never

from pydantic import AwareDatetime, Field

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Money
from queuebit_contracts.model import Model
from queuebit_contracts.money import CostBasis, CostPart, MoneyEvent


class MoneyView(Model):
    """The money of one leg: what it was expected to cost at most, by parts, and what it cost once that is settled; or why it
    may not be paid for.
    """

    leg: str
    state: Literal["reserved", "settled", "refused"]
    since: AwareDatetime
    backend: str | None = None
    expected: Money | None = None
    parts: tuple[CostPart, ...] = ()
    accounts: tuple[str, ...] = ()
    spent: Money | None = None
    overrun: str | None = None
    basis: CostBasis | None = Field(default=None, description="How what was spent is known.")
    reason: str | None = None


def with_money(money: dict[str, MoneyView], event: MoneyEvent, at: datetime) -> dict[str, MoneyView]:
    """The money of the legs after one more event."""
    match event:
        case ev.BudgetReserved():
            view = MoneyView(
                leg=event.leg,
                state="reserved",
                since=at,
                backend=event.backend,
                expected=event.amount,
                parts=event.parts,
                accounts=event.accounts,
            )
        case ev.BudgetSettled():
            found = {
                "state": "settled",
                "spent": event.spent,
                "overrun": event.overrun,
                "basis": event.basis,
                "since": at,
            }
            view = money[event.leg].model_copy(update=found)
        case ev.BudgetExhausted():
            view = MoneyView(leg=event.leg, state="refused", since=at, expected=event.needed, reason=event.detail)
        case _:
            assert_never(event)
    return {**money, event.leg: view}
