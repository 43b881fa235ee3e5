"""What the ledger of submissions costs the server: every statement walks an index, however many submissions wait."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from queuebit_store.connections.queries import queries
from queuebit_store.connections.settings import QUERY, connect_arguments
from queuebit_store.postgres import PostgresSettings

_FILL = """
INSERT INTO submission (lineage, key, attempt_id, round, backend, request_hash, request, state, provider_id, due_at)
SELECT md5('l' || n)::uuid, md5('k' || n)::uuid, md5('a' || n)::uuid, 0,
    'ibm', 'h', 'r', 'following', 'job-' || n, now() + interval '7 days'
FROM generate_series(1, 10000) AS n;
INSERT INTO submission_note (key, epoch, state, text)
SELECT md5('k' || n)::uuid, 1, 'following', 'It is queued.' FROM generate_series(1, 10000) AS n;
INSERT INTO attempt (attempt_id, lineage, number, backend, work_order, due_at)
SELECT md5('a' || n)::uuid, md5('l' || n)::uuid, 1, 'ibm', 'o', now() + interval '1 hour' FROM generate_series(1, 10000) AS n;
INSERT INTO attempt (attempt_id, lineage, number, backend)
SELECT md5('e' || n)::uuid, md5('f' || n)::uuid, 1, 'ibm' FROM generate_series(1, 10000) AS n;
"""
KEY = UUID(int=1)
_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "claim_submission": (KEY, "one", timedelta(seconds=60)),
    "claim_due_submission": (["ibm"], "one", timedelta(seconds=60)),
    "submission": (KEY,),
    "list_submissions": (["unknown"], datetime(2026, 1, 1, tzinfo=UTC), 50),
    "submission_notes": (KEY,),
    "submissions_of": (KEY,),
    "forget_submissions": (datetime(2020, 1, 1, tzinfo=UTC), 100),
    "hurry_submission": (KEY,),
    "want_cancelled": (KEY,),
    "gate": ("ibm",),
    "pass_gate": ("ibm", timedelta(seconds=60)),
    "note_answer": ("ibm",),
    "keep_attempt": (KEY, KEY, 2, "ibm", b"order", b"as"),
    "claim_attempt": (["ibm"], "one", timedelta(seconds=60)),
    "claim_kept": (KEY, "one", timedelta(seconds=60)),
    "renew_attempt": (KEY, 1, timedelta(seconds=60)),
    "save_attempt": (KEY, 1, None, None, 1, False, 0, datetime(2026, 1, 1, tzinfo=UTC), True),
    "end_attempt": (KEY, 1, False),
    "count_uses": (KEY, 1, [KEY]),
    "note_late": (KEY, False, 1.0, 1),
    "attempt": (KEY,),
    "stop_attempts": ([KEY],),
    "list_attempts": (50,),
    "forget_attempts": (datetime(2020, 1, 1, tzinfo=UTC), 100),
    "cancel_orphans": (datetime(2020, 1, 1, tzinfo=UTC), 100),
    "save_submission": (
        KEY,
        1,
        "concluded",
        "job",
        None,
        None,
        None,
        None,
        0,
        False,
        None,
        "",
        b"counts",
        True,
        "one",
        "It is here.",
        None,
        None,
        None,
        None,
        "",
    ),
}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


@pytest.mark.parametrize("analysed", [False, True])
async def test_every_statement_walks_an_index(
    settings: PostgresSettings, admin: asyncpg.Connection, analysed: bool
) -> None:
    await admin.execute(_FILL)
    if analysed:
        await admin.execute("ANALYZE submission, submission_note, attempt")
    connection = await asyncpg.connect(**connect_arguments(settings, role=QUERY))
    try:
        found = {
            name: json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {queries()[name]}", *values))[0]["Plan"]
            for name, values in _ARGUMENTS.items()
        }
    finally:
        await connection.close()

    bad = {
        name: [
            node["Node Type"]
            for node in _nodes(plan)
            if node["Node Type"] == "Seq Scan" or (node["Node Type"].startswith("Index") and "Index Cond" not in node)
        ]
        for name, plan in found.items()
    }
    assert {name: nodes for name, nodes in bad.items() if nodes} == {}
    assert "submission_due" in {node.get("Index Name") for node in _nodes(found["claim_due_submission"])}
