"""Why not another choice, and what backends brought, asked of a server by the command line."""

from __future__ import annotations

import asyncio
import json

import pytest

from queuebit_client.cli.main import run
from queuebit_gateway.http.server import HttpServer
from tests.contract.http.running_gateway import a_world


async def test_the_question_and_its_answer_come_from_the_job(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with a_world() as world:
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        monkeypatch.setenv("QUEUEBIT_API_KEY", await world.key())

        async def command(*words: str) -> tuple[int, str]:
            code = await asyncio.to_thread(run, ["--url", f"http://127.0.0.1:{server.port}", *words])
            told = capsys.readouterr()
            return code, told.out + told.err

        try:
            statement = {"nodes": 2, "edges": [[0, 1, 1]]}
            job_id = (
                await world.submit(body={"problem": {"kind": "maxcut", "statement": statement}}, Prefer="wait=5")
            ).json()["id"]
            worse = await command("explain", job_id, "--why-not", "side/1=0")
            why = await command("explain", job_id)
            report = await command("backends", "report", "--json")
            world.plane.finish_at_once = False
            going = (await world.submit(body={"problem": {"kind": "maxcut", "statement": statement}})).json()["id"]
            unanswered = await command("explain", going, "--why-not", "side/1=0")
        finally:
            await server.stop()

    assert worse == (0, "It would be worse: objective 0 instead of 1.\n")
    assert (why[0], unanswered[0]) == (0, 2)
    found = json.loads(report[1])
    assert (found["jobs"], [line["backend"] for line in found["backends"]]) == (1, ["test"])
