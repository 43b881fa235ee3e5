"""`queuebit ops export` and `import` on a real PostgreSQL: a history opened in an installation that has never seen it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from queuebit_devstack.stack import Stack
from queuebit_store.connections.migrations import shipped
from queuebit_store.ports import Position
from queuebit_store.postgres import PostgresStore
from tests.fakes.histories import tell_jobs
from tests.integration.operations.conftest import Ops


@pytest.fixture
async def elsewhere(stack: Stack) -> AsyncIterator[str]:
    """A namespace where nothing is yet."""
    name = f"test_{uuid4().hex}"
    yield name
    connection = await asyncpg.connect(stack.postgres)
    try:
        await connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
    finally:
        await connection.close()


async def test_a_history_goes_elsewhere_and_is_the_same_there(
    ops: Ops, postgres_store: PostgresStore, elsewhere: str, tmp_path: Path
) -> None:
    job_ids = await tell_jobs(postgres_store, range(5))
    await ops("quarantine", "add", "--tenant", "globex", "--reason", "what operators do is no job")
    file = str(tmp_path / "history.jsonl.gz")

    exported = await ops("export", "--all", "--out", file, "--json")
    looked = await ops("import", file)
    imported = await ops("import", file, "--into", elsewhere, "--json")
    again = await ops("import", file, "--into", elsewhere, "--json")
    there = await ops("replay", "inspect", str(job_ids[0]), "--json", QUEUEBIT_NAMESPACE=elsewhere)
    here = await ops("replay", "inspect", str(job_ids[0]), "--json")
    verified = await ops("verify", "--store-only", "--json", QUEUEBIT_NAMESPACE=elsewhere)

    assert (exported.code, exported.document["jobs"], exported.document["events"]) == (0, 5, 35)
    assert looked.code == 0
    assert "The file is sound: 5 jobs, 35 events." in looked.out
    assert (imported.code, imported.document["jobs"], imported.document["present"]) == (0, 5, 0)
    assert (again.code, again.document["jobs"], again.document["present"]) == (0, 0, 5)
    without_place = [{**step, "position": None} for step in there.document["steps"]]
    assert without_place == [{**step, "position": None} for step in here.document["steps"]]
    assert (verified.code, verified.document["findings"]) == (0, [])


async def test_it_refuses_what_is_damaged_and_where_services_run(
    ops: Ops, postgres_store: PostgresStore, admin: asyncpg.Connection, settings_namespace: str, tmp_path: Path
) -> None:
    (job_id, _) = await tell_jobs(postgres_store, range(2))
    file = tmp_path / "one.jsonl"
    await ops("export", str(job_id), "--out", str(file))
    content = file.read_bytes()
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_bytes(content.replace(b'"objective":6', b'"objective":9', 1))
    await postgres_store.save_cursor("publisher", Position(1, 1, 1))
    await admin.execute("DELETE FROM schema_migration WHERE name = $1", shipped()[-1].name)

    bent, live = await ops("import", str(damaged)), await ops("import", str(file), "--into", settings_namespace)
    nothing, everything = await ops("export"), await ops("export", "--tenant", "globex")

    assert (bent.code, live.code, nothing.code, everything.code) == (2, 6, 2, 3)
    assert "damaged at line 2: its checksum differs" in bent.err
    assert f"Services run in the namespace {settings_namespace}" in live.err
    assert await admin.fetchval("SELECT count(*) FROM schema_migration") == len(shipped()) - 1
    assert file.stat().st_mode & 0o077 == 0
