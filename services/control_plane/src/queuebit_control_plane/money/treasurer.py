"""What is left in the budgets, for one batch of decisions: read where something may be paid for, and only then."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobEvent
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Lane
from queuebit_domain.holds.lanes import Backends, Lanes
from queuebit_domain.money.estimates import Price
from queuebit_domain.money.purse import Account, Purse
from queuebit_runtime.clock import Clock
from queuebit_store.budgets.port import AccountRow, Budgets, Charge, EntryKind

PRICES_STALE_S = 5.0
"""So old the price list may be, and what is known of the backends that charge."""
ACCOUNTS_STALE_S = 0.25
"""So old what is left may be when it is first looked at. An append that it does not suffice for finds out, and asks anew."""
KNOWN_MAX = 10_000


class Till:
    """What is left for one round of decisions. Each that sets money aside leaves less for those behind it."""

    def __init__(
        self, rows: Sequence[AccountRow], prices: Mapping[str, Price], charging: Backends, free: Backends
    ) -> None:
        self._left = {row.account: row.left for row in rows}
        self._of: dict[str, list[AccountRow]] = {}
        for row in rows:
            self._of.setdefault(row.name.partition("/")[0], []).append(row)
        self._prices = prices
        self._charging = charging
        self._free = free

    def purse(self, tenant: str) -> Purse:
        """What a job of the tenant may spend now."""
        accounts = tuple(
            Account(row.account, row.name, row.purpose, row.currency, self._left[row.account], row.resets_at)  # type: ignore[arg-type]
            for row in self._of.get(tenant, ())
        )
        return Purse(accounts, self._prices, self._charging, self._free)

    def take(self, charges: Sequence[Charge]) -> None:
        """So much less is left for those who are decided on next."""
        for charge in charges:
            if charge.kind == "RESERVE" and charge.account in self._left:
                self._left[charge.account] -= charge.amount


class Treasurer:
    """Asked before every batch of decisions: where nobody has a budget that costs two statements each few seconds, and no
    more.
    """

    def __init__(self, store: Budgets, lanes: Lanes, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock
        self._prices: Mapping[str, Price] = {}
        self._priced_at_s = float("-inf")
        self._known: dict[str, tuple[float, list[AccountRow]]] = {}
        self._budgeted = False
        self._lanes_version = -1
        self._charging: Backends = {}
        self._free: Backends = {}

    async def look(self) -> bool:
        """Whether anything that is decided now may cost money."""
        now_s = self._clock.monotonic_s()
        if now_s >= self._priced_at_s + PRICES_STALE_S:
            found = await self._store.prices()
            self._prices = {
                row.backend: Price(*(row.backend, row.currency, row.task, row.shot, row.second)) for row in found
            }
            self._budgeted = await self._store.has_budgets()
            self._priced_at_s, self._lanes_version = now_s, -1
        if self._lanes.version != self._lanes_version:
            self._charging, self._free = self._lanes.paid(self._clock.now(), self._prices.keys())
            self._lanes_version = self._lanes.version
        return self._budgeted or bool(self._prices)

    def may_charge(self, lane: Lane) -> bool:
        """Whether an attempt on the lane may be charged for."""
        return bool(self._charging.get(lane)) or (lane == "quantum" and not self._free.get(lane))

    async def till(self, tenants: Collection[str], *, fresh: bool) -> Till:
        """What is left for these. `fresh`: whatever was read before, for it did not suffice."""
        now_s = self._clock.monotonic_s()
        missing = [each for each in tenants if fresh or self._is_stale(each, now_s)]
        known = {each: self._known[each] for each in tenants if each not in missing}
        if missing:
            found = await self._store.budgets_of(missing, self._clock.now())
            known |= {each: (now_s, [row for row in found if row.name.partition("/")[0] == each]) for each in missing}
        if len(self._known) > KNOWN_MAX:
            self._known = {}
        self._known.update(known)
        rows = [row for each in tenants for row in known[each][1]]
        return Till(rows, self._prices, self._charging, self._free)

    def _is_stale(self, tenant: str, now_s: float) -> bool:
        known = self._known.get(tenant)
        return known is None or now_s >= known[0] + ACCOUNTS_STALE_S


def charges_of(job_id: UUID, events: Sequence[JobEvent]) -> list[Charge]:
    """What goes into the ledger with these events of a job."""
    found: list[Charge] = []
    for event in events:
        if isinstance(event, ev.BudgetReserved):
            found += _lines(job_id, event, event.number, {"RESERVE": Decimal(event.amount.amount)})
        elif isinstance(event, ev.BudgetSettled):
            overrun = Decimal(event.overrun)
            amounts: dict[EntryKind, Decimal] = {
                "SETTLE": Decimal(event.spent.amount) - overrun,
                "RELEASE": Decimal(event.released),
                "OVERRUN": overrun,
            }
            found += _lines(
                job_id, event, 0, {kind: amount for kind, amount in amounts.items() if amount or kind == "SETTLE"}
            )
    return found


def _lines(
    job_id: UUID, event: ev.BudgetReserved | ev.BudgetSettled, number: int, amounts: Mapping[EntryKind, Decimal]
) -> list[Charge]:
    """`number` tells one reservation of a leg from the next; its settlement has the attempt that it was settled by."""
    return [
        Charge(
            derive_id(event.attempt_id, f"{kind}:{event.leg}:{number}:{account}", str(job_id)),
            account,
            kind,
            amount,
            event.attempt_id,
            event.leg,
        )
        for kind, amount in amounts.items()
        for account in event.accounts
    ]
