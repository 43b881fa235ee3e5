"""The command line on batches, dry runs and the stream of all jobs, against a real gateway."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

from queuebit_client.asynchronous import AsyncQueuebit
from tests.contract.http.running_gateway import a_body
from tests.contract.http.served import Served


def _lines(count: int) -> str:
    return "\n".join(json.dumps({**a_body(), "seed": nth}) for nth in range(count)) + "\n"


async def test_a_batch_is_submitted_line_by_line_and_waited_for(served: Served) -> None:
    code, out, err = await served.cli("batch", "-", "--wait", "--json", "--label", "team=a", stdin=_lines(3))

    assert (code, "3 taken, 0 refused." in err) == (0, True)
    told = [json.loads(line) for line in out.splitlines()]
    assert [(each["line"], each["state"], each["verdict"]) for each in told] == [
        (nth, "completed", "accepted") for nth in (1, 2, 3)
    ]
    submitted = served.world.plane.submissions
    assert {tuple(each.data.request.labels.items()) for each in submitted} == {(("team", "a"),)}  # type: ignore[union-attr]


async def test_a_batch_that_is_partly_refused_says_which_and_why(served: Served) -> None:
    wrong = json.dumps({**a_body(), "budget_s": -1, "idempotency_key": "third"})

    code, out, _ = await served.cli("batch", "-", stdin=_lines(2) + wrong)
    again, _, _ = await served.cli("batch", "-", stdin=wrong)

    told = [json.loads(line) for line in out.splitlines()]
    assert [each["state"] for each in told] == ["submitted", "submitted", "refused"]
    assert (told[2]["idempotency_key"], told[2]["code"]) == ("third", "invalid_request")
    assert told[2]["errors"][0]["pointer"] == "/budget_s"
    assert (code, again) == (7, 1)


async def test_a_dry_run_tells_the_plan_and_submits_nothing(served: Served) -> None:
    code, out, _ = await served.cli("submit", "problem.json", "--dry-run")

    found = json.loads(out)
    assert (code, found["plan"]["name"], found["cost"]["amount"]) == (0, "classical_only", "0")
    assert served.world.plane.submissions == []


async def test_submit_and_wait_is_one_call(served: Served) -> None:
    """Given a job that ends at once, then nobody asks for it a second time."""
    asked: list[str] = []
    find = served.world.parts.jobs.find

    async def counted(tenant: str, job_id: object) -> object:
        asked.append(str(job_id))
        return await find(tenant, job_id)  # type: ignore[arg-type]

    served.world.parts.jobs.find = counted  # type: ignore[assignment,method-assign]
    code, out, _ = await served.cli("submit", "problem.json", "--wait", "--json")

    assert (code, json.loads(out)["state"]) == (0, "completed")
    assert len(asked) <= 2


async def test_watch_without_a_job_follows_all_of_them(served: Served) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from queuebit_client.cli.main import main; main()",
        "watch", "--after", "beginning", "--event", "JobCompleted",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(served.home), "QUEUEBIT_URL": served.url, "QUEUEBIT_API_KEY": served.key},
    )  # fmt: skip
    assert process.stdout is not None
    jobs = [(await served.world.submit(Prefer="wait=5")).json()["id"] for _ in range(2)]

    told = [json.loads(await asyncio.wait_for(process.stdout.readline(), 60)) for _ in jobs]
    process.send_signal(signal.SIGINT)
    code = await asyncio.wait_for(process.wait(), 60)

    assert [each["subject"] for each in told] == jobs
    assert all(each["cursor"] for each in told)
    assert code == 130


async def test_the_client_goes_on_where_a_restart_cut_it(served: Served) -> None:
    seen: list[str] = []
    async with AsyncQueuebit(served.url, served.key) as client:
        following = client.follow(["JobCompleted"], after="beginning")
        for nth in range(3):
            job = (await served.world.submit(Prefer="wait=5")).json()["id"]
            event = await asyncio.wait_for(anext(following), 60)
            assert str(event.job_id) == job
            seen.append(job)
            if nth < 2:
                await served.restart()
    assert len(set(seen)) == 3
