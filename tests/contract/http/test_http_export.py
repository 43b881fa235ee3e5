"""`queuebit export`: what a job asked, as a request, a program and a step of a pipeline, each of which asks it anew."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from queuebit_client.models import Job
from queuebit_client.results.export import NoQuestion, exported, question_of
from tests.contract.http.running_gateway import a_body
from tests.contract.http.served import Served

HOSTILE = "'''\"\"\"\nQUESTION\n$(exit 9)`exit 9`{}%\\"


async def _asked(served: Served) -> str:
    body = a_body(labels={"team": HOSTILE}, seed=7)
    answer = await served.world.submit(body=body, Prefer="wait=5")
    assert answer.json()["state"] == "completed"
    return str(answer.json()["id"])


async def _runs(served: Served, *words: str) -> tuple[int, str]:
    """With nothing in the environment but the server and its key."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(served.home), "QUEUEBIT_URL": served.url, "QUEUEBIT_API_KEY": served.key}
    process = await asyncio.create_subprocess_exec(
        *words, cwd=served.home, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_the_request_is_what_was_asked_and_can_be_submitted(served: Served) -> None:
    job_id = await _asked(served)

    code, out, _ = await served.cli("export", job_id)

    assert code == 0
    assert json.loads(out) == {
        **a_body(labels={"team": HOSTILE}, seed=7),
        "problem": {**a_body()["problem"], "version": 1, "statement": json.loads(out)["problem"]["statement"]},
        "tier": "interactive",
    }
    again, said, _ = await served.cli("submit", "-", "--wait", "--json", stdin=out)
    assert (again, json.loads(said)["verdict"]) == (0, "accepted")
    assert len({str(each.data.fingerprint) for each in served.world.plane.submissions}) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(("way", "program"), [("python", sys.executable), ("ci", "sh")])
async def test_what_is_exported_runs_as_it_is_and_holds_no_key(served: Served, way: str, program: str) -> None:
    job_id = await _asked(served)
    assert (await served.cli("export", job_id, "--as", way, "--out", "again"))[0] == 0
    text = (served.home / "again").read_text()

    code, out = await _runs(served, program, "again")

    assert (code, served.key in text) == (0, False), out
    first, second = served.world.plane.submissions
    assert first.data.fingerprint == second.data.fingerprint  # type: ignore[union-attr]


async def test_a_pipeline_fails_where_the_answer_is_worse_than_it_was(served: Served) -> None:
    job_id = await _asked(served)
    await served.cli("export", job_id, "--as", "ci", "--out", "again")
    file = served.home / "again"
    assert "assert objective >= 1" in file.read_text()
    file.write_text(file.read_text().replace("assert objective >= 1", "assert objective >= 2"))

    code, out = await _runs(served, "sh", "again")

    assert code != 0
    assert "objective 1, and it was" in out


def test_where_the_question_is_not_told_nothing_is_exported() -> None:
    for data in ({}, {"request": {"problem": {"kind": "maxcut"}}}):
        with pytest.raises(NoQuestion):
            question_of(data)


def test_without_an_accepted_answer_there_is_no_bar() -> None:
    at = "2026-01-01T00:00:00Z"
    job = Job.model_validate(
        {"id": "01890000-0000-7000-8000-000000000001", "tenant": "a", "state": "failed", "kind": "maxcut", "tier": "batch",
         "lane": "auto", "created_at": at, "updated_at": at, "version": 3}
    )  # fmt: skip

    assert "CHECK" not in exported(job, a_body(), "ci")
