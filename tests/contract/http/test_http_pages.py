"""Pages whose commands ask a gateway, typed as they stand against one behind a real port: each answers, in the page's order."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from tests.console.told import whole
from tests.contract.http.running_gateway import a_body
from tests.contract.http.served import Served
from tests.contract.http.told_backends import fill
from tests.pages import SERVED, typed_by

QASM = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'


async def type_all(served: Served, page: str, values: Mapping[str, str], **env: str) -> dict[str, str]:
    """What each statement of the page says, with these in place of what it leaves open; all end well."""
    said = {}
    for line in typed_by(SERVED, page):
        shown = line
        for name, value in values.items():
            shown = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", value, shown)
        code, out, err = await served.cli(*shlex.split(shown, comments=True)[1:], **env)
        assert code == 0, (line, err)
        said[line] = out
    return said


async def curled(text: str, served: Served, key: str, **more: str) -> Any:
    """What the gateway answers to a command of the page as a shell runs it."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not here: the page shows it")
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", text),
        env={"PATH": os.environ["PATH"], "QUEUEBIT_URL": served.url, "QUEUEBIT_API_KEY": key, **more},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return json.loads(out)


async def a_job(served: Served) -> str:
    answer = await served.world.submit(body=a_body(seed=7), Prefer="wait=5")
    assert answer.json()["state"] == "completed"
    return str(answer.json()["id"])


async def test_backends_are_listed_compared_and_reported_as_the_page_says(served: Served) -> None:
    await fill(served.world)
    statement: dict[str, Any] = {"qasm": QASM}
    counts = [{"counts": {"00": first, "11": 1024 - first}, "shots": 1024} for first in (510, 500)]
    jobs = [str(await whole(served.world, "circuit_sampling", statement, each)) for each in counts]
    values = {"ibm_brisbane": "ibm_b", "aer_simulator": "aer", "JOB": jobs[0], "A": jobs[0], "B": jobs[1]}

    said = await type_all(served, "how-to/backends.md", values)

    assert len(said) == 7
    assert all(said.values())


async def test_a_job_is_asked_from_elsewhere_as_the_page_on_the_console_says(served: Served) -> None:
    said = await type_all(served, "how-to/use-the-console.md", {"JOB": await a_job(served)})

    assert len(said) == 3
    compile((served.home / "ask.py").read_text(), "ask.py", "exec")
    assert (served.home / "ask.sh").read_text().startswith("#!")


async def test_many_jobs_a_dry_run_and_keys_are_as_the_page_on_http_says(served: Served) -> None:
    lines = [json.dumps(a_body(seed=nth)) for nth in range(3)]
    (served.home / "jobs.jsonl").write_text("\n".join(lines) + "\n")
    admin = await served.world.key("acme", "admin")

    said = await type_all(served, "how-to/http-api.md", {}, QUEUEBIT_API_KEY=admin)

    assert len(said) == 4
    assert "nightly" in said["queuebit keys list"]


async def test_what_is_sealed_is_revealed_and_noted_as_the_page_says(served: Served) -> None:
    admin = await served.world.key("acme", "admin")
    values = {"$JOB": await a_job(served)}
    said = await type_all(served, "how-to/personal-data.md", values, QUEUEBIT_API_KEY=admin)

    assert len(said) == 2
    assert "complaint 4711" in next(out for line, out in said.items() if line.startswith("queuebit trail"))


async def test_the_report_of_jobs_is_made_as_the_page_says(served: Served) -> None:
    job = await a_job(served)

    said = await type_all(served, "explanation/honesty-report.md", {"JOB": job})

    assert len(said) == 3
    assert json.loads(said[next(line for line in said if "--json" in line)])["jobs"]
    assert [path.suffix for path in (served.home / "plots").iterdir()]


async def test_a_webhook_is_made_and_its_message_is_read_as_the_page_says(served: Served) -> None:
    curl, python = typed_by(SERVED, "how-to/webhooks.md")
    names: dict[str, Any] = {}
    exec(python, names)
    assert names["receive"](b"{}", {"webhook-id": "x"}) == 400

    made = await curled(curl, served, await served.world.key("acme", "admin"))

    assert (made["object"], made["rule"]["tiers"]) == ("webhook", ["batch"])


async def test_an_outcome_is_told_by_curl_as_the_page_on_results_says(served: Served) -> None:
    (curl,) = typed_by(SERVED, "how-to/consume-results.md")
    job = await a_job(served)

    assert (await curled(curl, served, served.key, JOB=job))["id"] == job
