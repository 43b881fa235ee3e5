"""Tokens of an identity provider: who they are of, and everything that is wrong with others."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from queuebit_gateway.access.authentication import Authenticator
from queuebit_gateway.access.strength import Strength
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
    body: bytes | None = None
    waits: asyncio.Event | None = None

    async def get(self, _url: str) -> Answered:
        self.asked += 1
        if self.waits is not None:
            await self.waits.wait()
        if self.body is not None:
            return Answered(200, {}, self.body)
        if self.away:
            raise EgressFailed("away")
        return Answered(200, {}, json.dumps(KeySet(self.keys).as_dict(private=False)).encode())


@dataclass
class Signed:
    """A gateway that trusts the provider."""

    world: RunningGateway
    provider: Provider
    http: httpx2.AsyncClient

    def token(self, alg: str = "ES256", key: Any = None, typ: str | None = None, **changed: Any) -> str:
        now_s = int(self.world.clock.now().timestamp())
        claims = {
            "iss": NAME, "aud": "queuebit", "sub": "ada", "exp": now_s + 300, "tenant": "acme", "roles": ["x", "submitter"],
        }  # fmt: skip
        claims = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        signing = key or KEYS[alg]
        header = {"alg": alg, "kid": signing.kid, **({} if typ is None else {"typ": typ})}
        return jwt.encode(header, claims, signing, algorithms=ALGORITHMS)

    async def get(self, token: str, path: str = "/v1/jobs") -> httpx2.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {token}"})


STRONG = Strength(acr=("silver", "gold"), amr=("pwd", "mfa"), age_s_max=600.0)


@pytest.fixture
async def signed(request: pytest.FixtureRequest) -> AsyncIterator[Signed]:
    async with a_world() as world:
        provider = Provider()
        tokens = Tokens(getattr(request, "param", ISSUER), provider.get, world.clock)
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


@pytest.mark.parametrize("signed", [replace(ISSUER, strength=STRONG)], indirect=True, ids=["strong"])
async def test_who_signed_in_too_weakly_or_too_long_ago_is_asked_to_do_so_again(signed: Signed) -> None:
    """As RFC 9470 says it: by the challenge a client knows what to ask the identity provider for."""
    now_s = int(signed.world.clock.now().timestamp())
    enough: dict[str, Any] = {
        "acr": "gold",
        "amr": ["mfa", "pwd", "otp"],
        "auth_time": now_s - 500,
        "exp": now_s + 9_999,
    }
    weak: list[dict[str, Any]] = [
        {"acr": None}, {"acr": "bronze"}, {"acr": ["gold"]}, {"amr": None}, {"amr": ["pwd"]}, {"amr": "pwd mfa"},
        {"auth_time": None}, {"auth_time": now_s - 661}, {"auth_time": now_s + 61}, {"auth_time": True},
        {"auth_time": "now"}, {"auth_time": 10**400}, {"auth_time": -(10**12)},
    ]  # fmt: skip

    refused = [await signed.get(signed.token(**{**enough, **each})) for each in weak]
    token = signed.token(**enough)
    before = await signed.get(token)
    signed.world.clock.offset = timedelta(seconds=161)

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(401, "token_invalid")] * len(weak)
    assert {each.headers["www-authenticate"] for each in refused} == {
        'Bearer realm="queuebit", error="insufficient_user_authentication", acr_values="silver gold", max_age="600"'
    }
    assert (before.status_code, (await signed.get(token)).status_code) == (200, 401)


async def test_nothing_is_asked_of_how_somebody_signed_in_where_nobody_said_so(signed: Signed) -> None:
    assert (await signed.get(signed.token(acr=7, amr={}, auth_time="x"))).status_code == 200


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
    soon = await signed.get(signed.token())
    signed.world.clock.moved_s = 5.0
    assert (await signed.get(signed.token())).status_code == 200
    signed.provider.away, signed.world.clock.moved_s = True, 700.0
    later = await signed.get(signed.token(sub="bob"))
    signed.world.clock.moved_s = 90_000.0
    too_late = await signed.get(signed.token(sub="cleo"))

    assert (first.status_code, first.json()["code"], soon.status_code) == (503, "service_unavailable", 503)
    assert (later.status_code, too_late.status_code) == (200, 503)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"7", b'"keys"', b"{}", b'{"keys":null}', b'{"keys":{}}', b'{"keys":[]}', b'{"keys":[7]}',
        b'{"keys":[null,[],{}]}', b'{"keys":[{"kty":7}]}', b'{"keys":[{"kty":"EC"}]}', b'{"keys":[{"kty":"oct","k":"AAAA"}]}',
        b'{"keys":[{"kty":"RSA","n":"!","e":[]}]}', b'{"keys":' + b"[" * 50_000, b"\xff\xfe",
    ],
    ids=lambda body: repr(body[:30]),
)  # fmt: skip
async def test_whatever_lies_where_its_keys_should_be_it_opens_nothing_and_breaks_nothing(
    signed: Signed, body: bytes
) -> None:
    signed.provider.body = body
    first = await signed.get(signed.token())
    signed.provider.body, signed.world.clock.moved_s = None, 5.0
    assert (await signed.get(signed.token())).status_code == 200
    signed.provider.body, signed.world.clock.moved_s = body, 700.0
    await signed.get(signed.token())
    later = await signed.get(signed.token(sub="bob"))

    assert (first.status_code, later.status_code) == (503, 200)


async def test_a_key_that_nobody_here_can_read_shuts_out_no_other(signed: Signed) -> None:
    keys = KeySet(list(KEYS.values())).as_dict(private=False)["keys"]
    odd: list[Any] = [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, {"kty": "EC", "crv": "P-0", "x": "", "y": ""}, 7]
    signed.provider.body = json.dumps({"keys": odd + keys}).encode()
    assert (await signed.get(signed.token())).status_code == 200


async def test_keys_that_do_not_come_hold_nobody_and_are_asked_for_once(signed: Signed, monkeypatch: Any) -> None:
    monkeypatch.setattr("queuebit_gateway.access.tokens.WAIT_S_MAX", 0.05)
    signed.provider.waits = asyncio.Event()
    first = await asyncio.gather(*(signed.get(signed.token(sub=f"n{nth}")) for nth in range(20)))
    assert ({each.status_code for each in first}, signed.provider.asked) == ({503}, 1)
    signed.provider.waits.set()
    assert (await signed.get(signed.token())).status_code == 200

    signed.provider.waits, signed.world.clock.moved_s = asyncio.Event(), 61.0
    strangers = await asyncio.gather(*(signed.get(signed.token(key=STRANGER)) for _ in range(20)))
    known = await signed.get(signed.token(sub="bob"))
    assert ({each.status_code for each in strangers}, known.status_code, signed.provider.asked) == ({401}, 200, 2)
    signed.provider.waits.set()


def _raw(header: Any, claims: Any) -> str:
    """Parts that nobody signed, or that are no JSON."""
    parts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header, claims)]
    return ".".join([*(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "AAAA"])


@pytest.mark.parametrize(
    "token",
    [
        _raw({"alg": "ES256", "kid": ["ec"]}, {}), _raw({"alg": ["ES256"], "kid": "ec"}, {}), _raw([], []), _raw(7, None),
        _raw({"alg": "ES256", "kid": "ec", "crit": ["x"]}, {}), _raw({"alg": "ES256", "kid": "ec", "b64": False}, {}),
        _raw(b"[" * 9_000, {}), _raw(b'{"a":' * 2_000, {}), _raw(b"\xff", b"\xff"), _raw({"alg": None}, {}),
        _raw({"alg": "ES256", "kid": "\ud800"}, {}), _raw({}, {}), "\u00e4.\u00e4.\u00e4", "=.=.=", "%.%.%",
    ],
    ids=lambda token: repr(token[:24]),
)  # fmt: skip
async def test_an_odd_token_is_refused_and_breaks_nothing(signed: Signed, token: str) -> None:
    answer = await signed.http.get("/v1/jobs", headers={b"Authorization": f"Bearer {token}".encode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": 10**400}, {"exp": True}, {"exp": [1]}, {"exp": -1}, {"iat": "now"}, {"iat": 10**400}, {"nbf": [1]},
        {"aud": {"queuebit": 1}}, {"aud": [["queuebit"]]}, {"sub": ["ada"]}, {"sub": ""},
        {"roles": [["admin"], {"a": 1}]},
    ],
    ids=str,
)  # fmt: skip
async def test_odd_claims_are_refused_though_they_are_signed(signed: Signed, changed: dict[str, Any]) -> None:
    answer = await signed.get(signed.token(**changed))
    assert answer.status_code in ((200,) if changed.get("exp") == 10**400 else (401,))


@pytest.mark.parametrize("offset", [timedelta(days=400_000), timedelta(days=-20_000)])
async def test_a_clock_that_is_far_off_breaks_nothing(signed: Signed, offset: timedelta) -> None:
    token = signed.token()
    signed.world.clock.offset = offset
    assert (await signed.get(token)).status_code in (200, 401)


async def test_where_no_issuer_is_trusted_a_token_is_a_mistyped_key(world: RunningGateway, signed: Signed) -> None:
    answer = await world.http.get("/v1/jobs", headers={"Authorization": f"Bearer {signed.token()}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "key_malformed")


@pytest.mark.parametrize(
    ("typ", "status"), [("JWT", 200), ("at+jwt", 200), ("application/at+jwt", 200), ("logout+jwt", 401)]
)
async def test_a_token_for_something_else_opens_nothing(signed: Signed, typ: str, status: int) -> None:
    assert (await signed.get(signed.token(typ=typ))).status_code == status
