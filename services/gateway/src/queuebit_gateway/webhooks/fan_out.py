"""From the log to deliveries: every endpoint is taken on from its own place, each event once."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

import orjson

from queuebit_contracts.ids import derive_id
from queuebit_contracts.streams import PUBLISHED
from queuebit_gateway.webhooks.bodies import body_of
from queuebit_gateway.webhooks.rule import About, Rule, about_of, wants
from queuebit_store.ports import EventLog, Position, StoredEvent, TenantLog
from queuebit_store.webhooks.port import Endpoint, NewDelivery, Webhooks

log = logging.getLogger(__name__)

PAGE_EVENTS = 500
KNOWN_MAX = 10_000
_NOTHING = About("", "", {})


class FanOutStore(Webhooks, EventLog, TenantLog, Protocol):
    """What is asked of the store."""


class FanOut:
    """Several processes may do this: the store lets each stretch of the log be taken once."""

    def __init__(self, store: FanOutStore, *, page_events: int = PAGE_EVENTS) -> None:
        self._store = store
        self._page_events = page_events
        self._known: OrderedDict[UUID, About] = OrderedDict()

    async def step(self, endpoints: Iterable[Endpoint]) -> bool:
        """Take each group of endpoints that stand at one place a stretch further; whether there is more. Raises StoreError."""
        end = await self._store.log_end(PUBLISHED)
        groups: dict[tuple[str, Position], list[Endpoint]] = {}
        for endpoint in endpoints:
            if endpoint.position < end:
                groups.setdefault((endpoint.tenant, endpoint.position), []).append(endpoint)
        more = False
        for (tenant, start), group in groups.items():
            more |= await self._take(tenant, start, group)
        return more

    async def _take(self, tenant: str, start: Position, group: Sequence[Endpoint]) -> bool:
        page = await self._store.read_tenant(tenant, start, limit=self._page_events, categories=PUBLISHED)
        rules = [(endpoint, Rule.model_validate_json(endpoint.rule)) for endpoint in group]
        asks_of_jobs = any(rule.asks_of_jobs for _, rule in rules)
        wanted = frozenset(name for _, rule in rules for name in rule.events)
        deliveries: list[NewDelivery] = []
        for event in page.events:
            if event.type == "JobSubmitted" and asks_of_jobs:
                self._remember(event.stream_id, about_of(orjson.loads(event.data).get("request", {})))
            if event.type not in wanted:
                continue
            data = _data_of(event)
            about = await self._about(event, data) if asks_of_jobs else _NOTHING
            going = [endpoint for endpoint, rule in rules if wants(rule, event.type, about)]
            if going:
                body = body_of(event, data)
                deliveries += [_delivery(endpoint, event, body) for endpoint in going]
        ids = [endpoint.endpoint_id for endpoint in group]
        await self._store.fan_out(ids, start, page.end, deliveries)
        return page.more

    async def _about(self, event: StoredEvent, data: dict[str, Any]) -> About:
        known = self._known.get(event.stream_id)
        if known is None:
            first = await self._store.events_of(event.stream_id, limit=1)
            submitted = first[0] if first and first[0].type == "JobSubmitted" else None
            known = about_of(_data_of(submitted).get("request", {})) if submitted else _of_refusal(data)
            self._remember(event.stream_id, known)
        return known

    def _remember(self, stream_id: UUID, about: About) -> None:
        self._known[stream_id] = about
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)


def delivery_id_of(endpoint_id: UUID, event_id: UUID) -> UUID:
    """The same for the same event and endpoint: what a receiver knows repeats by."""
    return derive_id(event_id, "webhook", str(endpoint_id))


def _delivery(endpoint: Endpoint, event: StoredEvent, body: str) -> NewDelivery:
    return NewDelivery(
        delivery_id_of(endpoint.endpoint_id, event.id),
        endpoint.endpoint_id,
        endpoint.tenant,
        event.stream_id,
        event.version,
        event.type,
        event.time,
        body,
    )


def _data_of(event: StoredEvent) -> dict[str, Any]:
    """What the event says; nothing where it cannot be read, so that one event never stops an endpoint."""
    try:
        found = orjson.loads(event.data)
    except ValueError:
        log.warning("an event cannot be read for webhooks", extra={"job_id": str(event.stream_id)})
        return {}
    return found if isinstance(found, dict) else {}


def _of_refusal(data: dict[str, Any]) -> About:
    return About("", "", (data.get("origin") or {}).get("labels") or {})
