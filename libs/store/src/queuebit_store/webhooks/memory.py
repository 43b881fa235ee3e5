"""Webhooks in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from queuebit_store.errors import UnknownTenant
from queuebit_store.log.port import Position
from queuebit_store.memory_state.database import DeliveryRow, MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks
from queuebit_store.webhooks.port import (
    Attempted,
    Delivery,
    DeliveryPlace,
    DeliveryState,
    Endpoint,
    NewDelivery,
    NewEndpoint,
    Room,
)


class MemoryWebhooks:
    """Endpoints and deliveries, on the database's clock, which counts from 1970."""

    database: MemoryDatabase
    hooks: Hooks

    async def add_endpoint(self, new: NewEndpoint) -> tuple[Endpoint, bool]:
        await self.hooks.before("add_endpoint")
        if new.tenant not in self.database.tenants:
            raise UnknownTenant
        rows, now = self.database.endpoints, self._now()
        first = new.endpoint_id not in rows
        if first:
            rows[new.endpoint_id] = Endpoint(
                **new._asdict(), state="enabled", why="", version=1, failing_since=None, created_at=now, updated_at=now
            )
        await self.hooks.after_commit("add_endpoint")
        return rows[new.endpoint_id], first

    async def endpoints(self, tenant: str | None = None) -> list[Endpoint]:
        await self.hooks.before("endpoints")
        found = [row for row in self.database.endpoints.values() if tenant in (None, row.tenant)]
        return sorted(found, key=lambda row: (row.created_at, row.endpoint_id))

    async def change_endpoint(self, endpoint: Endpoint) -> bool:
        await self.hooks.before("change_endpoint")
        row = self.database.endpoints.get(endpoint.endpoint_id)
        if row is None or row.version != endpoint.version:
            return False
        begins = endpoint.state == "enabled" and row.state != "enabled"
        self.database.endpoints[endpoint.endpoint_id] = replace(
            endpoint,
            version=row.version + 1,
            position=row.position,
            failing_since=None if begins else row.failing_since,
            updated_at=self._now(),
        )
        await self.hooks.after_commit("change_endpoint")
        return True

    async def drop_endpoint(self, tenant: str, endpoint_id: UUID) -> bool:
        await self.hooks.before("drop_endpoint")
        row = self.database.endpoints.get(endpoint_id)
        if row is None or row.tenant != tenant:
            return False
        del self.database.endpoints[endpoint_id]
        kept = self.database.deliveries
        for each in [each for each in kept.values() if each.delivery.endpoint_id == endpoint_id]:
            del kept[each.delivery.delivery_id]
        await self.hooks.after_commit("drop_endpoint")
        return True

    async def fan_out(
        self, endpoint_ids: Sequence[UUID], start: Position, end: Position, deliveries: Sequence[NewDelivery]
    ) -> int:
        await self.hooks.before("fan_out")
        rows = self.database.endpoints
        moved = {each for each in endpoint_ids if each in rows and rows[each].position == start}
        for endpoint_id in moved:
            rows[endpoint_id] = replace(rows[endpoint_id], position=end)
        for new in deliveries:
            if new.endpoint_id in moved:
                self._keep(new)
        await self.hooks.after_commit("fan_out")
        return len(moved)

    async def add_delivery(self, new: NewDelivery) -> Delivery:
        await self.hooks.before("add_delivery")
        row = self._keep(new)
        await self.hooks.after_commit("add_delivery")
        return row.delivery

    async def claim_deliveries(
        self, room: Sequence[Room], lease_s: float, *, of_tenant: Mapping[str, int], limit: int
    ) -> list[Delivery]:
        await self.hooks.before("claim_deliveries")
        now = self._now()
        by_tenant: dict[str, list[tuple[int, datetime, DeliveryRow]]] = {}
        for endpoint_id, tenant, free in room:
            due = sorted(self._due(endpoint_id, now), key=lambda each: each.delivery.due_at or now)[:free]
            turns = by_tenant.setdefault(tenant, [])
            turns += [(nth, row.delivery.due_at or now, row) for nth, row in enumerate(due)]
        fair = []
        for tenant, turns in by_tenant.items():
            turns.sort(key=lambda each: each[:2])
            fair += [(nth, row) for nth, (_, _, row) in enumerate(turns[: of_tenant[tenant]])]
        found = [row for _, row in sorted(fair, key=lambda each: each[0])[:limit]]
        for row in found:
            row.delivery = replace(row.delivery, claims=row.delivery.claims + 1)
            row.lease_until = now + timedelta(seconds=lease_s)
        await self.hooks.after_commit("claim_deliveries")
        return sorted(
            (row.delivery for row in found), key=lambda each: (each.due_at or now, each.event_at, each.version)
        )

    async def crowded_endpoints(self, endpoint_ids: Sequence[UUID], pending_max: int) -> frozenset[UUID]:
        await self.hooks.before("crowded_endpoints")
        waiting = Counter(
            each.delivery.endpoint_id for each in self.database.deliveries.values() if each.delivery.due_at is not None
        )
        return frozenset(each for each in endpoint_ids if waiting[each] >= pending_max)

    async def settle(self, delivery_id: UUID, claims: int, attempted: Attempted) -> timedelta | None:
        await self.hooks.before("settle")
        row = self.database.deliveries.get(delivery_id)
        if row is None or row.delivery.claims != claims:
            return None
        now, again_in_s = self._now(), attempted.again_in_s
        row.lease_until = None
        row.delivery = replace(
            row.delivery,
            state=attempted.state,
            due_at=None if again_in_s is None else now + timedelta(seconds=again_in_s),
            attempts=row.delivery.attempts + 1,
            status=attempted.status,
            error=attempted.error,
            took_ms=attempted.took_ms,
            answer=attempted.answer,
            updated_at=now,
        )
        endpoint = self.database.endpoints[row.delivery.endpoint_id]
        since = None if attempted.state == "delivered" else endpoint.failing_since or now
        self.database.endpoints[endpoint.endpoint_id] = replace(endpoint, failing_since=since)
        await self.hooks.after_commit("settle")
        return None if since is None else now - since

    async def disable_endpoint(self, endpoint_id: UUID, why: str) -> None:
        await self.hooks.before("disable_endpoint")
        row = self.database.endpoints.get(endpoint_id)
        if row is not None and row.state == "enabled":
            self.database.endpoints[endpoint_id] = replace(
                row, state="disabled", why=why, version=row.version + 1, updated_at=self._now()
            )
        await self.hooks.after_commit("disable_endpoint")

    async def deliveries(
        self,
        tenant: str,
        endpoint_id: UUID,
        *,
        states: Sequence[DeliveryState],
        before: DeliveryPlace | None = None,
        limit: int,
    ) -> list[Delivery]:
        await self.hooks.before("deliveries")
        found = [each for each in self._of(tenant, endpoint_id, states) if before is None or _place(each) < before]
        return sorted(found, key=_place, reverse=True)[:limit]

    async def replay(
        self,
        tenant: str,
        endpoint_id: UUID,
        *,
        since: datetime,
        until: datetime,
        states: Sequence[DeliveryState],
        limit: int,
    ) -> int:
        await self.hooks.before("replay")
        wanted = [each for each in self._of(tenant, endpoint_id, states) if since <= each.event_at < until]
        now = self._now()
        for each in sorted(wanted, key=_place)[:limit]:
            row = self.database.deliveries[each.delivery_id]
            row.lease_until = None
            row.delivery = replace(
                each, state="pending", due_at=now, attempts=0, claims=each.claims + 1, updated_at=now
            )
        await self.hooks.after_commit("replay")
        return min(limit, len(wanted))

    async def forget_deliveries(self, before: datetime, limit: int) -> int:
        await self.hooks.before("forget_deliveries")
        old = [row.delivery for row in self.database.deliveries.values() if row.delivery.event_at < before]
        for each in sorted(old, key=_place)[:limit]:
            del self.database.deliveries[each.delivery_id]
        await self.hooks.after_commit("forget_deliveries")
        return min(limit, len(old))

    def _due(self, endpoint_id: UUID, now: datetime) -> list[DeliveryRow]:
        return [
            row
            for row in self.database.deliveries.values()
            if row.delivery.endpoint_id == endpoint_id
            and row.delivery.due_at is not None
            and row.delivery.due_at <= now
            and (row.lease_until is None or row.lease_until < now)
        ]

    def _of(self, tenant: str, endpoint_id: UUID, states: Sequence[DeliveryState]) -> Iterable[Delivery]:
        found = (row.delivery for row in self.database.deliveries.values())
        return (
            each for each in found if (each.tenant, each.endpoint_id) == (tenant, endpoint_id) and each.state in states
        )

    def _keep(self, new: NewDelivery) -> DeliveryRow:
        now = self._now()
        fresh = Delivery(
            **new._asdict(), state="pending", attempts=0, due_at=now, claims=0, status=None, error=None, took_ms=None,
            answer=None, created_at=now, updated_at=now,
        )  # fmt: skip
        return self.database.deliveries.setdefault(new.delivery_id, DeliveryRow(fresh))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.database.now_s(), UTC)


def _place(delivery: Delivery) -> DeliveryPlace:
    return DeliveryPlace(delivery.event_at, delivery.delivery_id)
