"""Tokens of an identity provider: who they are of, and everything that is wrong with others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from queuebit_gateway.access.authentication import Authenticator
from queuebit_gateway.access.tokens import Issuer, Tokens
from queuebit_gateway.egress.post import Answered, EgressFailed
from queuebit_gateway.http.app import create_app
from tests.contract.http.running_gateway import PEPPER, RunningGateway, a_body, a_world

NAME = "https://login.example.com/"
ISSUER = Issuer(NAME, "queuebit", "https://login.example.com/keys", role_claim="roles")
KEYS: dict[str, Any] = {
    "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
}
STRANGER = ECKey.generate_key("P-256", {"kid": "stranger"})
ALGORITHMS = ["ES256", "RS256", "Ed25519", "HS256", "none"]


@dataclass
class Provider:
    """Its keys, and how often somebody asked for them."""

    keys: list[Any] = field(default_factory=lambda: list(KEYS.values()))
    asked: int = 0
    away: bool = False

    async def get(self, _url: str) -> Answered:
        self.asked += 1
        if self.away:
            raise EgressFailed("away")
        return Answered(200, {}, json.dumps(KeySet(self.keys).as_dict(private=False)).encode())


@dataclass
class Signed:
    """A gateway that trusts the provider."""

    world: RunningGateway
    provider: Provider
    http: httpx2.AsyncClient

    def token(self, alg: str = "ES256", key: Any = None, **changed: Any) -> str:
        now_s = int(self.world.clock.now().timestamp())
        claims = {
            "iss": NAME, "aud": "queuebit", "sub": "ada", "exp": now_s + 300, "tenant": "acme", "roles": ["x", "submitter"],
        }  # fmt: skip
        claims = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        signing = key or KEYS[alg]
        return jwt.encode({"alg": alg, "kid": signing.kid}, claims, signing, algorithms=ALGORITHMS)

    async def get(self, token: str, path: str = "/v1/jobs") -> httpx2.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def signed() -> AsyncIterator[Signed]:
    async with a_world() as world:
        provider = Provider()
        tokens = Tokens(ISSUER, provider.get, world.clock)
        parts = replace(world.parts, authenticator=Authenticator(world.store, PEPPER, world.clock, tokens.actor))
        transport = httpx2.ASGITransport(app=create_app(parts))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Signed(world, provider, http)


@pytest.mark.parametrize("alg", KEYS)
async def test_a_token_opens_for_its_tenant_and_its_role(signed: Signed, alg: str) -> None:
    token = signed.token(alg)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k", "Prefer": "wait=5"}

    job = await signed.http.post("/v1/jobs", json=a_body(), headers=headers)
    hook = await signed.http.post("/v1/webhooks", json={"url": "https://example.com/"}, headers=headers)

    assert (job.status_code, job.json()["tenant"]) == (202, "acme")
    assert (hook.status_code, hook.json()["code"]) == (403, "role_forbids")
    assert (await signed.get(await signed.world.key())).status_code == 200
    assert signed.provider.asked == 1


async def test_the_widest_of_its_roles_counts(signed: Signed) -> None:
    for roles, allowed in ((["viewer", "admin"], True), (["operator", "viewer"], False), ("admin", True)):
        headers = {"Authorization": f"Bearer {signed.token(roles=roles)}", "Idempotency-Key": "k"}
        answer = await signed.http.post("/v1/jobs", json=a_body(), headers=headers)
        assert (answer.status_code == 202) is allowed


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example.com/"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"exp": None}, {"exp": 1},
        {"exp": "soon"}, {"sub": None}, {"sub": 7}, {"sub": "a\nb"}, {"nbf": 99_999_999_999}, {"tenant": None},
        {"tenant": "Not A Tenant"}, {"tenant": ["acme"]}, {"roles": None}, {"roles": []}, {"roles": ["emperor"]},
        {"roles": {"admin": True}},
    ],
    ids=str,
)  # fmt: skip
async def test_a_token_that_is_not_as_it_must_be_opens_nothing(signed: Signed, changed: dict[str, Any]) -> None:
    answer = await signed.get(signed.token(**changed))
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert "invalid_token" in answer.headers["www-authenticate"]


async def test_a_token_that_its_issuer_did_not_sign_opens_nothing(signed: Signed) -> None:
    good = signed.token()
    head, claims, signature = good.split(".")
    other = signed.token(tenant="globex").split(".")[1]
    public = json.dumps(KEYS["ES256"].as_dict(private=False)).encode()
    forged = [
        f"{head}.{other}.{signature}",
        f"{head}.{claims}.{signature[:-4]}AAAA",
        f"{head}.{claims}.",
        signed.token("HS256", OctKey.import_key(public, {"kid": "ec"})),
        signed.token(key=STRANGER),
        signed.token(key=ECKey.generate_key("P-256", {"kid": "ec"})),
        "a.b.c",
        "..",
        "e30.e30.",
        good + "A" * 20_000,
    ]
    for token in forged:
        answer = await signed.get(token)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), token[:60]


async def test_a_token_ends_when_it_says(signed: Signed) -> None:
    token = signed.token()
    assert (await signed.get(token)).status_code == 200
    signed.world.clock.moved_s = 400.0
    signed.world.clock.offset = signed.world.clock.offset.__class__(seconds=400)
    assert (await signed.get(token)).status_code == 401


async def test_new_keys_are_asked_for_once_a_minute_whoever_names_one(signed: Signed) -> None:
    await signed.get(signed.token())
    for _ in range(20):
        assert (await signed.get(signed.token(key=STRANGER))).status_code == 401
    assert signed.provider.asked == 1

    signed.provider.keys.append(STRANGER)
    signed.world.clock.moved_s = 61.0
    assert (await signed.get(signed.token(key=STRANGER))).status_code == 200
    assert signed.provider.asked == 2


async def test_an_issuer_that_is_away_shuts_out_nobody_whose_keys_are_known(signed: Signed) -> None:
    signed.provider.away = True
    first = await signed.get(signed.token())
    signed.provider.away = False
    assert (await signed.get(signed.token())).status_code == 200
    signed.provider.away, signed.world.clock.moved_s = True, 700.0
    later = await signed.get(signed.token(sub="bob"))

    assert (first.status_code, first.json()["code"], later.status_code) == (503, "service_unavailable", 200)


async def test_where_no_issuer_is_trusted_a_token_is_a_mistyped_key(world: RunningGateway, signed: Signed) -> None:
    answer = await world.http.get("/v1/jobs", headers={"Authorization": f"Bearer {signed.token()}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "key_malformed")
