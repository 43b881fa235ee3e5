"""The keys command."""

from __future__ import annotations

import argparse
from datetime import timedelta

from queuebit_gateway.auth import hash_secret, parse_key
from queuebit_gateway.keys import create, main, revoke
from queuebit_store.memory import MemoryStore
from tests.builders import NOW

PEPPER = b"pepper for tests"


async def test_creates_and_revokes() -> None:
    store = MemoryStore()
    arguments = argparse.Namespace(tenant="acme", role="viewer", days=90)

    key = await create(store, arguments, pepper=PEPPER, now=NOW, id_bits=1, secret_bits=2)

    parsed = parse_key(key)
    assert parsed is not None
    row = await store.find_key(parsed.key_id)
    assert row is not None
    assert (row.tenant, row.role, row.expires_at) == ("acme", "viewer", NOW + timedelta(days=90))
    assert row.secret_hash == hash_secret(PEPPER, parsed.secret)
    assert "acme" in await store.tenants()
    assert await revoke(store, key, NOW)
    assert not await revoke(store, parsed.key_id, NOW)


def test_refuses_to_work_without_a_pepper() -> None:
    assert main(["create", "--tenant", "acme", "--role", "viewer"], {}) == 2
