"""Budgets as their tenant sees them: what may be spent, what is set aside and spent of it, and every entry that led there."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from queuebit_contracts.jobs import AmountText
from queuebit_contracts.model import Model
from queuebit_contracts.money import THRESHOLDS_PERCENT, Period, Purpose
from queuebit_gateway.asker import Asker
from queuebit_gateway.problem_details import Refusal
from queuebit_store.budgets.port import AccountRow, Budgets, Entry, OpenReservation

HOLDS_MAX = 200
PAST_MAX = 200
ID_LENGTH_MAX = 600

Standing = Literal["room", "exhausted", "overrun"]


class BudgetView(Model):
    """One budget in one window of time. Always `limit = left + reserved + spent`; `left` is below zero where more was spent
    than was set aside, which is booked all the same. `passed_percent`: the thresholds that what is set aside and spent passed.
    """

    object: Literal["budget"] = "budget"
    id: str
    budget: str = Field(description="The tenant, or what it narrows it down to: project, environment, kind.")
    purpose: Purpose
    currency: str
    period: Period
    window: str
    standing: Standing
    limit: AmountText
    left: str
    reserved: AmountText
    spent: AmountText
    used_percent: float | None = Field(description="Set aside and spent, of the limit; null where nothing was granted.")
    passed_percent: tuple[int, ...]
    resets_at: AwareDatetime | None = Field(default=None, description="When the next window begins, if ever.")


class BudgetList(Model):
    """Budgets: those of the present first."""

    object: Literal["list"] = "list"
    data: tuple[BudgetView, ...]


class HoldOfBudget(Model):
    """What is set aside for one leg of a job. It ends when the leg says what it cost, never by the clock."""

    job_id: UUID
    leg: str
    attempt_id: UUID
    amount: AmountText
    since: AwareDatetime


class BudgetDetail(BudgetView):
    """A budget with what is set aside of it now, the oldest first. `more_holds`: there are more than are shown."""

    holds: tuple[HoldOfBudget, ...]
    more_holds: bool


class EntryView(Model):
    """One line of the ledger. Of a grant also why; who granted it is told to operators."""

    id: UUID
    kind: Literal["grant", "reserve", "settle", "release", "overrun"]
    amount: str
    at: AwareDatetime
    job_id: UUID | None = None
    leg: str = ""
    attempt_id: UUID | None = None
    reason: str = ""
    actor: str | None = None


class EntryPage(Model):
    """Lines of the ledger, the latest first."""

    object: Literal["list"] = "list"
    data: tuple[EntryView, ...]
    has_more: bool
    next_cursor: str | None = None


class BudgetsRead:
    """Reads the ledger of one tenant at a time; nothing here writes."""

    def __init__(self, store: Budgets) -> None:
        self._store = store

    async def all(self, asker: Asker, now: datetime, *, past: bool) -> BudgetList:
        """Its budgets in the present window, and with `past` what is over."""
        rows = await self._store.standing(asker.tenant, now)
        if past:
            rows += await self._store.past_accounts(asker.tenant, now, limit=PAST_MAX)
        return BudgetList(data=tuple(BudgetView(**_about(row)) for row in rows if _is_own(asker, row.name)))

    async def one(self, asker: Asker, budget_id: str, now: datetime) -> BudgetDetail:
        """One of them. Raises Refusal budget_not_found, also for those of other tenants, and for a key of a project for those
        that reach beyond it.
        """
        row = await self._row(asker, budget_id, now)
        holds = await self._store.holds_of(row.account, limit=HOLDS_MAX + 1)
        shown = tuple(map(_hold, holds[:HOLDS_MAX]))
        return BudgetDetail(**_about(row), holds=shown, more_holds=len(holds) > HOLDS_MAX)

    async def entries(
        self,
        asker: Asker,
        budget_id: str,
        now: datetime,
        *,
        before: tuple[datetime, UUID] | None,
        limit: int,
        with_actors: bool,
    ) -> tuple[Sequence[EntryView], bool]:
        """A page of its ledger, and whether there is more. Raises Refusal budget_not_found."""
        row = await self._row(asker, budget_id, now)
        found = await self._store.entries_of(row.account, before=before, limit=limit + 1)
        return [_entry(each, with_actors=with_actors) for each in found[:limit]], len(found) > limit

    async def _row(self, asker: Asker, budget_id: str, now: datetime) -> AccountRow:
        account = _account_of(budget_id)
        if account is None or not _is_own(asker, account.partition(" ")[0]):
            raise Refusal("budget_not_found")
        row = await self._store.account(account)
        if row is None:
            row = next(
                (each for each in await self._store.standing(asker.tenant, now) if each.account == account), None
            )
        if row is None:
            raise Refusal("budget_not_found")
        return row


def id_of(account: str) -> str:
    """The id of an account in a URL."""
    return urlsafe_b64encode(account.encode()).rstrip(b"=").decode()


def _account_of(budget_id: str) -> str | None:
    try:
        text = urlsafe_b64decode(budget_id + "=" * (-len(budget_id) % 4)).decode()
    except ValueError:
        return None
    return text if id_of(text) == budget_id and "\0" not in text else None


def _is_own(asker: Asker, name: str) -> bool:
    """Whether all that a budget of this name bounds is of jobs that the asker may see."""
    tenant, project, environment = (*name.split("/"), None, None)[:3]
    wanted = ((asker.project, project), (asker.environment, environment))
    return tenant == asker.tenant and all(mine is None or mine == its for mine, its in wanted)


def _about(row: AccountRow) -> dict[str, object]:
    used = row.reserved + row.posted
    periods: dict[int, Period] = {len("2026-01-05"): "day", len("2026-01"): "month"}
    return {
        "id": id_of(row.account),
        "budget": row.name,
        "purpose": row.purpose,
        "currency": row.currency,
        "period": "total" if row.resets_at is None else periods[len(row.window)],
        "window": row.window,
        "standing": "overrun" if row.left < 0 else "exhausted" if row.left == 0 else "room",
        "limit": _text(row.limit),
        "left": _text(row.left),
        "reserved": _text(row.reserved),
        "spent": _text(row.posted),
        "used_percent": float(round(used * 100 / row.limit, 2)) if row.limit > 0 else None,
        "passed_percent": [each for each in THRESHOLDS_PERCENT if row.limit > 0 and used * 100 >= row.limit * each],
        "resets_at": row.resets_at,
    }


def _hold(each: OpenReservation) -> HoldOfBudget:
    return HoldOfBudget(
        job_id=each.stream_id, leg=each.leg, attempt_id=each.attempt_id, amount=_text(each.amount), since=each.since
    )


def _entry(each: Entry, *, with_actors: bool) -> EntryView:
    return EntryView(
        id=each.id,
        kind=each.kind.lower(),
        amount=_text(each.amount),
        at=each.at,
        job_id=each.stream_id,
        leg=each.leg,
        attempt_id=each.attempt_id,
        reason=each.reason,
        actor=each.actor or None if with_actors else None,
    )


def _text(amount: Decimal) -> str:
    return f"{amount:f}"
