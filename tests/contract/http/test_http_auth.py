"""Who may do what, with whose jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from queuebit_gateway.access.authentication import ALLOWED, ROLES, Action, Role, row_of
from queuebit_gateway.access.rate_limits import Rate
from queuebit_store.directory.keys import make_key
from queuebit_store.ports import ApiKeyRow
from tests.contract.http.running_gateway import PEPPER, RunningGateway, a_body

CALLS: list[tuple[str, str, Action, int]] = [
    ("POST", "/v1/jobs", "job:submit", 202),
    ("GET", "/v1/jobs", "job:read", 200),
    ("GET", "/v1/jobs/{id}", "job:read", 200),
    ("GET", "/v1/jobs/{id}/explain", "job:read", 200),
    ("GET", "/v1/jobs/{id}/events", "job:read", 200),
    ("POST", "/v1/jobs/{id}/cancel", "job:cancel", 409),
    ("GET", "/v1/usage", "job:read", 503),
    ("GET", "/v1/backlog", "job:read", 503),
    ("GET", "/v1/kinds", "kind:read", 200),
    ("GET", "/v1/kinds/maxcut", "kind:read", 200),
    ("GET", "/v1/operations", "operator:read", 200),
    ("GET", "/v1/record", "operator:read", 200),
    ("GET", "/v1/backends", "backend:read", 200),
    ("GET", "/v1/backends/{backend}", "backend:read", 404),
]


@pytest.mark.parametrize("owner", ["own", "foreign"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path", "action", "status"), CALLS)
async def test_role_by_action_by_owner(
    world: RunningGateway, method: str, path: str, action: Action, status: int, role: Role, owner: str
) -> None:
    job = (await world.submit("k", Prefer="wait=5")).json()
    headers = await world.headers("acme" if owner == "own" else "globex", role, **{"Idempotency-Key": "other"})

    body = a_body() if path == "/v1/jobs" and method == "POST" else None
    answer = await world.http.request(method, path.format(id=job["id"], backend="nothing"), headers=headers, json=body)

    if action not in ALLOWED[role]:
        assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")
    elif owner == "foreign" and "{id}" in path:
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    else:
        assert answer.status_code == status
    if owner == "foreign":
        assert job["id"] not in answer.text


async def test_keys_that_do_not_open(world: RunningGateway) -> None:
    good = await world.key()
    now = world.clock.now()
    expired, revoked, strange = (make_key(900 + nth, 10**70 + nth) for nth in range(3))
    await world.store.add_key(row_of(expired, PEPPER, "acme", "viewer", now - timedelta(days=91)))
    await world.store.add_key(row_of(revoked, PEPPER, "acme", "viewer", now))
    await world.store.revoke_key(revoked[8:16], now)
    row = row_of(strange, PEPPER, "acme", "viewer", now)
    await world.store.add_key(ApiKeyRow(row.key_id, "acme", "emperor", row.secret_hash, now))
    wrong_secret = make_key(1, 10**61)
    other_pepper = make_key(950, 10**65)
    await world.store.add_key(row_of(other_pepper, b"other", "acme", "admin", now))
    mistyped = good[:-1] + ("0" if good[-1] != "0" else "1")
    headers: dict[str, tuple[int, str]] = {
        "": (401, "key_missing"),
        "Basic abc": (401, "key_missing"),
        "Bearer ": (401, "key_missing"),
        "Bearer nonsense": (401, "key_malformed"),
        f"Bearer {mistyped}": (401, "key_malformed"),
        f"Bearer {wrong_secret}": (401, "key_unknown"),
        f"Bearer {make_key(999, 10**66)}": (401, "key_unknown"),
        f"Bearer {other_pepper}": (401, "key_unknown"),
        f"Bearer {expired}": (401, "key_expired"),
        f"Bearer {revoked}": (401, "key_revoked"),
        f"Bearer {strange}": (403, "role_forbids"),
        f"bearer {good}": (200, ""),
    }
    for header, expected in headers.items():
        answer = await world.http.get("/v1/jobs", headers={"Authorization": header} if header else {})
        assert (answer.status_code, answer.json().get("code", "")) == expected, header
        assert ("www-authenticate" in answer.headers) == (expected[0] == 401)
        assert good not in answer.text


async def test_a_revocation_takes_hold_within_seconds(world: RunningGateway) -> None:
    headers = await world.headers()
    assert (await world.http.get("/v1/jobs", headers=headers)).status_code == 200
    await world.store.revoke_key((await world.key())[8:16], world.clock.now())
    world.clock.moved_s = 6.0
    assert (await world.http.get("/v1/jobs", headers=headers)).json()["code"] == "key_revoked"


async def _key(world: RunningGateway, number: int, role: Role, **narrowed: Any) -> dict[str, str]:
    text = make_key(1000 + number, 10**50 + number)
    await world.store.add_tenant("acme", world.clock.now())
    await world.store.add_key(row_of(text, PEPPER, "acme", role, world.clock.now(), **narrowed))
    return {"Authorization": f"Bearer {text}"}


async def test_a_key_does_no_more_than_its_scopes_whatever_its_role(world: RunningGateway) -> None:
    narrow = await _key(world, 1, "admin", scopes=("job:read", "kind:read"))
    wide = await _key(world, 2, "viewer", scopes=("job:read", "job:submit"))
    submit = {"Idempotency-Key": "k"}

    found = [
        await world.http.get("/v1/jobs", headers=narrow),
        await world.http.post("/v1/jobs", json=a_body(), headers={**narrow, **submit}),
        await world.http.get("/v1/backends", headers=narrow),
        await world.http.get("/v1/jobs", headers=wide),
        await world.http.post("/v1/jobs", json=a_body(), headers={**wide, **submit}),
    ]

    assert [answer.status_code for answer in found] == [200, 403, 403, 200, 403]
    assert [answer.json().get("code") for answer in found] == [
        None,
        "scope_forbids",
        "scope_forbids",
        None,
        "role_forbids",
    ]


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2a00::1", True),
        ("11.0.0.1", False),
        ("2a01::1", False),
        ("", False),
    ],
)
async def test_a_key_opens_from_its_networks_alone(world: RunningGateway, address: str, opens: bool) -> None:
    headers = await _key(world, 1, "viewer", networks=("10.0.0.0/8", "2a00::/16"))
    transport = httpx2.ASGITransport(app=world.app, client=(address, 1))

    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.get("/v1/jobs", headers=headers)

    assert (answer.status_code, answer.json().get("code")) == ((200, None) if opens else (403, "address_forbids"))


async def test_who_is_not_let_in_and_what_is_denied_is_logged_without_what_was_offered(
    world: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Given keys that do not open and one that may less, then each leaves a line; beyond the rate for such no more."""
    world.parts.limiter.rates["auth"] = Rate(per_s=1e-6, burst=3)
    wrong, viewer = make_key(7, 7), await world.key("acme", "viewer")

    async def statuses(key: str) -> list[int]:
        calls = [
            await world.http.post("/v1/jobs", json=a_body(), headers={"Authorization": f"Bearer {key}"})
            for _ in range(5)
        ]
        return [each.status_code for each in calls]

    with caplog.at_level("WARNING", "queuebit_gateway.http.parts"):
        found = await statuses(wrong), await statuses(viewer)

    assert found == ([401] * 3 + [429] * 2, [403] * 5)
    lines = [(each.getMessage(), each.__dict__.get("tenant"), each.__dict__["action"]) for each in caplog.records]
    assert lines == [
        *[("Not let in: key_unknown", None, "job:submit")] * 3,
        *[("Denied: role_forbids", "acme", "job:submit")] * 3,
    ]
    assert not any(key in str(each.__dict__) for each in caplog.records for key in (wrong, viewer))
