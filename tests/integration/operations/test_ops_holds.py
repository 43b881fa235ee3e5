"""`queuebit ops quarantine`, `pause` and `resume` on a real PostgreSQL, with Kafka out of reach."""

from __future__ import annotations

from datetime import UTC, datetime

from queuebit_domain.holds.register import REGISTER_ID
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.postgres import PostgresStore
from tests.fakes.histories import a_job_id, tell_jobs
from tests.integration.operations.conftest import Ops

WHY = ("--reason", "it looks bad", "--actor", "alice")
NO_KAFKA = "127.0.0.1:1"


async def test_what_is_held_is_kept_listed_and_let_go(ops: Ops, postgres_store: PostgresStore) -> None:
    first = await ops("quarantine", "add", "--tenant", "acme", *WHY, "--json", QUEUEBIT_KAFKA=NO_KAFKA)
    again = await ops("quarantine", "add", "--tenant", "acme", *WHY, QUEUEBIT_KAFKA=NO_KAFKA)
    await ops("pause", *WHY, QUEUEBIT_KAFKA=NO_KAFKA)
    listed = await ops("quarantine", "list", "--json", QUEUEBIT_KAFKA=NO_KAFKA)

    assert (first.code, first.document) == (
        0,
        {"hold": 1, "new": True, "scope": "tenant", "value": "acme", "why": "quarantine"},
    )
    assert "Hold 1 by alice holds tenant acme back already: it looks bad" in again.out
    assert [(each["hold"], each["scope"], each["actor"]) for each in listed.document["holds"]] == [
        (1, "tenant", "alice"),
        (2, "all", "alice"),
    ]
    stored = await postgres_store.events_of(REGISTER_ID)
    assert [event.type for event in stored] == ["HoldPlaced", "HoldPlaced"]

    eased = await ops("resume", "--rate", "5", *WHY, QUEUEBIT_KAFKA=NO_KAFKA)
    released = await ops("quarantine", "release", "1", *WHY, QUEUEBIT_KAFKA=NO_KAFKA)
    left = await ops("quarantine", "list", "--json", QUEUEBIT_KAFKA=NO_KAFKA)

    assert (eased.code, "Hold 2 lets at most 5 jobs a second through." in eased.out) == (0, True)
    assert (released.code, "Hold 1 is lifted." in released.out) == (0, True)
    assert [(each["hold"], each["rate_per_s"]) for each in left.document["holds"]] == [(2, 5.0)]


async def test_it_says_what_is_wrong_with_what_it_is_told(ops: Ops, postgres_store: PostgresStore) -> None:
    (job_id,) = await tell_jobs(postgres_store, [1])

    nothing = await ops("quarantine", "add", *WHY)
    lane = await ops("quarantine", "add", "--lane", "fast", *WHY)
    unknown = await ops("quarantine", "add", "--job", str(a_job_id(9)), *WHY)
    known = await ops("quarantine", "add", "--job", str(job_id), *WHY)
    status = ReportedBackend("here", datetime.now(UTC), {})
    await postgres_store.keep_reports([status])
    backends = [await ops("quarantine", "add", "--backend", name, *WHY) for name in ("here", "heer")]
    running = await ops("resume", *WHY)
    silent = await ops("pause")

    assert (nothing.code, "Name a --job, --tenant" in nothing.err) == (2, True)
    assert (lane.code, "There are: quantum, simulator, classical, rule." in lane.err) == (2, True)
    assert (unknown.code, f"There is no job {a_job_id(9)}." in unknown.err) == (3, True)
    assert known.code == 0
    assert [(each.code, "No backend" in each.err) for each in backends] == [(0, False), (0, True)]
    assert "No backend heer has reported here. These have: here." in backends[1].err
    assert (running.code, "Everything is not paused." in running.err) == (3, True)
    assert (silent.code, "--reason" in silent.err) == (2, True)
