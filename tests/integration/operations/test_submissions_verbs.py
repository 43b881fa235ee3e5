"""`queuebit submissions` on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

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

    listed = await submissions("list", "--state", "unknown", "--json")
    shown = await submissions("show", str(KEY))
    assert await postgres_store.claim_due(["ibm_brisbane"], "adapter", 60.0) is None
    hurried = await submissions("reconcile")

    assert [(each["key"], each["backend"]) for each in listed.document["submissions"]] == [(str(KEY), "ibm_brisbane")]
    assert (await submissions("list", "--state", "failed")).out == ""
    assert "somebody" in shown.out
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
