"""What people do with endpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from queuebit_contracts.errors import FieldError
from queuebit_contracts.ids import derive_id, time_ordered_key
from queuebit_contracts.streams import PUBLISHED
from queuebit_gateway.asker import Asker
from queuebit_gateway.egress.target import EgressPolicy, EgressRefused, target_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.trail import DeedName, Trail
from queuebit_gateway.webhooks.bodies import PING, ping_of
from queuebit_gateway.webhooks.fan_out import PENDING_MAX, FanOutStore
from queuebit_gateway.webhooks.models import (
    REPLAYED_MAX,
    DeliveryView,
    ReplayBody,
    Replayed,
    WebhookBody,
    WebhookKey,
    WebhookPatch,
    WebhookView,
)
from queuebit_gateway.webhooks.rule import LABELS_MAX, Rule
from queuebit_gateway.webhooks.sealing import Sealer, Unsealable
from queuebit_gateway.webhooks.signing import SECRET_BYTES, Secret, fresh, rotated
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_store.webhooks.port import Delivery, DeliveryPlace, DeliveryState, Endpoint, NewDelivery, NewEndpoint

ENDPOINTS_MAX = 100
"""Of one tenant."""
SECRETS_MAX = 8
CHANGES_MAX = 5
_NO_TIME = UUID(int=0)


class Endpoints:
    """Makes, shows, changes and tries them. Every method raises StoreError."""

    def __init__(
        self, store: FanOutStore, sealer: Sealer, policy: EgressPolicy, clock: Clock, ids: Ids, trail: Trail
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._policy = policy
        self._clock = clock
        self._ids = ids
        self._trail = trail

    async def make(self, asker: Asker, key: str, body: WebhookBody) -> tuple[WebhookView, bool]:
        """The endpoint that this idempotency key stands for, with its secrets; False where it was there. Raises Refusal."""
        self._check(body.url)
        tenant, rule = asker.tenant, _bound(body.rule, asker)
        endpoint_id = _id_of(tenant, key)
        known = await self._store.endpoints(tenant)
        if len(known) >= ENDPOINTS_MAX and all(each.endpoint_id != endpoint_id for each in known):
            raise Refusal("too_many_webhooks", f"There are {len(known)} endpoints.")
        if all(each.endpoint_id != endpoint_id for each in known):
            await self._trail.note(asker, "webhook.make", endpoint_id)
        secrets = self._fresh(("v1", "v1a") if body.signing == "both" else (body.signing,))
        new = NewEndpoint(
            endpoint_id,
            tenant,
            body.url,
            body.description,
            rule.model_dump_json(),
            self._sealer.seal(endpoint_id, secrets),
            await self._store.log_end(PUBLISHED),
        )
        endpoint, first = await self._store.add_endpoint(new)
        if (endpoint.url, endpoint.rule, endpoint.description) != (new.url, new.rule, new.description):
            raise Refusal("idempotency_key_reused", "This Idempotency-Key already stands for another endpoint.")
        return self._view(endpoint, telling=True), first

    async def all(self, asker: Asker) -> tuple[WebhookView, ...]:
        return tuple(self._view(each) for each in await self._own(asker))

    async def one(self, asker: Asker, endpoint_id: UUID) -> WebhookView:
        """Raises Refusal webhook_not_found, also for those of other tenants and projects."""
        return self._view(await self._find(asker, endpoint_id))

    async def change(
        self, asker: Asker, endpoint_id: UUID, patch: WebhookPatch, check: Callable[[int], None]
    ) -> WebhookView:
        """Change what is named. `check` raises where it is not at a version that the caller expects. Raises Refusal."""
        if patch.url is not None:
            self._check(patch.url)
        rule = None if patch.rule is None else _bound(patch.rule, asker).model_dump_json()

        def changed(endpoint: Endpoint) -> Endpoint:
            return replace(
                endpoint,
                url=endpoint.url if patch.url is None else patch.url,
                description=endpoint.description if patch.description is None else patch.description,
                rule=endpoint.rule if rule is None else rule,
                state=endpoint.state if patch.state is None else patch.state,
                why=endpoint.why if patch.state is None else "",
            )

        return self._view(await self._write(asker, endpoint_id, changed, check, "webhook.change"))

    async def drop(self, asker: Asker, endpoint_id: UUID, check: Callable[[int], None]) -> None:
        """Forget it and what was to be told to it. Raises Refusal."""
        check((await self._find(asker, endpoint_id)).version)
        await self._trail.note(asker, "webhook.delete", endpoint_id)
        await self._store.drop_endpoint(asker.tenant, endpoint_id)

    async def rotate(self, asker: Asker, endpoint_id: UUID, overlap_s: float) -> WebhookView:
        """New keys of the schemes that it has; the former ones sign on for the overlap. Raises Refusal."""
        now, overlap = self._clock.now(), timedelta(seconds=overlap_s)

        def turned(endpoint: Endpoint) -> Endpoint:
            secrets = self._opened(endpoint)
            schemes = tuple(dict.fromkeys(each.scheme for each in secrets if each.until is None))
            turned = rotated(secrets, self._fresh(schemes), now, overlap)[:SECRETS_MAX]
            return replace(endpoint, secrets=self._sealer.seal(endpoint_id, turned))

        return self._view(await self._write(asker, endpoint_id, turned, lambda _: None, "webhook.rotate"), telling=True)

    async def ping(self, asker: Asker, endpoint_id: UUID) -> DeliveryView:
        """Something to be delivered at once that is about no job. Raises Refusal."""
        await self._find(asker, endpoint_id)
        if await self._store.crowded_endpoints([endpoint_id], PENDING_MAX):
            raise Refusal("rate_limited", f"{PENDING_MAX} deliveries or more wait for this endpoint.", retry_after_s=60)
        delivery_id, now = self._ids.mint(), self._clock.now()
        body = ping_of(delivery_id, now)
        new = NewDelivery(delivery_id, endpoint_id, asker.tenant, delivery_id, 0, PING, now, body)
        return view_of(await self._store.add_delivery(new))

    async def deliveries(
        self,
        asker: Asker,
        endpoint_id: UUID,
        states: tuple[DeliveryState, ...],
        before: DeliveryPlace | None,
        limit: int,
    ) -> tuple[list[DeliveryView], bool]:
        """A page of its deliveries, and whether there is more. Raises Refusal."""
        await self._find(asker, endpoint_id)
        wanted: tuple[DeliveryState, ...] = states or ("pending", "delivered", "exhausted")
        found = await self._store.deliveries(asker.tenant, endpoint_id, states=wanted, before=before, limit=limit + 1)
        return [view_of(each) for each in found[:limit]], len(found) > limit

    async def replay(self, asker: Asker, endpoint_id: UUID, body: ReplayBody) -> Replayed:
        """Deliver what happened in a range again. Raises Refusal."""
        await self._find(asker, endpoint_id)
        await self._trail.note(asker, "webhook.replay", endpoint_id)
        until = body.until or self._clock.now()
        count = await self._store.replay(
            asker.tenant, endpoint_id, since=body.since, until=until, states=body.states, limit=REPLAYED_MAX
        )
        return Replayed(deliveries=count, more=count == REPLAYED_MAX)

    async def _own(self, asker: Asker) -> Sequence[Endpoint]:
        """Those of the tenant; for a key of a project or environment those that are told of its jobs alone."""
        found = await self._store.endpoints(asker.tenant)
        return (
            [each for each in found if _is_bound(Rule.model_validate_json(each.rule), asker)] if asker.bound else found
        )

    async def _find(self, asker: Asker, endpoint_id: UUID) -> Endpoint:
        for endpoint in await self._own(asker):
            if endpoint.endpoint_id == endpoint_id:
                return endpoint
        raise Refusal("webhook_not_found")

    async def _write(
        self,
        asker: Asker,
        endpoint_id: UUID,
        change: Callable[[Endpoint], Endpoint],
        check: Callable[[int], None],
        deed: DeedName,
    ) -> Endpoint:
        noted = False
        for _ in range(CHANGES_MAX):
            endpoint = await self._find(asker, endpoint_id)
            check(endpoint.version)
            if not noted:
                await self._trail.note(asker, deed, endpoint_id)
                noted = True
            if await self._store.change_endpoint(change(endpoint)):
                return await self._find(asker, endpoint_id)
        raise Refusal("service_unavailable", "Others change this endpoint again and again.", retry_after_s=1)

    def _check(self, url: str) -> None:
        try:
            target_of(url, self._policy)
        except EgressRefused as error:
            wrong = FieldError("/url", "target_refused", error.reason)
            raise Refusal("target_refused", error.reason, errors=(wrong,)) from None

    def _fresh(self, schemes: tuple[str, ...]) -> tuple[Secret, ...]:
        return tuple(fresh("v1a" if scheme == "v1a" else "v1", self._sealer.random(SECRET_BYTES)) for scheme in schemes)

    def _opened(self, endpoint: Endpoint) -> tuple[Secret, ...]:
        try:
            return self._sealer.open(endpoint.endpoint_id, endpoint.secrets)
        except Unsealable:
            raise Refusal(
                "service_unavailable",
                "The keys of this endpoint cannot be read: the gateway's pepper is another one than when it was made.",
                remedy="Give the gateway its former pepper, or delete the endpoint and make it anew.",
            ) from None

    def _view(self, endpoint: Endpoint, *, telling: bool = False) -> WebhookView:
        now = self._clock.now()
        return WebhookView(
            id=endpoint.endpoint_id,
            url=endpoint.url,
            description=endpoint.description,
            rule=Rule.model_validate_json(endpoint.rule),
            state=endpoint.state,
            why=endpoint.why,
            failing_since=endpoint.failing_since,
            keys=tuple(_key(each, telling=telling) for each in self._opened(endpoint) if _is_live(each, now)),
            version=endpoint.version,
            created_at=endpoint.created_at,
            updated_at=endpoint.updated_at,
        )


def view_of(delivery: Delivery) -> DeliveryView:
    """A delivery as it is shown."""
    return DeliveryView(
        id=delivery.delivery_id,
        event=delivery.type,
        job_id=delivery.stream_id,
        sequence=delivery.version,
        happened_at=delivery.event_at,
        state=delivery.state,
        attempts=delivery.attempts,
        next_attempt_at=delivery.due_at,
        status=delivery.status,
        error=delivery.error,
        took_ms=delivery.took_ms,
        answer=delivery.answer,
    )


def _bound(rule: Rule, asker: Asker) -> Rule:
    """The rule, over what the asker may see alone. Raises Refusal environment_forbidden where it asks for more."""
    labels = dict(rule.labels)
    for name, value in asker.bound.items():
        if labels.setdefault(name, (value,)) != (value,):
            wrong = FieldError(f"/rule/labels/{name}", "environment_forbidden", "is not what the key is for")
            raise Refusal("environment_forbidden", f"{wrong}.", errors=(wrong,))
    if len(labels) > LABELS_MAX:
        wrong = FieldError("/rule/labels", "too_long", f"are more than {LABELS_MAX}, with those that the key is for")
        raise Refusal("invalid_request", f"{wrong}.", errors=(wrong,))
    return rule.model_copy(update={"labels": labels})


def _is_bound(rule: Rule, asker: Asker) -> bool:
    return all(rule.labels.get(name) == (value,) for name, value in asker.bound.items())


def _id_of(tenant: str, key: str) -> UUID:
    ordered = time_ordered_key(key)
    return derive_id(ordered, "webhook", tenant) if ordered else derive_id(_NO_TIME, f"webhook:{key}", tenant)


def _is_live(secret: Secret, now: datetime) -> bool:
    return secret.until is None or secret.until > now


def _key(secret: Secret, *, telling: bool) -> WebhookKey:
    shown = secret.shown if secret.scheme == "v1a" or (telling and secret.until is None) else None
    return WebhookKey(scheme=secret.scheme, text=shown, until=secret.until)
