"""The ledger of budgets on PostgreSQL: single statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from queuebit_store.budgets.port import (
    ENTRIES_MAX,
    AccountRow,
    Budget,
    Entry,
    OpenReservation,
    PriceRow,
    resets_at,
    window_of,
)
from queuebit_store.connections.session import Session


class PostgresBudgets:
    """Accounts, what is set aside, entries and prices."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def grant(self, budget: Budget, now: datetime, *, actor: str, reason: str) -> AccountRow:
        about = budget.name, budget.tenant, budget.purpose, budget.currency, budget.period, budget.limit
        account = budget.account_at(now)
        await self._session.fetch("grant_budget", *about, account, actor, reason)
        opened = await self._present([budget.tenant], now, actor, reason)
        return next(each for each in opened if each.account == account)

    async def end_budget(self, budget: Budget) -> bool:
        about = budget.name, budget.purpose, budget.currency, budget.period
        return bool(await self._session.fetch("end_budget", *about))

    async def budgets_of(self, tenants: Sequence[str], now: datetime) -> list[AccountRow]:
        return await self._present(tenants, now, "", "A window begins.")

    async def has_budgets(self) -> bool:
        return bool(await self._session.fetch("has_budgets"))

    async def accounts(self, tenant: str | None = None, *, limit: int = ENTRIES_MAX) -> list[AccountRow]:
        return [_account(row) for row in await self._session.fetch("accounts", tenant, limit)]

    async def standing(self, tenant: str, now: datetime) -> list[AccountRow]:
        return [_account(row) for row in await self._session.fetch("standing_budgets", tenant, *_windows(now))]

    async def past_accounts(self, tenant: str, now: datetime, *, limit: int = ENTRIES_MAX) -> list[AccountRow]:
        windows = window_of("day", now), window_of("month", now)
        return [_account(row) for row in await self._session.fetch("past_accounts", tenant, *windows, limit)]

    async def account(self, account: str) -> AccountRow | None:
        found = await self._session.fetch("account", account)
        return _account(found[0]) if found else None

    async def entries_of(
        self, account: str, *, before: tuple[datetime, UUID] | None = None, limit: int = ENTRIES_MAX
    ) -> list[Entry]:
        place = before or (None, None)
        return [Entry(*row) for row in await self._session.fetch("entries_of_account", account, *place, limit)]

    async def holds_of(self, account: str, *, limit: int = ENTRIES_MAX) -> list[OpenReservation]:
        tenant = account.partition(" ")[0].partition("/")[0]
        return [_held(row) for row in await self._session.fetch("holds_of_account", account, tenant, limit)]

    async def open_reservations(
        self, tenant: str | None = None, *, after: OpenReservation | None = None, limit: int = ENTRIES_MAX
    ) -> list[OpenReservation]:
        place = (None, None, None) if after is None else (after.since, after.stream_id, after.leg)
        found = await self._session.fetch("open_reservations", tenant, limit, *place)
        return [_held(row) for row in found]

    async def sent_for(self, lineages: Sequence[UUID]) -> dict[UUID, bool]:
        return {row[0]: row[1] for row in await self._session.fetch("sent_for", list(lineages))}

    async def entries(
        self,
        tenant: str | None = None,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        limit: int = ENTRIES_MAX,
    ) -> list[Entry]:
        return [Entry(*row) for row in await self._session.fetch("entries", tenant, since, before, limit)]

    async def set_price(self, price: PriceRow) -> None:
        about = price.backend, price.currency, price.task, price.shot, price.second, price.actor
        await self._session.fetch("set_price", *about)

    async def drop_price(self, backend: str) -> bool:
        return bool(await self._session.fetch("drop_price", backend))

    async def prices(self) -> list[PriceRow]:
        return [PriceRow(*row) for row in await self._session.fetch("prices")]

    async def tell_thresholds(self, percents: Sequence[int]) -> list[AccountRow]:
        return [_account(row) for row in await self._session.fetch("tell_thresholds", list(percents))]

    async def _present(self, tenants: Sequence[str], now: datetime, actor: str, reason: str) -> list[AccountRow]:
        while True:
            found = await self._session.fetch("budgets_of", list(tenants), *_windows(now), actor, reason)
            if all(row["lim"] is not None for row in found):
                return [_account(row) for row in found]


def _account(row: asyncpg.Record) -> AccountRow:
    return AccountRow(*row)


def _held(row: asyncpg.Record) -> OpenReservation:
    stream_id, leg, attempt_id, amount, accounts, since = row
    return OpenReservation(stream_id, leg, attempt_id, amount, tuple(accounts), since)


def _windows(now: datetime) -> tuple[str, datetime | None, str, datetime | None]:
    """The present day and month, each with its end."""
    return window_of("day", now), resets_at("day", now), window_of("month", now), resets_at("month", now)
