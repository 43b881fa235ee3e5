"""Tokens of an identity provider (OpenID Connect): JWTs, checked against its keys and against what is expected of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError
from joserfc.jwk import JWKRegistry, KeySet

from queuebit_contracts.jobs import is_tenant_name
from queuebit_gateway.access.authentication import ALLOWED, ROLES, Actor
from queuebit_gateway.access.strength import ANY, Strength
from queuebit_gateway.egress.post import Answered, EgressFailed
from queuebit_gateway.problem_details import Refusal
from queuebit_runtime.clock import Clock

ALGORITHMS = ("ES256", "RS256", "Ed25519", "EdDSA")
"""Signatures by a private key alone: never `none`, and nothing that is signed with what everybody may know."""
TYPES = ("jwt", "at+jwt")
"""What a token may say that it is: one that says something else, such as a logout, opens nothing. Issuers may leave it out."""
LEEWAY_S = 60
log = logging.getLogger(__name__)

KEYS_LIVE_S = 600.0
KEYS_LIVE_S_MAX = 86_400.0
"""For so long keys are good that could not be asked for anew. A key that was withdrawn meanwhile is good as long."""
REFETCH_S = 60.0
"""An unknown key is asked for once in this time, whoever names one."""
RETRY_S = 5.0
"""Between two questions where the issuer gave no keys."""
WAIT_S_MAX = 3.0
"""For so long a request waits for keys; what was asked goes on without it."""
KEYS_MAX = 100
KNOWN_MAX = 10_000
TOKEN_LENGTH_MAX = 16_384
LIFE_S_MAX = 86_400.0
"""A token that says that it lives longer is asked for again after a day of what is open."""
WHO_LENGTH_MAX = 200

Get = Callable[[str], Awaitable[Answered]]


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who is trusted to say who somebody is. `tenant_claim` and `role_claim` name the claims that say whose jobs they see and
    what they may do; a role may stand in a list, and the one that allows most counts. Others in it are duties.
    """

    name: str
    audience: str
    keys_url: str
    tenant_claim: str = "tenant"
    role_claim: str = "role"
    strength: Strength = ANY


