"""`queuebit ops replay inspect` on a real PostgreSQL."""

from __future__ import annotations

import asyncpg

from queuebit_store.postgres import PostgresStore
from tests.fakes.histories import a_job_id, tell_jobs
from tests.integration.operations.conftest import Ops


async def test_it_tells_a_job_and_ends_where_it_is_asked_to(ops: Ops, postgres_store: PostgresStore) -> None:
    (job_id,) = await tell_jobs(postgres_store, [1])

    whole, early = (
        await ops.process("replay", "inspect", str(job_id), "--json"),
        await ops("replay", "inspect", str(job_id), "--version", "3"),
    )

    assert (whole.code, whole.err) == (0, "")
    assert [step["state"]["state"] for step in whole.document["steps"]][-1] == "completed"
    assert [step["version"] for step in whole.document["steps"]] == [1, 2, 3, 4, 5, 6, 7]
    assert early.code == 0
    assert "JobQueued" in early.out
    assert "JobStarted" not in early.out


async def test_it_finds_a_missing_event(ops: Ops, postgres_store: PostgresStore, admin: asyncpg.Connection) -> None:
    (job_id,) = await tell_jobs(postgres_store, [1])
    await admin.execute("DELETE FROM event WHERE version = 3")

    said = await ops("replay", "inspect", str(job_id))

    assert said.code == 1
    assert "PROBLEM The version is 4 where 3 is due: events are missing." in said.out


async def test_it_says_what_it_does_not_find_and_what_it_does_not_reach(ops: Ops) -> None:
    missing = await ops("replay", "inspect", str(a_job_id(9)))
    cut = await ops("replay", "inspect", str(a_job_id(9)), QUEUEBIT_POSTGRES="postgresql://nobody@127.0.0.1:1/nothing")

    assert missing.code == 3
    assert f"There is no event of the job {a_job_id(9)}." in missing.err
    assert cut.code == 8
    assert "Remedy: " in cut.err
