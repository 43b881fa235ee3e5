"""The keys command."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

import pytest

from queuebit_gateway.access.keys import create, main, revoke, rotate, table
from queuebit_store.directory.keys import hash_secret, parse_key
from queuebit_store.memory import MemoryStore
from tests.builders import NOW

PEPPER = b"pepper for tests"
UNBOUND: dict[str, Any] = {"name": "", "project": None, "environment": None}


async def test_creates_and_revokes() -> None:
    store = MemoryStore()
    arguments = argparse.Namespace(
        tenant="acme", role="viewer", days=90, scope=None, duty=None, network=None, **UNBOUND
    )

    key = await create(store, arguments, pepper=PEPPER, now=NOW, id_bits=1, secret_bits=2)

    parsed = parse_key(key)
    assert parsed is not None
    row = (await store.find_keys([parsed.key_id]))[parsed.key_id]
    assert row is not None
    assert (row.tenant, row.role, row.expires_at) == (
        "acme",
        "viewer",
        NOW + timedelta(days=90),
    )
    assert row.secret_hash == hash_secret(PEPPER, parsed.secret)
    assert await store.known_tenants(["acme"])
    assert await revoke(store, key, NOW)
    assert not await revoke(store, parsed.key_id, NOW)


async def test_lists_what_there_is_and_how_it_stands_but_no_secret() -> None:
    store = MemoryStore()
    for number, (role, days) in enumerate((("viewer", 90), ("operator", 1), ("admin", 0))):
        arguments = argparse.Namespace(
            tenant="acme", role=role, days=days, scope=None, duty=None, network=None, **UNBOUND
        )
        await create(store, arguments, pepper=PEPPER, now=NOW, id_bits=number, secret_bits=7)
    first = (await store.list_keys())[0].key_id
    await revoke(store, first, NOW)

    lines = [line.split("\t") for line in table(await store.list_keys("acme"), NOW + timedelta(days=2)).splitlines()]

    day, last = NOW.date(), (NOW + timedelta(days=90)).date()
    assert [line[1:] for line in lines] == [
        ["tenant", "role", "state", "created", "expires", "scopes", "networks"],
        ["acme", "viewer", "revoked", str(day), str(last), "all", "any"],
        ["acme", "operator", "expired", str(day), str((NOW + timedelta(days=1)).date()), "all", "any"],
        ["acme", "admin", "live", str(day), "never", "all", "any"],
    ]
    assert lines[1][0] == first


def test_refuses_to_work_without_a_pepper() -> None:
    assert main(["create", "--tenant", "acme", "--role", "viewer"], {}) == 2


async def test_a_key_that_is_rotated_is_as_narrow_as_before_and_both_open_for_a_while() -> None:
    store = MemoryStore()
    arguments = argparse.Namespace(
        tenant="acme", role="submitter", days=90, scope=["job:read"], duty=["owners"], network=["10.0.0.0/8"], **UNBOUND
    )
    former = await create(store, arguments, pepper=PEPPER, now=NOW, id_bits=1, secret_bits=2)
    later = NOW + timedelta(days=30)

    fresh = await rotate(store, former, timedelta(hours=1), pepper=PEPPER, now=later, id_bits=3, secret_bits=4)

    old, new = await store.list_keys()
    assert fresh is not None
    assert new.key_id == parse_key(fresh).key_id  # type: ignore[union-attr]
    assert (new.role, new.scopes, new.networks) == ("submitter", ("job:read", "duty:owners"), ("10.0.0.0/8",))
    assert (old.expires_at, new.expires_at) == (later + timedelta(hours=1), later + timedelta(days=90))
    again = await rotate(
        store, former, timedelta(hours=1), pepper=PEPPER, now=later + timedelta(hours=2), id_bits=5, secret_bits=6
    )
    assert again is None


def test_refuses_what_is_no_action_and_no_network() -> None:
    for flags in (["--scope", "job:explode"], ["--network", "10.0.0.1/8"], ["--network", "office"]):
        with pytest.raises(SystemExit):
            main(["create", "--tenant", "acme", "--role", "viewer", *flags], {"QUEUEBIT_PEPPER": "p" * 16})
