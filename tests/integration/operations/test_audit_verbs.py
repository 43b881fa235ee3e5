"""`queuebit audit` on a real PostgreSQL: what is done to the tables behind everybody's back is found. And what is forgotten."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from queuebit_contracts.ids import derive_id
from queuebit_store.audit.port import Deed
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import T0, an_append, an_id
from tests.integration.operations.conftest import QUEUEBIT, Ops, Said

Audit = Callable[..., Awaitable[Said]]
EVENTS = 40


@pytest.fixture
def audit(settings: PostgresSettings) -> Audit:
    async def say(*arguments: str) -> Said:
        process = await asyncio.create_subprocess_exec(
            QUEUEBIT, "audit", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace},
        )  # fmt: skip
        out, err = await process.communicate()
        return Said(process.returncode or 0, out.decode(), err.decode())

    return say


async def _filled(settings: PostgresSettings, first: int, count: int) -> None:
    async with await PostgresStore.open(settings) as store:
        await store.add_tenant("acme", T0)
        for nth in range(first, first + count):
            assert await store.append([an_append(nth)]) == [True]


PLANTED = {
    "changed": "UPDATE event SET data = '{\"n\": 1}' WHERE stream_id = $1",
    "of another tenant": "UPDATE event SET tenant = 'globex' WHERE stream_id = $1",
    "removed": "DELETE FROM event WHERE stream_id = $1",
    "inserted": (
        "INSERT INTO event (epoch, xid, stream_id, version, schema_version, event_id, time, category, tenant, type, data) "
        "SELECT epoch, xid, stream_id, 2, 1, gen_random_uuid(), time, category, tenant, type, data FROM event "
        "WHERE stream_id = $1"
    ),
    "reordered": "UPDATE event SET seq = -seq WHERE stream_id = $1",
    "truncated": "DELETE FROM event WHERE seq >= (SELECT seq FROM event WHERE stream_id = $1)",
}


async def test_each_alteration_is_found_and_what_only_grew_is_what_it_was(
    audit: Audit, settings: PostgresSettings, tmp_path: Path
) -> None:
    record, key = str(tmp_path / "record.jsonl"), str(tmp_path / "key")
    await _filled(settings, 1, EVENTS)
    public = (await audit("key", key)).out.strip()
    made = await audit("checkpoint", "--record", record, "--key", key)
    again = await audit("checkpoint", "--record", record, "--key", key)
    await _filled(settings, 1000, 3)
    clean = await audit("verify", "--record", record, "--public", public)

    assert (made.code, made.out.split(":")[0]) == (0, f"{EVENTS} events")
    assert "Nothing has happened" in again.err
    assert (clean.code, "3 came after them" in clean.out) == (0, True)
    admin = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    try:
        for name, statement in PLANTED.items():
            transaction = "CREATE TABLE kept AS SELECT * FROM event"
            await admin.execute(transaction)
            await admin.execute(statement, an_id(7))
            found = await audit("verify", "--record", record, "--public", public)
            assert found.code == 1, (name, found)
            assert "events 0 to 39" in found.out, name
            await admin.execute("DELETE FROM event")
            await admin.execute("INSERT INTO event OVERRIDING SYSTEM VALUE SELECT * FROM kept")
            await admin.execute("DROP TABLE kept")
    finally:
        await admin.close()
    assert (await audit("verify", "--record", record, "--public", public)).code == 0


async def test_a_proof_of_a_job_is_checked_without_a_database(
    audit: Audit, settings: PostgresSettings, tmp_path: Path
) -> None:
    record, key, proof = (str(tmp_path / name) for name in ("record.jsonl", "key", "proof.json"))
    await _filled(settings, 1, 5)
    public = (await audit("key", key)).out.strip()
    await audit("checkpoint", "--record", record, "--key", key)
    exported = await audit("export", str(an_id(3)), "--record", record, "--to", proof)
    holds = await audit("check", proof, "--public", public)
    Path(proof).write_text(Path(proof).read_text().replace('"index": 2', '"index": 3'))
    falls = await audit("check", proof, "--public", public)
    strange = await audit("export", str(an_id(99)), "--record", record, "--to", proof)

    assert (exported.code, holds.code, falls.code, strange.code) == (0, 0, 1, 3)


async def test_deeds_of_long_ago_are_forgotten_by_operators_and_no_others(
    ops: Ops, postgres_store: PostgresStore
) -> None:
    """Given deeds of two tenants, then those before a time are counted first, the oldest go first where there is a limit, and
    those of after it stay, as do all of a tenant that is not named.
    """
    for tenant, nth in itertools.product(("acme", "globex"), range(6)):
        at = T0 + timedelta(days=nth)
        await postgres_store.note_deed(Deed(derive_id(an_id(nth), tenant), tenant, at, "ada", "key.revoke", "k"))
    forget = ("trail", "forget", "--before", (T0 + timedelta(days=4)).isoformat(), "--json")
    why = ("--apply", "--reason", "kept for a year", "--actor", "bob")

    async def days(tenant: str) -> list[int]:
        return sorted((each.at - T0).days for each in await postgres_store.deeds(tenant, limit=99))

    shown = await ops(*forget)
    unreasoned = await ops(*forget, "--apply")
    to_come = await ops("trail", "forget", "--before", "2999-01-01", *why)
    assert (shown.code, shown.document["applied"], await days("acme")) == (0, False, [0, 1, 2, 3, 4, 5])
    assert "8 deeds of 2 tenants" in shown.document["would"]
    assert (unreasoned.code, to_come.code) == (2, 2)
    assert "has not come yet" in to_come.err

    first = await ops(*forget, "--tenant", "acme", "--limit", "3", *why)
    assert (first.document["found"], first.document["forgotten"]) == (4, 3)
    assert (await days("acme"), await days("globex")) == ([3, 4, 5], [0, 1, 2, 3, 4, 5])
    rest = await ops(*forget, *why)
    again = await ops(*forget, *why)
    assert (rest.document["forgotten"], again.document["forgotten"]) == (5, 0)
    assert (await days("acme"), await days("globex")) == ([4, 5], [4, 5])
    listed = (await ops("operations", "list", "--json")).document["operations"]
    assert [each["verb"] for each in listed] == ["trail forget"] * 3
