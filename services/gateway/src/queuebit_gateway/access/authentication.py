"""Who asks, by API key, and what the role of a key allows."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Literal

from queuebit_gateway.access.lookups import KeyLookup
from queuebit_gateway.asker import Asker
from queuebit_gateway.problem_details import Refusal
from queuebit_runtime.clock import Clock
from queuebit_store.directory.keys import hash_secret, parse_key
from queuebit_store.ports import ApiKeyRow, Directory

Role = Literal["viewer", "submitter", "operator", "admin"]
Action = Literal[
    "job:read",
    "job:submit",
    "job:cancel",
    "artifact:read",
    "kind:read",
    "backend:read",
    "backend:detail",
    "webhook:read",
    "webhook:write",
    "operator:read",
    "budget:read",
    "approval:read",
    "approval:decide",
    "outcome:report",
    "key:read",
    "key:write",
    "operator:write",
    "audit:read",
    "payload:read",
]

ROLES: tuple[Role, ...] = ("viewer", "submitter", "operator", "admin")
_READING: frozenset[Action] = frozenset({"job:read", "kind:read", "backend:read", "budget:read", "approval:read"})
ALLOWED: dict[Role, frozenset[Action]] = {
    "viewer": _READING,
    "submitter": _READING
    | {
        "job:submit",
        "job:cancel",
        "artifact:read",
        "webhook:read",
        "approval:decide",
        "outcome:report",
        "payload:read",
    },
    "operator": _READING
    | {
        "backend:detail",
        "job:cancel",
        "artifact:read",
        "webhook:read",
        "operator:read",
        "operator:write",
        "approval:decide",
        "audit:read",
    },
    "admin": _READING
    | {
        "backend:detail",
        "job:submit",
        "job:cancel",
        "artifact:read",
        "webhook:read",
        "webhook:write",
        "approval:decide",
        "outcome:report",
        "key:read",
        "key:write",
        "audit:read",
        "payload:read",
    },
}
"""An admin is one of a tenant. What operators did concerns all tenants, and is for operators alone."""

ReadToken = Callable[[str], Awaitable["Actor"]]
"""Who holds this token. Raises Refusal token_invalid or service_unavailable."""
DUTY = "duty:"
"""What a duty begins with among the scopes of a key."""
UNISSUED: frozenset[str] = frozenset({"approval:decide"})
"""What no key may that a tenant has made for itself: else who makes keys would decide on jobs of their own, with another."""
BEYOND_PROJECTS: frozenset[str] = frozenset({"operator:read", "operator:write", "audit:read"})
"""What no key may that is for a project or an environment: it concerns the whole tenant, or all."""
NOTHING = "nothing"
"""A scope that allows nothing, so that no narrowing leaves none."""
LIFE = timedelta(days=90)
SECRET_BITS = 256


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: the tenant that the key belongs to, its role, and the key's id for the record. `scopes`: the actions that the
    key is narrowed to; empty, all that its role allows. `until`: of a token, which nobody keeps, when it ends. `duties`: roles
    that policies name, whose plans they decide on. `networks`, `project`, `environment`, `expires_at`: as the key has
    them. `local_only`: whether their jobs stay within the installation, as quantum hardware is for others.
    """

    tenant: str
    role: Role
    key_id: str
    scopes: frozenset[str] = frozenset()
    until: datetime | None = None
    duties: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    project: str | None = None
    environment: str | None = None
    expires_at: datetime | None = None
    local_only: bool = False

    @property
    def name(self) -> str:
        """Who that is, for the record."""
        return f"key:{self.key_id}"

    @property
    def asker(self) -> Asker:
        return Asker(self.tenant, self.project, self.environment, self.name, self.local_only)

    @property
    def actions(self) -> frozenset[str]:
        """All that it may do."""
        return ALLOWED[self.role] & self.scopes if self.scopes else ALLOWED[self.role]

    def may(self, action: Action) -> bool:
        return action in ALLOWED[self.role] and self.is_scoped_for(action)

    def is_scoped_for(self, action: Action) -> bool:
        return not self.scopes or action in self.scopes


def row_of(
    key: str,
    pepper: bytes,
    tenant: str,
    role: Role,
    now: datetime,
    life: timedelta | None = LIFE,
    *,
    scopes: Sequence[str] = (),
    networks: Sequence[str] = (),
    name: str = "",
    project: str | None = None,
    environment: str | None = None,
    made_by: str = "",
) -> ApiKeyRow:
    """The row to store for a fresh key. Raises ValueError where `key` is none."""
    parsed = parse_key(key)
    if parsed is None:
        raise ValueError("This is not an API key of Queuebit.")
    return ApiKeyRow(
        key_id=parsed.key_id,
        tenant=tenant,
        role=role,
        secret_hash=hash_secret(pepper, parsed.secret),
        created_at=now,
        expires_at=None if life is None else now + life,
        scopes=tuple(scopes),
        networks=tuple(networks),
        name=name,
        project=project,
        environment=environment,
        made_by=made_by,
    )


