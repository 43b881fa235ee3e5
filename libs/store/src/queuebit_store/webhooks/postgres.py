"""Webhooks on PostgreSQL: single statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_store.connections.session import Session
from queuebit_store.log.port import Position
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


class PostgresWebhooks:
    """Endpoints and deliveries."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add_endpoint(self, new: NewEndpoint) -> tuple[Endpoint, bool]:
        made = await self._session.fetch("add_endpoint", *new[:-1], *new.position)
        if made:
            return _endpoint(made[0]), True
        return next(each for each in await self.endpoints(new.tenant) if each.endpoint_id == new.endpoint_id), False

    async def endpoints(self, tenant: str | None = None) -> list[Endpoint]:
        found = (
            await self._session.fetch("endpoints")
            if tenant is None
            else await self._session.fetch_of(tenant, "endpoints_of", tenant)
        )
        return [_endpoint(row) for row in found]

    async def change_endpoint(self, endpoint: Endpoint) -> bool:
        return bool(
            await self._session.fetch(
                "change_endpoint",
                endpoint.endpoint_id,
                endpoint.version,
                endpoint.url,
                endpoint.description,
                endpoint.rule,
                endpoint.secrets,
                endpoint.state,
                endpoint.why,
            )
        )

    async def drop_endpoint(self, tenant: str, endpoint_id: UUID) -> bool:
        return bool(await self._session.fetch("drop_endpoint", endpoint_id, tenant))

    async def fan_out(
        self, endpoint_ids: Sequence[UUID], start: Position, end: Position, deliveries: Sequence[NewDelivery]
    ) -> int:
        columns = [list(column) for column in zip(*deliveries, strict=True)] or [[] for _ in NewDelivery._fields]
        found = await self._session.fetch("fan_out", list(endpoint_ids), *start, *end, *columns)
        moved: int = found[0]["moved"]
        return moved

    async def add_delivery(self, new: NewDelivery) -> Delivery:
        return _delivery((await self._session.fetch("add_delivery", *new))[0])

    async def claim_deliveries(
        self, room: Sequence[Room], lease_s: float, *, of_tenant: Mapping[str, int], limit: int
    ) -> list[Delivery]:
        endpoint_ids, tenants, free = zip(*room, strict=True) if room else ((), (), ())
        rows = await self._session.fetch(
            "claim_deliveries",
            list(endpoint_ids),
            list(free),
            list(tenants),
            [of_tenant[tenant] for tenant in tenants],
            timedelta(seconds=lease_s),
            limit,
        )
        return sorted(
            map(_delivery, rows), key=lambda each: (each.due_at or each.event_at, each.event_at, each.version)
        )

    async def crowded_endpoints(self, endpoint_ids: Sequence[UUID], pending_max: int) -> frozenset[UUID]:
        rows = await self._session.fetch("crowded_endpoints", list(endpoint_ids), pending_max - 1)
        return frozenset(row["endpoint_id"] for row in rows)

    async def settle(self, delivery_id: UUID, claims: int, attempted: Attempted) -> timedelta | None:
        again = None if attempted.again_in_s is None else timedelta(seconds=attempted.again_in_s)
        found = await self._session.fetch(
            "settle_delivery", delivery_id, claims, attempted.state, again, *attempted[2:]
        )
        return found[0]["failing"] if found else None

    async def disable_endpoint(self, endpoint_id: UUID, why: str) -> None:
        await self._session.fetch("disable_endpoint", endpoint_id, why)

    async def deliveries(
        self,
        tenant: str,
        endpoint_id: UUID,
        *,
        states: Sequence[DeliveryState],
        before: DeliveryPlace | None = None,
        limit: int,
    ) -> list[Delivery]:
        place = (None, None) if before is None else before
        return [
            _delivery(row)
            for row in await self._session.fetch_of(
                tenant, "deliveries", endpoint_id, tenant, list(states), *place, limit
            )
        ]

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
        return len(
            await self._session.fetch("replay_deliveries", endpoint_id, tenant, since, until, list(states), limit)
        )

    async def forget_deliveries(self, before: datetime, limit: int) -> int:
        return len(await self._session.fetch("forget_deliveries", before, limit))


def _endpoint(row: Any) -> Endpoint:
    fields = dict(row)
    position = Position(*(fields.pop(name) for name in Position._fields))
    return Endpoint(**fields, position=position)


def _delivery(row: Any) -> Delivery:
    """A row whose columns have the names of the fields."""
    return Delivery(**row)
