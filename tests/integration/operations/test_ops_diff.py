"""`queuebit ops replay diff` on a real PostgreSQL: over any selection, and only what differs."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from queuebit_store.postgres import PostgresStore
from tests.builders import NOW
from tests.fakes.histories import cancelled, tell_jobs
from tests.integration.operations.conftest import Ops


async def test_it_shows_what_differs_and_counts_the_rest(
    ops: Ops, postgres_store: PostgresStore, admin: asyncpg.Connection
) -> None:
    bent, _ = await tell_jobs(postgres_store, range(2))
    await tell_jobs(postgres_store, [5], began_at=NOW + timedelta(days=1), then=cancelled(bent))
    before = await ops("replay", "diff", "--json")
    await admin.execute("UPDATE stream SET state = 'running', wake_at = created_at WHERE stream_id = $1", bent)

    said, words = await ops("replay", "diff", "--json"), await ops("replay", "diff", "--limit", "1")

    assert (before.code, before.document["jobs"], before.document["differences"]) == (0, 3, [])
    assert said.code == words.code == 1
    assert said.document == {
        "jobs": 3,
        "differing": 1,
        "by_name": {"state": 1, "wake_at": 1},
        "differences": [
            {"job_id": str(bent), "name": "state", "stored": "running", "folded": "completed"},
            {"job_id": str(bent), "name": "wake_at", "stored": "2026-01-02T03:04:05Z", "folded": None},
        ],
    }
    assert words.out.splitlines()[1:] == ["… and 1 more; --limit shows them.", "1 of 3 jobs differ."]


async def test_a_selection_looks_at_nothing_else(
    ops: Ops, postgres_store: PostgresStore, admin: asyncpg.Connection
) -> None:
    bent, whole = await tell_jobs(postgres_store, range(2))
    await tell_jobs(postgres_store, [5], began_at=NOW + timedelta(days=1), then=cancelled(bent))
    await admin.execute("UPDATE stream SET state = 'running' WHERE stream_id = $1", bent)

    by_job = await ops("replay", "diff", "--job", str(whole), "--json")
    by_type = await ops("replay", "diff", "--type", "JobCancelled", "--json")
    by_time = await ops("replay", "diff", "--since", "2026-01-03T00:00:00Z", "--json")
    by_tenant = await ops("replay", "diff", "--tenant", "globex", "--json")

    assert [(each.code, each.document["jobs"]) for each in (by_job, by_type, by_time)] == [(0, 1)] * 3
    assert by_tenant.code == 3
    assert "No job is selected by tenant globex." in by_tenant.err
