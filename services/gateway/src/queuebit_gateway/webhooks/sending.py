"""From deliveries to receivers: attempts under a claim, each endpoint for itself, until one says that it has it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from queuebit_gateway.egress.post import Answered, EgressFailed, EgressRefused
from queuebit_gateway.webhooks.schedule import failed, outcome_of, why_disabled
from queuebit_gateway.webhooks.sealing import Sealer, Unsealable
from queuebit_gateway.webhooks.signing import headers_of
from queuebit_runtime.clock import Clock
from queuebit_store.errors import StoreError
from queuebit_store.webhooks.port import Attempted, Delivery, Endpoint, Room, Webhooks

K = TypeVar("K")
log = logging.getLogger(__name__)

IN_FLIGHT_MAX = 200
IN_FLIGHT_OF_TENANT_MAX = 40
IN_FLIGHT_OF_ONE_MAX = 10
LEASE_S = 60.0
"""Longer than an attempt may take. A sender that dies is replaced after this: the receiver may be told a second time, with the
same id.
"""
_SENT_BY = "Queuebit-Webhooks/1"


class Post(Protocol):
    """Sends one request to wherever a stranger said. Raises EgressRefused and EgressFailed."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes, whose: str) -> Answered: ...


class Sender:
    """Has at most ten attempts of one endpoint on the way, forty of one tenant, and two hundred in all: who is slow delays no
    other.
    """

    def __init__(self, store: Webhooks, post: Post, sealer: Sealer, clock: Clock, *, lease_s: float = LEASE_S) -> None:
        self._store = store
        self._post = post
        self._sealer = sealer
        self._clock = clock
        self._lease_s = lease_s
        self._of_one: Counter[UUID] = Counter()
        self._of_tenant: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self.ended = asyncio.Event()
        """Set whenever an attempt has ended: there is room again."""

    async def step(self, endpoints: Sequence[Endpoint]) -> int:
        """Begin the attempts that are due, as far as there is room; how many were begun. Raises StoreError."""
        left = IN_FLIGHT_MAX - len(self._tasks)
        ready = {each.endpoint_id: each for each in endpoints if each.state == "enabled"}
        of_tenant = {each.tenant: IN_FLIGHT_OF_TENANT_MAX - self._of_tenant[each.tenant] for each in ready.values()}
        free = [
            Room(each.endpoint_id, each.tenant, IN_FLIGHT_OF_ONE_MAX - self._of_one[each.endpoint_id])
            for each in ready.values()
            if of_tenant[each.tenant] > 0
        ]
        free = [each for each in free if each.free > 0]
        if not free or left <= 0:
            return 0
        claimed = await self._store.claim_deliveries(free, self._lease_s, of_tenant=of_tenant, limit=left)
        for delivery in claimed:
            self._begin(ready[delivery.endpoint_id], delivery)
        return len(claimed)

    async def finish(self, timeout_s: float) -> None:
        """Let attempts that are on the way end; those that take longer are made again by whoever comes next."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
            for task in late:
                task.cancel()

    def _begin(self, endpoint: Endpoint, delivery: Delivery) -> None:
        self._of_one[endpoint.endpoint_id] += 1
        self._of_tenant[endpoint.tenant] += 1
        task = asyncio.create_task(self._attempt(endpoint, delivery))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._over(endpoint, done))

    def _over(self, endpoint: Endpoint, task: asyncio.Task[None]) -> None:
        _less(self._of_one, endpoint.endpoint_id)
        _less(self._of_tenant, endpoint.tenant)
        self._tasks.discard(task)
        self.ended.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("an attempt of a webhook failed", exc_info=task.exception())

    async def _attempt(self, endpoint: Endpoint, delivery: Delivery) -> None:
        attempted = await self._told(endpoint, delivery)
        try:
            failing = await self._store.settle(delivery.delivery_id, delivery.claims, attempted)
            why = why_disabled(attempted.status, failing)
            if why is not None:
                await self._store.disable_endpoint(endpoint.endpoint_id, why)
                fields = {"endpoint": str(endpoint.endpoint_id), "tenant": endpoint.tenant}
                log.warning("a webhook endpoint is disabled: %s", why, extra=fields)
        except StoreError as error:
            log.warning("what came of a webhook is not noted, it is made again: %s", error)

    async def _told(self, endpoint: Endpoint, delivery: Delivery) -> Attempted:
        attempts, began_s = delivery.attempts + 1, self._clock.monotonic_s()

        def took_ms() -> int:
            return round(1000 * (self._clock.monotonic_s() - began_s))

        try:
            headers = self._headers(endpoint, delivery)
            answered = await self._post(endpoint.url, headers, delivery.body.encode(), endpoint.tenant)
        except EgressRefused as error:
            return failed(delivery.delivery_id, attempts, error.reason, took_ms())
        except (EgressFailed, Unsealable) as error:
            return failed(delivery.delivery_id, attempts, str(error), took_ms())
        text = answered.body.decode("utf-8", "replace").replace("\0", "")
        return outcome_of(delivery.delivery_id, attempts, answered.status, answered.headers, took_ms(), text)

    def _headers(self, endpoint: Endpoint, delivery: Delivery) -> dict[str, str]:
        secrets = self._sealer.open(endpoint.endpoint_id, endpoint.secrets)
        body = delivery.body.encode()
        return {
            "content-type": "application/cloudevents+json; charset=utf-8",
            "user-agent": _SENT_BY,
            "queuebit-sequence": str(delivery.version),
            **headers_of(secrets, str(delivery.delivery_id), body, self._clock.now()),
        }


def _less(counted: Counter[K], key: K) -> None:
    counted[key] -= 1
    if not counted[key]:
        del counted[key]
