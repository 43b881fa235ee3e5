"""The ledger of budgets: accounts, what is set aside in each, what was spent, and every entry that led there.

An account is a budget in one window of time. Its books always hold `limit = left + reserved + posted`; `left` is below zero
where more was spent than was set aside, which is booked all the same. Entries of jobs are written by the append that stores
the events which say so (`Append.charges`), in its one statement: there is no event without its entry, and no entry without
its event. An append whose charges do not fit into an account changes nothing at all. Where charges of one batch do not fit
together, none of those on that account passes: whoever appends looks at what is left, and decides again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

EntryKind = Literal["GRANT", "RESERVE", "SETTLE", "RELEASE", "OVERRUN"]
ENTRIES_MAX = 1000
TOTAL = "total"


class Charge(NamedTuple):
    """One line of the ledger that goes with an append: `id` is derived from what it is about, so that it is booked once."""

    id: UUID
    account: str
    kind: EntryKind
    amount: Decimal
    attempt_id: UUID
    leg: str


@dataclass(frozen=True, slots=True)
class Budget:
    """What is granted: so much in each window of the period. `name` is that of the tenant and what it narrows it down to."""

    name: str
    purpose: str
    currency: str
    period: str
    limit: Decimal

    @property
    def tenant(self) -> str:
        return self.name.partition("/")[0]

    def account_at(self, now: datetime) -> str:
        """The id of its account in the window of that moment."""
        return f"{self.name} {self.purpose} {self.currency} {window_of(self.period, now)}"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One budget in one window. `resets_at`: when the next window begins; None where none does. `told`: the highest
    threshold, in percent, that was told of it.
    """

    account: str
    name: str
    purpose: str
    currency: str
    window: str
    resets_at: datetime | None
    limit: Decimal
    reserved: Decimal
    posted: Decimal
    told: int = 0

    @property
    def left(self) -> Decimal:
        return self.limit - self.reserved - self.posted


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger, as it was booked. Of a grant: who granted it, and why."""

    id: UUID
    account: str
    kind: EntryKind
    amount: Decimal
    at: datetime
    stream_id: UUID | None = None
    attempt_id: UUID | None = None
    leg: str = ""
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OpenReservation:
    """Money that is set aside for a leg of a job, and since when."""

    stream_id: UUID
    leg: str
    attempt_id: UUID
    amount: Decimal
    accounts: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class PriceRow:
    """What a backend charges, as an operator has written it down."""

    backend: str
    currency: str
    task: Decimal
    shot: Decimal
    second: Decimal
    actor: str = ""


def window_of(period: str, now: datetime) -> str:
    """The window of a period, in UTC."""
    moment = now.astimezone(UTC)
    return {"day": f"{moment:%Y-%m-%d}", "month": f"{moment:%Y-%m}"}.get(period, TOTAL)


def resets_at(period: str, now: datetime) -> datetime | None:
    """When the window of a period ends, in UTC; None where it never does."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return day + timedelta(days=1)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) if period == "month" else None


class Budgets(Protocol):
    """Every method raises StoreUnavailable where the store does not answer."""

    async def grant(self, budget: Budget, now: datetime, *, actor: str, reason: str) -> AccountRow:
        """Set what is granted from now on, in the present window too: its account after that. The difference is an entry."""
        ...

    async def end_budget(self, budget: Budget) -> bool:
        """Bound no further; whether there was such a budget. Its accounts and their entries stay."""
        ...

    async def budgets_of(self, tenants: Sequence[str], now: datetime) -> list[AccountRow]:
        """The accounts of their budgets in the present window, by id; a window that begins is opened."""
        ...

    async def has_budgets(self) -> bool:
        """Whether anybody has a budget."""
        ...

    async def accounts(self, tenant: str | None = None, *, limit: int = ENTRIES_MAX) -> list[AccountRow]:
        """All accounts, also of windows that are over, by id; of one tenant or of all."""
        ...

    async def standing(self, tenant: str, now: datetime) -> list[AccountRow]:
        """The accounts of its budgets in the present window, by id, and nothing is written: one that nobody opened is whole."""
        ...

    async def past_accounts(self, tenant: str, now: datetime, *, limit: int = ENTRIES_MAX) -> list[AccountRow]:
        """Its accounts of windows that are over, and of budgets that were ended, the latest first."""
        ...

    async def account(self, account: str) -> AccountRow | None:
        """One account by its id; None where nobody opened it."""
        ...

    async def entries_of(
        self, account: str, *, before: tuple[datetime, UUID] | None = None, limit: int = ENTRIES_MAX
    ) -> list[Entry]:
        """What was booked on one account, the latest first. `before`: behind the entry of that time and id."""
        ...

    async def holds_of(self, account: str, *, limit: int = ENTRIES_MAX) -> list[OpenReservation]:
        """What is set aside on one account now, the oldest first."""
        ...

    async def open_reservations(
        self, tenant: str | None = None, *, after: OpenReservation | None = None, limit: int = ENTRIES_MAX
    ) -> list[OpenReservation]:
        """What is set aside now, the oldest first; of one tenant or of all. `after`: behind that one."""
        ...

    async def sent_for(self, lineages: Sequence[UUID]) -> dict[UUID, bool]:
        """Of those lineages of submissions nothing of which lives: whether something was ever sent. Others are absent; of one
        that nobody has begun it is False.
        """
        ...

    async def entries(
        self,
        tenant: str | None = None,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        limit: int = ENTRIES_MAX,
    ) -> list[Entry]:
        """What was booked in a span of time, the oldest first."""
        ...

    async def set_price(self, price: PriceRow) -> None:
        """Write down what a backend charges from now on."""
        ...

    async def drop_price(self, backend: str) -> bool:
        """Forget what it charges; whether that was known."""
        ...

    async def prices(self) -> list[PriceRow]:
        """What is known of prices, by backend."""
        ...

    async def tell_thresholds(self, percents: Sequence[int]) -> list[AccountRow]:
        """The accounts of which more than was told is used now, with the new threshold; each is told once."""
        ...
