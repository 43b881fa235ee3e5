"""API keys that tenants make for themselves: shown once, and never wider than the one that makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from queuebit_contracts.errors import FieldError
from queuebit_contracts.model import Model, StrictModel
from queuebit_gateway.access.authentication import (
    ALLOWED,
    BEYOND_PROJECTS,
    DUTY,
    LIFE,
    SECRET_BITS,
    UNISSUED,
    Action,
    Actor,
    Role,
    row_of,
)
from queuebit_gateway.access.keys import ID_BITS, state_of, successor
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.trail import DeedName, Trail
from queuebit_runtime.clock import Clock
from queuebit_store.directory.keys import make_key
from queuebit_store.errors import AlreadyExists
from queuebit_store.ports import ApiKeyRow, Directory

KEYS_MAX = 200
"""Live ones of one tenant."""
DAYS_MAX = 366
OVERLAP_S, OVERLAP_S_MAX = 86_400.0, 604_800.0


def _network(text: str) -> str:
    return str(ip_network(text))


Part = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$")]
Network = Annotated[str, StringConstraints(max_length=49), AfterValidator(_network)]


class KeyBody(StrictModel):
    """The body of POST /v1/keys."""

    name: Annotated[str, StringConstraints(max_length=100)] = Field(default="", description="What it is for.")
    role: Annotated[Role, Field(description="What it may do at most.")] = "submitter"
    scopes: Annotated[
        tuple[Action, ...], Field(max_length=30, description="Narrow it to these actions; none, all of its role.")
    ] = ()
    networks: Annotated[
        tuple[Network, ...], Field(max_length=20, description="Where it may be used from (CIDR); none, anywhere.")
    ] = ()
    project: Annotated[Part | None, Field(description="For jobs of this project alone.")] = None
    environment: Annotated[
        Part | None,
        Field(
            description="For jobs of this environment alone. Jobs of `dev` and `staging` never go to quantum hardware."
        ),
    ] = None
    days: Annotated[
        int, Field(ge=1, le=DAYS_MAX, description="Until it expires; when your own key does at the latest.")
    ] = LIFE.days


class RotateKeyBody(StrictModel):
    """The body of POST /v1/keys/{id}/rotate; it may be left out."""

    overlap_s: Annotated[
        float, Field(strict=True, ge=0, le=OVERLAP_S_MAX, description="For how long the former key opens as well.")
    ] = OVERLAP_S


class KeyView(Model):
    """An API key, without its secret. `prefix`: how its text begins. `last_used_at` is right to a minute or so."""

    object: Literal["key"] = "key"
    id: str
    prefix: str
    name: str
    role: str
    state: Literal["live", "expired", "revoked"]
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    project: str | None
    environment: str | None
    made_by: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None = None
    last_used_at: AwareDatetime | None


class KeyMade(KeyView):
    """A key that is new. `key` is its text, which is shown in this answer alone."""

    key: str


class KeyList(Model):
    """The keys of a tenant, the oldest first; also those that are expired or revoked."""

    object: Literal["list"] = "list"
    data: tuple[KeyView, ...]


class Issuing:
    """Makes, shows, rotates and revokes keys of the actor's tenant. Every method raises StoreError, and Refusal."""

    def __init__(
        self, directory: Directory, pepper: bytes, clock: Clock, random_bits: Callable[[int], int], trail: Trail
    ) -> None:
        self._directory = directory
        self._pepper = pepper
        self._clock = clock
        self._random_bits = random_bits
        self._trail = trail

    async def make(self, actor: Actor, idempotency_key: str, body: KeyBody) -> KeyMade:
        """A new key, for no longer than the one that makes it. A repeat is refused: what was shown once is not kept."""
        now = self._clock.now()
        text = self._text(actor.tenant, idempotency_key)
        row = row_of(
            text, self._pepper, actor.tenant, body.role, now, timedelta(days=body.days), scopes=body.scopes,
            networks=body.networks, name=body.name, project=body.project, environment=body.environment,
            made_by=actor.key_id,
        )  # fmt: skip
        return await self._add(actor, _no_longer(actor, row), text, now, "key.make", row.key_id)

    async def all(self, actor: Actor) -> KeyList:
        now = self._clock.now()
        rows = await self._directory.list_keys(actor.tenant)
        return KeyList(data=tuple(_view(row, now) for row in rows if not _elsewhere(actor, row)))

    async def one(self, actor: Actor, key_id: str) -> KeyView:
        return _view(await self._find(actor, key_id), self._clock.now())

    async def rotate(self, actor: Actor, key_id: str, idempotency_key: str, overlap_s: float) -> KeyMade:
        """A key in the place of another, as wide and for as long; the former one ends after the overlap. Who rotates another's
        has it for no longer than its own; who rotates its own renews it.
        """
        former, now = await self._find(actor, key_id), self._clock.now()
        if state_of(former, now) != "live":
            raise Refusal("key_not_found", "It is not live any more.")
        text = self._text(actor.tenant, f"{key_id}:{idempotency_key}")
        row = successor(former, text, self._pepper, now, made_by=actor.key_id)
        row = row if key_id == actor.key_id else _no_longer(actor, row)
        ends_at = now + timedelta(seconds=overlap_s)
        try:
            made = await self._add(actor, row, text, now, "key.rotate", key_id)
        except Refusal as refusal:
            if refusal.problem.code == "key_made_before":
                # Whoever made it may have ended before the former one was told to end.
                await self._directory.expire_key(key_id, ends_at)
            raise
        await self._directory.expire_key(key_id, ends_at)
        return made

    async def revoke(self, actor: Actor, key_id: str) -> None:
        """It opens nothing any more, five seconds from now at the latest."""
        await self._find(actor, key_id)
        await self._trail.note(actor.asker, "key.revoke", key_id)
        await self._directory.revoke_key(key_id, self._clock.now())

    async def _add(self, actor: Actor, row: ApiKeyRow, text: str, now: datetime, deed: DeedName, about: str) -> KeyMade:
        check_within(actor, row)
        known = await self._directory.list_keys(actor.tenant)
        if any(each.key_id == row.key_id for each in known):
            raise Refusal("key_made_before", f"It is the key {row.key_id}.")
        if sum(state_of(each, now) == "live" for each in known) >= KEYS_MAX:
            raise Refusal("too_many_keys", f"There are {KEYS_MAX} live keys.")
        await self._trail.note(actor.asker, deed, about)
        try:
            await self._directory.add_key(row)
        except AlreadyExists:
            raise Refusal("key_made_before") from None
        return KeyMade(**dict(_view(row, now)), key=text)

    async def _find(self, actor: Actor, key_id: str) -> ApiKeyRow:
        """One of the actor's tenant, and of its project and environment. Raises Refusal key_not_found."""
        row = (await self._directory.find_keys([key_id])).get(key_id)
        if row is None or row.tenant != actor.tenant or _elsewhere(actor, row):
            raise Refusal("key_not_found")
        return row

    def _text(self, tenant: str, idempotency_key: str) -> str:
        """The same id for the same wish, and always another secret."""
        digest = hashlib.sha256(f"{tenant}\x1f{idempotency_key}".encode()).digest()
        return make_key(int.from_bytes(digest[:8]) >> (64 - ID_BITS), self._random_bits(SECRET_BITS))


