"""From the log to deliveries: every endpoint is taken on from its own place, each event once."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

import orjson
from pydantic import ValidationError

from queuebit_contracts.ids import derive_id
from queuebit_contracts.streams import PUBLISHED
from queuebit_gateway.webhooks.bodies import body_of
from queuebit_gateway.webhooks.rule import About, Rule, about_of, wants
from queuebit_store.ports import EventLog, Position, StoredEvent, TenantLog
from queuebit_store.webhooks.port import Endpoint, NewDelivery, Webhooks

log = logging.getLogger(__name__)

PAGE_EVENTS = 500
KNOWN_MAX = 10_000
PENDING_MAX = 10_000
"""For an endpoint for which so much waits the log is not read on: its place stays, and nothing is lost by that."""
LOOK_INTERVAL_S = 5.0
LARGE_BYTES = 262_144
"""After so much was read the event loop is given to others."""
_NOTHING = About("", "", {})


class FanOutStore(Webhooks, EventLog, TenantLog, Protocol):
    """What is asked of the store."""


class FanOut:
    """Several processes may do this: the store lets each stretch of the log be taken once."""

    def __init__(
        self,
        store: FanOutStore,
        monotonic_s: Callable[[], float],
        *,
        page_events: int = PAGE_EVENTS,
        pending_max: int = PENDING_MAX,
    ) -> None:
        self._store = store
        self._monotonic_s = monotonic_s
        self._page_events = page_events
        self._pending_max = pending_max
        self._crowded: frozenset[UUID] = frozenset()
        self._made: Counter[UUID] = Counter()
        self._looked_s = float("-inf")
        self._known: OrderedDict[UUID, About] = OrderedDict()
        self._unread: set[UUID] = set()

    async def step(self, endpoints: Iterable[Endpoint]) -> bool:
        """Take each group of endpoints that stand at one place a stretch further; whether there is more. Raises StoreError."""
        end = await self._store.log_end(PUBLISHED)
        behind = [endpoint for endpoint in endpoints if endpoint.position < end]
        groups: dict[tuple[str, Position], list[Endpoint]] = {}
        for endpoint in await self._with_room(behind):
            groups.setdefault((endpoint.tenant, endpoint.position), []).append(endpoint)
        more = False
        for (tenant, start), group in groups.items():
            more |= await self._take(tenant, start, group)
        return more

    async def _with_room(self, behind: Sequence[Endpoint]) -> list[Endpoint]:
        """Those for which not too much waits. It is counted now and then; between, what was made here."""
        if behind and self._monotonic_s() - self._looked_s >= LOOK_INTERVAL_S:
            ids = [each.endpoint_id for each in behind]
            self._crowded = await self._store.crowded_endpoints(ids, self._pending_max)
            self._looked_s = self._monotonic_s()
            self._made.clear()
        full = {each for each, made in self._made.items() if made >= self._pending_max} | self._crowded
        return [each for each in behind if each.endpoint_id not in full]

    async def _take(self, tenant: str, start: Position, group: Sequence[Endpoint]) -> bool:
        rules = [(endpoint, rule) for endpoint in group if (rule := self._rule_of(endpoint)) is not None]
        if not rules:
            return False
        page = await self._store.read_tenant(tenant, start, limit=self._page_events, categories=PUBLISHED)
        asks_of_jobs = any(rule.asks_of_jobs for _, rule in rules)
        wanted = frozenset(name for _, rule in rules for name in rule.events)
        deliveries: list[NewDelivery] = []
        read = 0
        for event in page.events:
            read += len(event.data)
            if read >= LARGE_BYTES:
                read = 0
                await asyncio.sleep(0)
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
        ids = [endpoint.endpoint_id for endpoint, _ in rules]
        await self._store.fan_out(ids, start, page.end, deliveries)
        self._made.update(each.endpoint_id for each in deliveries)
        return page.more

    def _rule_of(self, endpoint: Endpoint) -> Rule | None:
        """None where a newer release wrote it: that one tells the endpoint, whose place stays; the others are told here."""
        try:
            return Rule.model_validate_json(endpoint.rule)
        except ValidationError:
            if endpoint.endpoint_id not in self._unread:
                self._unread.add(endpoint.endpoint_id)
                log.warning("the rule of a webhook cannot be read", extra={"endpoint_id": str(endpoint.endpoint_id)})
            return None

    async def _about(self, event: StoredEvent, data: dict[str, Any]) -> About:
        known = self._known.get(event.stream_id)
        if known is None:
            first = await self._store.events_of(event.stream_id, limit=1, tenant=event.tenant)
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
