"""`queuebit experiment freeze` and `shadow` on a real PostgreSQL: what production was asked, and what was measured there."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from unittest.mock import patch

from queuebit_client.cli import main
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, Head
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.builders import NOW, at
from tests.unit.workbench.shadowed_jobs import DEEP, SHALLOW, SHOWN, Log, answers

WINDOW = ("--since", f"{NOW:%Y-%m-%dT%H:%M:%S}", "--until", f"{at(3600):%Y-%m-%dT%H:%M:%S}")


async def run(settings: PostgresSettings, *words: str) -> int:
    env = {"QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace, "QUEUEBIT_KAFKA": "127.0.0.1:1"}
    with patch.dict("os.environ", env):
        return int(await asyncio.to_thread(main.run, ["experiment", *words]))


async def test_jobs_of_production_are_frozen_and_their_shadows_compared(
    postgres_store: PostgresStore, settings: PostgresSettings, tmp_path: Path
) -> None:
    log = Log()
    log.add(1, *answers(DEEP, 1, 1, objective=5), *answers(SHALLOW, 1, 1, objective=4), *answers(SHOWN, 1, 1))
    log.add(2, *answers(DEEP, 1, 2))
    for job_id, told in log.jobs.items():
        for version, (event, when) in enumerate(told):
            new = new_events(job_id, version, [event], when)
            assert await postgres_store.append([Append(job_id, "acme", version, new, Head("queued"))]) == [True]
    runs, problems = tmp_path / "runs.jsonl", tmp_path / "problems.json"

    assert await run(settings, "shadow", "--arms", "deep,shallow", "--out", str(runs), *WINDOW) == 0
    assert await run(settings, "freeze", "--out", str(problems), *WINDOW) == 0
    assert await run(settings, "shadow", "--arms", "deep", "--kind", "tsp", "--out", str(tmp_path / "no"), *WINDOW) == 1

    found = [json.loads(line) for line in runs.read_text().splitlines()]
    assert [(each["arm"], each["objective"]) for each in found] == [("deep", 5), ("shallow", 4), ("shown", 6)]
    assert len(json.loads(problems.read_text())["problems"]) == 1
