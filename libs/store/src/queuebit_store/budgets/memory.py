"""The ledger of budgets in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from queuebit_contracts.ids import derive_id
from queuebit_store.budgets.port import (
    ENTRIES_MAX,
    AccountRow,
    Budget,
    Entry,
    EntryKind,
    OpenReservation,
    PriceRow,
    resets_at,
    window_of,
)
from queuebit_store.memory_state.database import MemoryDatabase

ZERO = Decimal(0)
FOREVER = datetime.max.replace(tzinfo=UTC)
_NIL = UUID(int=0)


class MemoryBudgets:
    """Accounts, what is set aside, entries and prices."""

    database: MemoryDatabase

    async def grant(self, budget: Budget, now: datetime, *, actor: str, reason: str) -> AccountRow:
        db = self.database
        db.budgets[(budget.name, budget.purpose, budget.currency, budget.period)] = budget
        account = budget.account_at(now)
        known = db.budget_accounts.get(account)
        if known is not None and known.limit != budget.limit:
            db.budget_accounts[account] = replace(known, limit=budget.limit, told=0)
            _book(db, account, "GRANT", budget.limit - known.limit, now, actor, reason)
        self._open(budget, now, actor, reason)
        return db.budget_accounts[account]

    async def end_budget(self, budget: Budget) -> bool:
        key = budget.name, budget.purpose, budget.currency, budget.period
        return self.database.budgets.pop(key, None) is not None

    async def budgets_of(self, tenants: Sequence[str], now: datetime) -> list[AccountRow]:
        wanted = [each for each in self.database.budgets.values() if each.tenant in tenants]
        for budget in wanted:
            self._open(budget, now, "", "A window begins.")
        accounts = self.database.budget_accounts
        return sorted((accounts[each.account_at(now)] for each in wanted), key=lambda row: row.account)

    async def has_budgets(self) -> bool:
        return bool(self.database.budgets)

    async def accounts(self, tenant: str | None = None, *, limit: int = ENTRIES_MAX) -> list[AccountRow]:
        found = sorted(self.database.budget_accounts.values(), key=lambda row: row.account)
        return [each for each in found if tenant is None or _tenant(each.account) == tenant][:limit]

    async def standing(self, tenant: str, now: datetime) -> list[AccountRow]:
        wanted = [each for each in self.database.budgets.values() if each.tenant == tenant]
        accounts = self.database.budget_accounts
        found = [accounts.get(each.account_at(now)) or _whole(each, now) for each in wanted]
        return sorted(found, key=lambda row: row.account)

    async def past_accounts(self, tenant: str, now: datetime, *, limit: int = ENTRIES_MAX) -> list[AccountRow]:
        present = {each.account_at(now) for each in self.database.budgets.values()}
        found = [
            each
            for each in self.database.budget_accounts.values()
            if _tenant(each.account) == tenant and each.account not in present
        ]
        found.sort(key=lambda row: row.account)
        found.sort(key=lambda row: row.resets_at or FOREVER, reverse=True)
        return found[:limit]

    async def account(self, account: str) -> AccountRow | None:
        return self.database.budget_accounts.get(account)

    async def entries_of(
        self, account: str, *, before: tuple[datetime, UUID] | None = None, limit: int = ENTRIES_MAX
    ) -> list[Entry]:
        found = [
            each
            for each in self.database.budget_entries.values()
            if each.account == account and (before is None or (each.at, each.id) < before)
        ]
        return sorted(found, key=lambda each: (each.at, each.id), reverse=True)[:limit]

    async def holds_of(self, account: str, *, limit: int = ENTRIES_MAX) -> list[OpenReservation]:
        found = sorted(self.database.budget_holds.values(), key=_place)
        return [each for each in found if account in each.accounts][:limit]

    async def open_reservations(
        self, tenant: str | None = None, *, after: OpenReservation | None = None, limit: int = ENTRIES_MAX
    ) -> list[OpenReservation]:
        found = sorted(self.database.budget_holds.values(), key=_place)
        return [
            each
            for each in found
            if (tenant is None or _tenant(each.accounts[0]) == tenant)
            and (after is None or _place(each) > _place(after))
        ][:limit]

    async def sent_for(self, lineages: Sequence[UUID]) -> dict[UUID, bool]:
        rows = self.database.submissions.values()
        found = {lineage: [row for row in rows if row.lineage == lineage] for lineage in lineages}
        ended = {lineage: some for lineage, some in found.items() if all(row.state.final for row in some)}
        return {lineage: any(row.sent_at is not None for row in some) for lineage, some in ended.items()}

    async def entries(
        self,
        tenant: str | None = None,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        limit: int = ENTRIES_MAX,
    ) -> list[Entry]:
        return [
            each
            for each in self.database.budget_entries.values()
            if (tenant is None or _tenant(each.account) == tenant)
            and (since is None or each.at >= since)
            and (before is None or each.at < before)
        ][:limit]

    async def set_price(self, price: PriceRow) -> None:
        self.database.prices[price.backend] = price

    async def drop_price(self, backend: str) -> bool:
        return self.database.prices.pop(backend, None) is not None

    async def prices(self) -> list[PriceRow]:
        return [self.database.prices[name] for name in sorted(self.database.prices)]

    async def tell_thresholds(self, percents: Sequence[int]) -> list[AccountRow]:
        told: list[AccountRow] = []
        for account, row in list(self.database.budget_accounts.items()):
            used = row.reserved + row.posted
            passed = [each for each in percents if row.limit > 0 and used * 100 >= row.limit * each and each > row.told]
            if passed:
                self.database.budget_accounts[account] = found = replace(row, told=max(passed))
                told.append(found)
        return told

    def _open(self, budget: Budget, now: datetime, actor: str, reason: str) -> None:
        account = budget.account_at(now)
        if account in self.database.budget_accounts:
            return
        self.database.budget_accounts[account] = _whole(budget, now)
        _book(self.database, account, "GRANT", budget.limit, now, actor, reason)


def _whole(budget: Budget, now: datetime) -> AccountRow:
    """The account of a budget in the present window, of which nothing is used."""
    window, ends_at = window_of(budget.period, now), resets_at(budget.period, now)
    about = budget.name, budget.purpose, budget.currency, window, ends_at
    return AccountRow(budget.account_at(now), *about, budget.limit, ZERO, ZERO)


def _book(
    db: MemoryDatabase, account: str, kind: EntryKind, amount: Decimal, at: datetime, actor: str, reason: str
) -> None:
    entry = Entry(
        derive_id(_NIL, f"{account}:{len(db.budget_entries)}"), account, kind, amount, at, actor=actor, reason=reason
    )
    db.budget_entries[entry.id] = entry


def _place(held: OpenReservation) -> tuple[datetime, UUID, str]:
    return held.since, held.stream_id, held.leg


def _tenant(account: str) -> str:
    return account.partition(" ")[0].partition("/")[0]
