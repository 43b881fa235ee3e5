"""`queuebit keys` and `queuebit webhooks` against a gateway: what is shown once, and what becomes of it."""

from __future__ import annotations

import json

import httpx2

from queuebit_client import api_keys, endpoints
from queuebit_client.asynchronous import AsyncQueuebit
from tests.contract.http.running_gateway import RunningGateway
from tests.contract.http.served import Served


async def _admin(served: Served) -> dict[str, str]:
    return {"QUEUEBIT_API_KEY": await served.world.key("acme", "admin")}


async def test_a_key_is_made_listed_rotated_and_revoked(served: Served) -> None:
    admin = await _admin(served)
    flags = ("--name", "plans", "--role", "viewer", "--network", "127.0.0.0/8", "--environment", "dev")
    code, key, said = await served.cli("keys", "create", *flags, **admin)
    made = key.strip()
    assert (code, made.startswith("qb_live_"), "shown only now" in said) == (0, True, True)
    assert (await served.cli("list", QUEUEBIT_API_KEY=made))[0] == 0

    code, fresh, said = await served.cli("keys", "rotate", made[8:16], "--overlap-hours", "0", **admin)
    assert (code, fresh.strip() != made, f"{made[8:16]} ends in 0 h" in said) == (0, True, True)
    code, _, _ = await served.cli("keys", "revoke", fresh.strip()[8:16], **admin)
    assert code == 0
    assert (await served.cli("list", QUEUEBIT_API_KEY=fresh.strip()))[0] == 4

    code, lines, _ = await served.cli("keys", "list", "--all", "--json", **admin)
    states = {line["id"]: line["state"] for line in json.loads(lines)}
    assert (code, states[made[8:16]], states[fresh.strip()[8:16]]) == (0, "expired", "revoked")
    assert made not in lines
    plain = (await served.cli("keys", "list", **admin))[1]
    assert made[8:16] not in plain
    assert "\tadmin\tlive\t" in plain


async def test_what_may_not_be_is_said_with_its_exit_code(served: Served) -> None:
    admin = await _admin(served)
    wide = await served.cli("keys", "create", "--role", "operator", **admin)
    strange = await served.cli("keys", "revoke", "00000000", **admin)
    not_mine = await served.cli("keys", "list")
    pair = await served.cli("webhooks", "add", "http://127.0.0.1:9/", "--label", "team", **admin)
    inside = await served.cli("webhooks", "add", "https://10.0.0.1/", **admin)
    signing = await served.cli("webhooks", "add", "http://127.0.0.1:9/", "--signing", "v9", **admin)

    assert [each[0] for each in (wide, strange, not_mine, pair, inside, signing)] == [4, 3, 4, 2, 2, 2]
    assert "key_exceeds_yours" in wide[2]
    assert "target_refused" in inside[2]


async def test_a_webhook_is_added_shown_tried_rotated_paused_replayed_and_removed(served: Served) -> None:
    admin = await _admin(served)
    flags = ("--event", "JobCompleted", "--label", "team=x", "--signing", "both")
    code, out, _ = await served.cli("webhooks", "add", "http://127.0.0.1:9/", *flags, **admin)
    webhook, shared, public = out.split()
    assert (code, shared[:6], public[:5]) == (0, "whsec_", "whpk_")

    assert (await served.cli("webhooks", "ping", webhook, **admin))[0] == 0
    shown = json.loads((await served.cli("webhooks", "show", webhook, "--json", **admin))[1])
    assert (shown["rule"]["labels"], [each["event"] for each in shown["deliveries"]]) == ({"team": ["x"]}, ["Ping"])
    assert shared not in json.dumps(shown)
    turned = (await served.cli("webhooks", "rotate", webhook, **admin))[1].split()
    assert turned[1] != shared

    assert "paused" in (await served.cli("webhooks", "disable", webhook, **admin))[2]
    assert "paused" in (await served.cli("webhooks", "list", **admin))[1]
    assert "enabled" in (await served.cli("webhooks", "enable", webhook, **admin))[2]
    again = await served.cli("webhooks", "replay", webhook, "--since", "2026-01-01T00:00:00Z", "--delivered", **admin)
    assert again[:2] == (0, "0\n")
    assert (await served.cli("webhooks", "remove", webhook, **admin))[0] == 0
    assert (await served.cli("webhooks", "show", webhook, **admin))[0] == 3


async def test_programs_do_the_same(world: RunningGateway) -> None:
    transport = httpx2.ASGITransport(app=world.app)
    async with AsyncQueuebit("http://test", await world.key("acme", "admin"), transport=transport) as client:
        made = await client.send(api_keys.make("plans", role="viewer", scopes=["job:read"], key="once"))
        turned = await client.send(api_keys.rotate(made.id, overlap_s=60))
        endpoint = await client.send(endpoints.add("http://127.0.0.1:9/", kinds=["maxcut"]))
        await client.send(endpoints.remove(endpoint.id))
        await client.send(api_keys.revoke(turned.id))
        found = (await client.read(api_keys.API_KEYS)).data

    assert made.key.startswith("qb_live_")
    assert made.key not in repr(made)
    assert endpoint.secrets[0].startswith("whsec_")
    assert endpoint.secrets[0] not in repr(endpoint)
    assert {each.id: each.state for each in found}[turned.id] == "revoked"