class Tokens:
    """Reads tokens of one issuer. A token that was read is known until it ends, or until its keys are asked for anew."""

    def __init__(self, issuer: Issuer, get: Get, clock: Clock) -> None:
        self._issuer = issuer
        self._get = get
        self._clock = clock
        self._keys: KeySet | None = None
        self._asked_s = self._had_s = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._known: OrderedDict[bytes, Actor] = OrderedDict()

    async def actor(self, token: str) -> Actor:
        """Who holds it. Raises Refusal: token_invalid, or service_unavailable where the issuer's keys are not to be had."""
        if len(token) > TOKEN_LENGTH_MAX:
            raise _invalid("It is too long.")
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        await self._have_keys()
        known = self._known.get(digest)
        if known is not None and known.until is not None and known.until > self._clock.now():
            return known
        actor = self._actor_of(await self._claims(token))
        self._known[digest] = actor
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return actor

    async def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            return self._decoded(token)
        except InvalidKeyIdError:
            if self._since_s(self._asked_s) < REFETCH_S and self._asking is None:
                raise _invalid("It is signed by a key that the issuer does not have.") from None
        await self._wait_for_keys()
        try:
            return self._decoded(token)
        except InvalidKeyIdError:
            raise _invalid("It is signed by a key that the issuer does not have.") from None

    def _decoded(self, token: str) -> Mapping[str, Any]:
        assert self._keys is not None
        expected = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._issuer.name},
            aud={"essential": True, "value": self._issuer.audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            with warnings.catch_warnings():
                # EdDSA has a newer name; issuers use both.
                warnings.simplefilter("ignore")
                read = jwt.decode(token, self._keys, algorithms=list(ALGORITHMS))
            claims = read.claims
            expected.validate(claims)
        except InvalidKeyIdError:
            raise
        except ClaimError as error:
            raise _invalid(f"Its claim {error.claim} is missing, or not as it must be.") from None
        except Exception:
            # Whatever the library makes of what a stranger wrote: it is no token.
            raise _invalid("It is not signed by its issuer.") from None
        if str(read.header.get("typ", TYPES[0])).lower().removeprefix("application/") not in TYPES:
            raise _invalid("Its header typ says that it is for something else.")
        return claims

    def _actor_of(self, claims: Mapping[str, Any]) -> Actor:
        tenant, said = claims.get(self._issuer.tenant_claim), claims.get(self._issuer.role_claim)
        if not isinstance(tenant, str) or not is_tenant_name(tenant):
            raise _invalid(f"Its claim {self._issuer.tenant_claim} names no tenant.")
        named = said if isinstance(said, list) else [said]
        roles = [role for role in ROLES if role in named]
        if not roles:
            raise _invalid(f"Its claim {self._issuer.role_claim} names no role of Queuebit.")
        if not isinstance(claims["sub"], str) or not claims["sub"].isprintable():
            raise _invalid("Its claim sub is no text.")
        strong_until_s = self._issuer.strength.holds_until_s(claims, self._clock.now().timestamp(), LEEWAY_S)
        until = datetime.fromtimestamp(min(self._ends_s(claims["exp"]), strong_until_s), UTC)
        widest = max(roles, key=lambda role: (len(ALLOWED[role]), ROLES.index(role)))
        duties = frozenset(each for each in named if isinstance(each, str) and each not in ROLES)
        return Actor(tenant, widest, f"oidc:{claims['sub']}"[:WHO_LENGTH_MAX], until=until, duties=duties)

    def _ends_s(self, exp: Any) -> float:
        latest_s = self._clock.now().timestamp() + LIFE_S_MAX
        if isinstance(exp, bool) or not isinstance(exp, int | float) or not math.isfinite(min(exp, latest_s)):
            raise _invalid("Its claim exp is no time.")
        return float(max(0.0, min(exp, latest_s)))

    async def _have_keys(self) -> None:
        """Ask for keys where those that are here are old: nobody waits for that. Raises Refusal service_unavailable where there
        are none, or only such as are too old.
        """
        if self._since_s(self._had_s) <= KEYS_LIVE_S:
            return
        pause_s = RETRY_S if self._keys is None else REFETCH_S
        if self._asking is None and self._since_s(self._asked_s) >= pause_s:
            self._ask()
        if self._keys is None or self._since_s(self._had_s) > KEYS_LIVE_S_MAX:
            await self._wait_for_keys(at_once=False)
            if self._keys is None or self._since_s(self._had_s) > KEYS_LIVE_S_MAX:
                raise Refusal(
                    "service_unavailable", "The keys of the identity provider are not to be had.", retry_after_s=1.0
                )

    async def _wait_for_keys(self, *, at_once: bool = True) -> None:
        """Until somebody's question for keys is over, or the time is; with `at_once` it is asked where nobody has."""
        if self._asking is None and at_once:
            self._ask()
        if self._asking is not None:
            await asyncio.wait([self._asking], timeout=WAIT_S_MAX)

    def _ask(self) -> None:
        self._asked_s = self._clock.monotonic_s()
        self._asking = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        """The keys of the issuer. Where they are not to be had, those from before are good for a day."""
        try:
            answered = await self._get(self._issuer.keys_url)
            if answered.status != 200:
                raise EgressFailed(f"It answered {answered.status}.")
            self._keys = _keys_in(answered.body)
            self._had_s = self._clock.monotonic_s()
            self._known.clear()
        except Exception as error:
            log.warning("the keys of the identity provider are not to be had: %s: %s", type(error).__name__, error)
        finally:
            self._asking = None

    def _since_s(self, moment_s: float) -> float:
        return self._clock.monotonic_s() - moment_s


def _keys_in(body: bytes) -> KeySet:
    """The keys of a key set that signatures are checked with. One that nobody here can read is passed over: issuers publish
    keys of kinds to come. Raises where there is none.
    """
    keys = []
    for each in json.loads(body)["keys"][:KEYS_MAX]:
        try:
            if each["kty"] != "oct" and each.get("use", "sig") == "sig":
                keys.append(JWKRegistry.import_key(each))
        except Exception:
            log.info("a key of the identity provider cannot be read, and is passed over")
    if not keys:
        raise EgressFailed("It has no key that can be read.")
    return KeySet(keys)


def _invalid(detail: str) -> Refusal:
    return Refusal(
        "token_invalid", detail, headers={"WWW-Authenticate": 'Bearer realm="queuebit", error="invalid_token"'}
    )
