"""`queuebit report` against a gateway: named jobs, the newest ones, kinds, and what is not there."""

from __future__ import annotations

import json
from typing import Any

from queuebit_client import AsyncQueuebit
from tests.contract.http.running_gateway import LEG, a_body
from tests.contract.http.served import Served


async def _submit(served: Served, **body: Any) -> str:
    answer = await served.world.submit(None, a_body(**body), Prefer="wait=5")
    assert answer.json()["state"] == "completed"
    return str(answer.json()["id"])


async def test_reports_named_jobs_and_the_newest_that_have_ended(served: Served) -> None:
    ids = [await _submit(served) for _ in range(3)]
    served.world.plane.finish_at_once = False
    await served.world.submit()

    named = await served.cli("report", ids[0], "--json")
    newest = await served.cli("report", "--limit", "2", "--json")
    nothing = await served.cli("report", "--kind", "tsp", "--json")

    (job,) = json.loads(named[1])["jobs"]
    assert (named[0], job["job_id"], job["winner"]["leg"], job["winner"]["credit"]) == (0, ids[0], LEG, "classical")
    assert [each["job_id"] for each in json.loads(newest[1])["jobs"]] == [ids[2], ids[1]]
    (line,) = json.loads(newest[1])["summary"]
    assert (line["kind"], line["lane"], line["jobs"], line["won"]["value"]) == ("maxcut", "classical", 2, 1.0)
    assert (nothing[0], json.loads(nothing[1])) == (0, {"jobs": [], "summary": []})


async def test_saved_documents_give_the_same_report_as_the_server(served: Served) -> None:
    document = (await served.cli("submit", "problem.json", "--wait", "--json"))[1]
    (served.home / "saved.json").write_text(document)

    there = json.loads((await served.cli("report", json.loads(document)["id"], "--json"))[1])
    here = json.loads(
        (await served.cli("report", "--file", "saved.json", "--json", QUEUEBIT_URL="http://127.0.0.1:1"))[1]
    )

    assert here == there


async def test_a_job_that_is_not_there_ends_with_3(served: Served) -> None:
    code, _, err = await served.cli("report", "01a1fe1d-b17a-87eb-9f19-938a44a272f2")
    assert code == 3
    assert "job_not_found" in err


async def test_the_client_reads_the_evidence_of_attempts(served: Served) -> None:
    job_id = await _submit(served)
    async with AsyncQueuebit(served.url, served.key) as client:
        (attempt,) = (await client.get(job_id)).attempts
    assert (attempt.role, attempt.evidence, attempt.gap, attempt.proven_optimal) == ("primary", {}, 0.0, True)
