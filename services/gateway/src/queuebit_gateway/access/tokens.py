"""Tokens of an identity provider (OpenID Connect): JWTs, checked against its keys and against what is expected of them."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from queuebit_contracts.jobs import is_tenant_name
from queuebit_gateway.access.authentication import ALLOWED, ROLES, Actor
from queuebit_gateway.egress.post import Answered, EgressFailed, EgressRefused
from queuebit_gateway.problem_details import Refusal
from queuebit_runtime.clock import Clock

ALGORITHMS = ("ES256", "RS256", "Ed25519", "EdDSA")
"""Signatures by a private key alone: never `none`, and nothing that is signed with what everybody may know."""
LEEWAY_S = 60
KEYS_LIVE_S = 600.0
REFETCH_S = 60.0
"""An unknown key is asked for once in this time, whoever names one."""
KNOWN_MAX = 10_000
TOKEN_LENGTH_MAX = 16_384
LIFE_S_MAX = 86_400.0
"""A token that says that it lives longer is asked for again after a day of what is open."""
WHO_LENGTH_MAX = 200

Get = Callable[[str], Awaitable[Answered]]


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who is trusted to say who somebody is. `tenant_claim` and `role_claim` name the claims that say whose jobs they see and
    what they may do; a role may stand in a list, and the one that allows most counts.
    """

    name: str
    audience: str
    keys_url: str
    tenant_claim: str = "tenant"
    role_claim: str = "role"


class Tokens:
    """Reads tokens of one issuer. A token that was read is known until it ends, or until its keys are asked for anew."""

    def __init__(self, issuer: Issuer, get: Get, clock: Clock) -> None:
        self._issuer = issuer
        self._get = get
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched_s = float("-inf")
        self._known: OrderedDict[bytes, Actor] = OrderedDict()

    async def actor(self, token: str) -> Actor:
        """Who holds it. Raises Refusal: token_invalid, or service_unavailable where the issuer's keys are not to be had."""
        if len(token) > TOKEN_LENGTH_MAX:
            raise _invalid("It is too long.")
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        if self._age_s() > KEYS_LIVE_S:
            await self._fetch()
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
            if self._age_s() < REFETCH_S:
                raise _invalid("It is signed by a key that the issuer does not have.") from None
        await self._fetch()
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
                claims = jwt.decode(token, self._keys, algorithms=list(ALGORITHMS)).claims
            expected.validate(claims)
        except InvalidKeyIdError:
            raise
        except ClaimError as error:
            raise _invalid(f"Its claim {error.claim} is missing, or not as it must be.") from None
        except (JoseError, ValueError, TypeError):
            raise _invalid("It is not signed by its issuer.") from None
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
        ends_s = min(float(claims["exp"]), self._clock.now().timestamp() + LIFE_S_MAX)
        until = datetime.fromtimestamp(ends_s, UTC)
        widest = max(roles, key=lambda role: (len(ALLOWED[role]), ROLES.index(role)))
        return Actor(tenant, widest, f"oidc:{claims['sub']}"[:WHO_LENGTH_MAX], until=until)

    async def _fetch(self) -> None:
        """The keys of the issuer. Where they are not to be had, those from before are good for as long again."""
        self._fetched_s = self._clock.monotonic_s()
        try:
            answered = await self._get(self._issuer.keys_url)
            if answered.status != 200:
                raise EgressFailed(f"The issuer answered {answered.status}.")
            self._keys = KeySet.import_key_set(json.loads(answered.body))
            self._known.clear()
        except (EgressFailed, EgressRefused, JoseError, ValueError, TypeError, KeyError):
            if self._keys is None:
                self._fetched_s = float("-inf")
                raise Refusal(
                    "service_unavailable", "The keys of the identity provider are not to be had.", retry_after_s=1.0
                ) from None

    def _age_s(self) -> float:
        return self._clock.monotonic_s() - self._fetched_s


def _invalid(detail: str) -> Refusal:
    return Refusal(
        "token_invalid", detail, headers={"WWW-Authenticate": 'Bearer realm="queuebit", error="invalid_token"'}
    )