class Authenticator:
    """Turns the Authorization header into an Actor. Look-ups are cached for 5 s, so a revocation takes hold within that.

    `tokens` reads tokens of an identity provider, where one is trusted. `hardware`: the roles and duties of those whose jobs
    may go to quantum hardware; none, whoever may submit.
    """

    def __init__(
        self,
        directory: Directory,
        pepper: bytes,
        clock: Clock,
        tokens: ReadToken | None = None,
        *,
        hardware: Collection[str] = (),
    ) -> None:
        self._tokens = tokens
        self._hardware = frozenset(hardware)
        self._keys = KeyLookup(directory.find_keys, clock)
        self._pepper = pepper
        self._clock = clock
        self.used: dict[str, datetime] = {}
        """When keys last opened, of those that nobody has noted yet."""

    async def actor(self, header: str | None, address: str) -> Actor:
        """Who sent this header from this address. Raises Refusal: key_missing, key_malformed, key_unknown, key_expired,
        key_revoked, address_forbids or token_invalid.
        """
        found = await self._found(header, address)
        if self._hardware and self._hardware.isdisjoint({found.role, *found.duties}):
            return replace(found, local_only=True)
        return found

    async def _found(self, header: str | None, address: str) -> Actor:
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unauthorised("key_missing")
        parsed = parse_key(token.strip())
        if parsed is None and self._tokens is not None and token.count(".") == 2:
            return await self._tokens(token.strip())
        if parsed is None:
            raise _unauthorised("key_malformed")
        row = await self._keys.find(parsed.key_id)
        offered = hash_secret(self._pepper, parsed.secret)
        matches = hmac.compare_digest(offered, row.secret_hash if row is not None else bytes(len(offered)))
        if row is None or not matches:
            raise _unauthorised("key_unknown")
        self._require_live(row)
        if not _is_within(address, row.networks):
            raise Refusal("address_forbids")
        role = next((role for role in ROLES if role == row.role), None)
        if role is None:
            raise Refusal("role_forbids", "The key has a role that this version does not know.")
        self.used[row.key_id] = self._clock.now()
        duties = frozenset(each.removeprefix(DUTY) for each in row.scopes if each.startswith(DUTY))
        scopes = frozenset(each for each in row.scopes if not each.startswith(DUTY))
        if row.made_by:
            scopes = (scopes or ALLOWED[role]) - UNISSUED | {NOTHING}
        if row.project is not None or row.environment is not None:
            scopes = (scopes or ALLOWED[role]) - BEYOND_PROJECTS | {NOTHING}
        return Actor(
            row.tenant,
            role,
            row.key_id,
            scopes,
            None,
            duties,
            row.networks,
            row.project,
            row.environment,
            row.expires_at,
        )

    async def check(self, actor: Actor) -> None:
        """For what takes long: raises Refusal key_unknown, key_expired or key_revoked where the key is not live any more, and
        token_invalid where the token has ended.
        """
        if actor.until is not None:
            if actor.until <= self._clock.now():
                raise _unauthorised("token_invalid")
            return
        row = await self._keys.find(actor.key_id)
        if row is None:
            raise _unauthorised("key_unknown")
        self._require_live(row)

    def _require_live(self, row: ApiKeyRow) -> None:
        if row.revoked_at is not None:
            raise _unauthorised("key_revoked")
        if row.expires_at is not None and row.expires_at <= self._clock.now():
            raise _unauthorised("key_expired")


def require(actor: Actor, action: Action) -> None:
    """Raises Refusal: role_forbids where the actor's role does not allow the action, scope_forbids where its key does not."""
    if action not in ALLOWED[actor.role]:
        may = ", ".join(role for role in ROLES if action in ALLOWED[role])
        raise Refusal("role_forbids", f"The role {actor.role} does not allow {action}. Roles that do: {may}.")
    if not actor.is_scoped_for(action):
        raise Refusal("scope_forbids", f"The key is narrowed to {', '.join(sorted(actor.scopes))}.")


def require_whole_tenant(actor: Actor) -> None:
    """Raises Refusal scope_forbids where the actor's key is for a project or an environment alone."""
    if actor.asker.bound:
        bound = ", ".join(f"{name} {value}" for name, value in actor.asker.bound.items())
        detail = f"This is counted for the whole tenant, and the key is for {bound}. Use a key of the whole tenant."
        raise Refusal("scope_forbids", detail)


def _is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether a key that may be used from these networks may be used from here; with none, from anywhere."""
    if not networks:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    allowed = (ip_network(each, strict=False) for each in networks)
    return any(found in network for network in allowed if network.version == found.version)


def _unauthorised(code: str) -> Refusal:
    return Refusal(code, headers={"WWW-Authenticate": 'Bearer realm="queuebit"'})
