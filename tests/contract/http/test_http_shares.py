"""What the objective of an answer is made of, asked of the gateway: worked out, or as the verdict has it."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from queuebit_client.cli.main import run
from queuebit_gateway.http.server import HttpServer
from tests.contract.http.running_gateway import RunningGateway, a_world

CUT = {"kind": "maxcut", "statement": {"nodes": 2, "edges": [[0, 1, 1]]}}
COIN = {"kind": "circuit_sampling", "statement": {"qasm": "OPENQASM 3; qubit q; bit c; c = measure q;"}}


async def _answered(world: RunningGateway, problem: Any, **wishes: Any) -> Any:
    return (await world.submit(body={"problem": problem, **wishes}, Prefer="wait=5")).json()


async def _shares(world: RunningGateway, job_id: str) -> Any:
    url = f"/v1/jobs/{job_id}?include=shares"
    return (await world.http.get(url, headers=await world.headers())).json()["shares"]


async def test_shares_are_told_when_they_are_asked_for(world: RunningGateway) -> None:
    job = await _answered(world, CUT)

    shares = await _shares(world, job["id"])

    cut = {"name": "0 and 1", "amount": 1}
    assert (job["objective"], job["shares"]) == (1, None)
    assert shares == {
        "parts": [{"name": "cut edges", "amount": 1, "count": 1, "terms": [cut], "others": 0}],
        "rooms": [],
        "rooms_count": 0,
    }


async def test_a_measurement_and_a_job_without_an_answer_have_none(world: RunningGateway) -> None:
    measured = await _answered(world, COIN)
    world.plane.finish_at_once = False
    going = (await world.submit(body={"problem": CUT})).json()

    assert [await _shares(world, each["id"]) for each in (measured, going)] == [None, None]


async def test_what_is_long_to_read_is_worked_out_too(world: RunningGateway) -> None:
    job = await _answered(world, CUT, labels={f"label-{nth}": "x" * 255 for nth in range(20)})

    assert (await _shares(world, job["id"]))["parts"][0]["amount"] == 1


@pytest.mark.parametrize("value", [10**30, "\ud800"], ids=["a long integer", "half of a pair"])
async def test_what_few_readers_of_json_take_is_read_all_the_same(world: RunningGateway, value: Any) -> None:
    job = await _answered(world, CUT)
    events = world.store.database.events[UUID(job["id"])]
    told = json.dumps({**json.loads(events[0].data), "from a newer release": value})
    events[0] = events[0]._replace(data=told)

    assert (await _shares(world, job["id"]))["parts"][0]["amount"] == 1


async def test_an_answer_to_another_question_has_none(world: RunningGateway) -> None:
    job = await _answered(world, {"kind": "maxcut", "statement": {"nodes": 3, "edges": [[0, 1, 1]]}})

    assert await _shares(world, job["id"]) is None


async def test_another_wish_is_refused_by_name(world: RunningGateway) -> None:
    job = await _answered(world, CUT)

    refused = await world.http.get(f"/v1/jobs/{job['id']}?include=slices", headers=await world.headers())

    assert (refused.status_code, "`shares`" in refused.text) == (422, True)


async def test_explain_shows_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async with a_world() as world:
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        monkeypatch.setenv("QUEUEBIT_API_KEY", await world.key())
        try:
            job = await _answered(world, CUT)
            words = ["--url", f"http://127.0.0.1:{server.port}", "explain", job["id"]]
            code = await asyncio.to_thread(run, words)
            told = capsys.readouterr().out
            await asyncio.to_thread(run, [*words, "--json"])
            found = json.loads(capsys.readouterr().out)
        finally:
            await server.stop()

    assert (code, f"cut edges\t\t{job['objective']}" in told) == (0, True)
    assert found["shares"]["parts"][0]["amount"] == job["objective"]