def check_within(actor: Actor, row: ApiKeyRow) -> None:
    """Raises Refusal key_exceeds_yours where the key would open more than the actor's own does."""
    allowed, scopes = ALLOWED[cast(Role, row.role)], {each for each in row.scopes if not each.startswith(DUTY)}
    narrow = row.project is not None or row.environment is not None
    actions = (allowed & scopes if scopes else allowed) - UNISSUED - (BEYOND_PROJECTS if narrow else frozenset())
    wrong = []
    beyond = sorted(each for each in row.scopes if each in UNISSUED or each.startswith(DUTY))
    if beyond:
        detail = f"has {', '.join(beyond)}, which keys have alone that whoever runs the gateway has made"
        wrong.append(FieldError("/scopes", "key_exceeds_yours", detail))
    if not actions <= actor.actions:
        wrong.append(
            FieldError("/role", "key_exceeds_yours", f"allows {', '.join(sorted(actions - actor.actions))} too")
        )
    if actor.networks and not (row.networks and all(_is_inside(each, actor.networks) for each in row.networks)):
        wrong.append(FieldError("/networks", "key_exceeds_yours", "is not within your networks"))
    wrong += _elsewhere(actor, row)
    if wrong:
        raise Refusal("key_exceeds_yours", "; ".join(map(str, wrong)) + ".", errors=tuple(wrong))


def _no_longer(actor: Actor, row: ApiKeyRow) -> ApiKeyRow:
    """The key, which ends when the actor's own does at the latest."""
    ends = [each for each in (row.expires_at, actor.expires_at) if each is not None]
    return replace(row, expires_at=min(ends, default=None))


def _elsewhere(actor: Actor, row: ApiKeyRow) -> list[FieldError]:
    """What of the key is for another project or environment than the actor's own."""
    places = ("project", actor.project, row.project), ("environment", actor.environment, row.environment)
    return [
        FieldError(f"/{name}", "key_exceeds_yours", f"is not {mine}, as of your key")
        for name, mine, theirs in places
        if mine is not None and theirs != mine
    ]


def _is_inside(network: str, allowed: tuple[str, ...]) -> bool:
    inner = ip_network(network)
    outer = [ip_network(each, strict=False) for each in allowed]
    return any(
        each.version == inner.version
        and int(each.network_address) <= int(inner.network_address)
        and int(inner.broadcast_address) <= int(each.broadcast_address)
        for each in outer
    )


def _view(row: ApiKeyRow, now: datetime) -> KeyView:
    return KeyView(
        id=row.key_id,
        prefix=f"qb_live_{row.key_id}",
        name=row.name,
        role=row.role,
        state=cast(Literal["live", "expired", "revoked"], state_of(row, now)),
        scopes=row.scopes,
        networks=row.networks,
        project=row.project,
        environment=row.environment,
        made_by=row.made_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
