"""What happens to the money of a job: so much is set aside before an attempt may be paid for, and settled by what it cost."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from queuebit_contracts.event import Event
from queuebit_contracts.jobs import AmountText, Lane, LegName, Money
from queuebit_contracts.model import Model

Purpose = Literal["production", "experiment"]
"""Answers that somebody waits for, or measurements beside them: neither spends the money of the other."""
Period = Literal["total", "month", "day"]
"""How often a budget begins anew, in UTC; `total` never does."""
PURPOSES: tuple[Purpose, ...] = ("production", "experiment")
THRESHOLDS_PERCENT = (50, 80, 100)
"""Where so much of a budget is set aside or spent it is said, once a window."""
PERIODS: tuple[Period, ...] = ("total", "month", "day")

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}"
BUDGET_PATTERN = rf"^[a-z0-9][a-z0-9_-]{{0,62}}(/(-|{_PART})){{0,3}}$"
BudgetName = Annotated[str, StringConstraints(pattern=BUDGET_PATTERN)]
"""`tenant`, or `tenant/project`, `tenant/project/environment`, `tenant/project/environment/kind`; `-` where a job names none.
"""
PROJECT_LABEL, ENVIRONMENT_LABEL = "project", "environment"
"""The labels of a job that say to which project and environment it belongs."""
REHEARSALS = frozenset({"dev", "staging"})
"""Environments whose jobs never go to quantum hardware: it is for production alone."""

CostBasis = Literal["reported", "priced", "estimate", "nothing_sent"]
"""How what was spent is known: the attempt said it; its usage at the price list; nobody said it, so that what was set aside
counts; nothing was handed in.
"""


class CostPart(Model):
    """One part of an estimate: so much of something at so much for each."""

    name: Literal["tasks", "shots", "seconds"]
    quantity: AmountText
    price: AmountText
    amount: AmountText


class Quote(Model):
    """An offer for one request: what its leg may cost at most on one backend, part by part. `request` is the fingerprint of the
    request; `digest` that of all this. It holds for what is submitted until `expires_at`, and is void where anything differs.
    """

    request: str
    leg: LegName
    lane: Lane
    backend: str
    amount: Money
    parts: tuple[CostPart, ...]
    expires_at: AwareDatetime
    digest: str


class BudgetReserved(Event):
    """So much is set aside for a leg before its attempt goes out, from each of the accounts, or from none.

    `backend`: the dearest that the attempt may go to, whose price list made the estimate. It stands for the later attempts of
    the leg too, as these find what the earlier ones handed in. It ends with `BudgetSettled`, never by the clock.
    """

    attempt_id: UUID
    leg: LegName
    lane: Lane
    number: int
    backend: str
    amount: Money
    parts: tuple[CostPart, ...]
    accounts: tuple[str, ...]


class BudgetSettled(Event):
    """What was set aside is settled: `spent` is what it cost, `released` what was set aside beyond that, and `overrun` what it
    cost beyond what was set aside, which is booked all the same.
    """

    attempt_id: UUID
    leg: LegName
    reserved: Money
    spent: Money
    released: AmountText
    overrun: AmountText
    basis: CostBasis
    accounts: tuple[str, ...]


class BudgetExhausted(Event):
    """A leg may not be paid for, and its plan goes on without it.

    `no_room`: an account has not enough left; `no_price`: nobody knows what it would cost; `no_budget`: nothing was granted
    in the currency of the price, or for experiments. `resets_at`: when the account begins anew.
    """

    leg: LegName
    lane: Lane
    code: Literal["no_room", "no_price", "no_budget"]
    detail: str
    needed: Money | None = None
    left: AmountText | None = None
    account: str | None = None
    resets_at: AwareDatetime | None = None


MoneyEvent = BudgetReserved | BudgetSettled | BudgetExhausted
"""What the stream of a job says of money."""
