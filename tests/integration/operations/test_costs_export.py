"""`queuebit costs export` on a real PostgreSQL: what was paid in a time, of some tenants, as FOCUS."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from datetime import timedelta

from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Cost, Ran
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, Head
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.builders import JOB_ID, NOW, a_submit, a_success
from tests.integration.operations.conftest import QUEUEBIT, Said

ABOUT = {"kind": "maxcut", "tier": "interactive", "lane": "quantum", "fingerprint": "f"}


async def _said(settings: PostgresSettings, *arguments: str) -> Said:
    process = await asyncio.create_subprocess_exec(
        QUEUEBIT,
        "costs",
        "export",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace},
    )
    out, err = await process.communicate()
    return Said(process.returncode or 0, out.decode(), err.decode())


async def _paid(settings: PostgresSettings) -> None:
    """A job of each of two tenants, an hour apart: one paid, one free answer each."""
    async with await PostgresStore.open(settings) as store:
        for nth, tenant in enumerate(("acme", "globex")):
            job_id, at = derive_id(JOB_ID, tenant), NOW + timedelta(hours=nth)
            paid = a_success(
                "primary-quantum",
                ran=Ran(lane="quantum", method="qaoa", backend="qpu"),
                cost=Cost(amount=f"{nth + 1}.50", currency="USD"),
            )
            events = new_events(job_id, 0, [a_submit("quantum").event, paid, a_success()], at)
            assert await store.append([Append(job_id, tenant, 0, events, Head("queued", None, ABOUT))]) == [True]


def _rows(text: str) -> list[tuple[str, str]]:
    return [(row["SubAccountId"], row["BilledCost"]) for row in csv.DictReader(io.StringIO(text))]


async def test_what_was_paid_is_written_by_tenant_and_time(settings: PostgresSettings) -> None:
    nothing = await _said(settings, "--focus")
    await _paid(settings)

    every = await _said(settings, "--focus")
    some = await _said(settings, "--focus", "--tenant", "globex")
    early = await _said(settings, "--focus", "--until", f"{NOW + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    unnamed = await _said(settings)

    assert (nothing.code, unnamed.code) == (3, 2)
    assert (every.code, _rows(every.out)) == (0, [("acme", "1.50"), ("globex", "2.50")])
    assert _rows(some.out) == [("globex", "2.50")]
    assert _rows(early.out) == [("acme", "1.50")]
