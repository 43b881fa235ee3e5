"""`queuebit submissions` on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_store.attempts.port import NewAttempt
from queuebit_store.evidence.port import Seen
from queuebit_store.gates.port import NO_LIMIT, USUAL
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.submissions.port import NewSubmission, SubmissionState
from tests.integration.operations.conftest import QUEUEBIT, Said

KEY, MISSING = UUID(int=7), UUID(int=8)
Submissions = Callable[..., Awaitable[Said]]


@pytest.fixture
def submissions(settings: PostgresSettings) -> Submissions:
    async def say(*arguments: str) -> Said:
        process = await asyncio.create_subprocess_exec(
            QUEUEBIT,
            "submissions",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace},
        )
        out, err = await process.communicate()
        return Said(process.returncode or 0, out.decode(), err.decode())

    return say


async def unknown_for_a_week(store: PostgresStore) -> None:
    """A submission whose answer was lost, due in seven days."""
    await store.intend(NewSubmission(KEY, UUID(int=1), 0, "ibm_brisbane", b"{}", "0" * 64))
    row = await store.claim(KEY, "somebody", 60.0)
    assert row is not None
    due_at = await store.submissions_now() + timedelta(days=7)
    lost = replace(row, state=SubmissionState.UNKNOWN, due_at=due_at, detail="ConnectionError: reset")
    assert await store.save_submission(lost, "Nobody knows its fate: ConnectionError: reset", release=True)


async def test_what_is_unknown_is_listed_shown_and_looked_up_at_once(
    submissions: Submissions, postgres_store: PostgresStore
) -> None:
    await unknown_for_a_week(postgres_store)
    seen = [Seen("POST /jobs request", "a" * 64, 2_000), Seen("POST /jobs answer", None, 0, kept=False)]
    await postgres_store.note_evidence(KEY, 1, seen)

    listed = await submissions("list", "--state", "unknown", "--json")
    shown = await submissions("show", str(KEY))
    assert await postgres_store.claim_due(["ibm_brisbane"], "adapter", 60.0) is None
    hurried = await submissions("reconcile")

    assert [(each["key"], each["backend"]) for each in listed.document["submissions"]] == [(str(KEY), "ibm_brisbane")]
    assert (await submissions("list", "--state", "failed")).out == ""
    assert "somebody" in shown.out
    assert f"{'a' * 64}       2000  POST /jobs request" in shown.out
    assert "no answer (not kept)" in shown.out
    assert "Nobody knows its fate: ConnectionError: reset" in shown.out
    assert (hurried.code, hurried.out) == (0, "1 will be looked up now.\n")
    assert await postgres_store.claim_due(["ibm_brisbane"], "adapter", 60.0) is not None


async def test_it_says_what_there_is_not(submissions: Submissions, postgres_store: PostgresStore) -> None:
    await unknown_for_a_week(postgres_store)
    row = await postgres_store.claim(KEY, "adapter", 60.0)
    assert row is not None
    ended = replace(row, state=SubmissionState.FAILED, due_at=None, detail="refused")
    assert await postgres_store.save_submission(ended, "refused", release=True)

    found = [await submissions(verb, str(MISSING)) for verb in ("show", "reconcile")]
    over = await submissions("reconcile", str(KEY))
    wrong = await submissions("list", "--state", "lost")

    assert [said.code for said in found] == [3, 3]
    assert f"There is no submission {MISSING}." in found[0].err
    assert (over.code, f"The submission {KEY} has ended." in over.err) == (6, True)
    assert wrong.code == 2


async def test_who_waits_who_is_silent_and_who_holds_places_is_listed_and_shown(
    submissions: Submissions, postgres_store: PostgresStore
) -> None:
    lineage, attempt_id = UUID(int=3), UUID(int=1)
    await postgres_store.keep_attempt(NewAttempt(attempt_id, lineage, 1, "ibm_brisbane", b"order"))
    await unknown_for_a_week(postgres_store)
    for _ in range(4):
        await postgres_store.note_silence("ibm_brisbane", USUAL)
    assert await postgres_store.take_place("acme", KEY, NO_LIMIT)

    listed, told = await submissions("list", "--json"), await submissions("list")
    shown, document = await submissions("show", str(KEY)), (await submissions("show", str(KEY), "--json")).document

    (attempt,), (backend,), (account,) = (listed.document[name] for name in ("attempts", "backends", "accounts"))
    assert (attempt["attempt_id"], attempt["awaits"], attempt["signs"]) == (str(attempt_id), None, 0)
    assert (backend["backend"], backend["failures"], backend["open_until"] is not None) == ("ibm_brisbane", 4, True)
    assert account == {"account": "acme", "holders": [str(KEY)], "closed_until": None}
    for words in ("waits for nothing, 0 signs of life", "4 without an answer, not asked before", "1 places held"):
        assert words in told.out
    assert "its backend    4 without an answer" in shown.out
    assert (document["attempt"]["attempt_id"], document["gate"]["failures"]) == (str(attempt_id), 4)
