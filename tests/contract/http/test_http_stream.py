"""Server-sent events: each event once, in order, from where the reader stopped."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import orjson

from queuebit_contracts.envelope import from_structured
from tests.contract.http.running_gateway import RunningGateway
from tests.contract.http.sse_frames import frames


async def _stream(world: RunningGateway, job_id: str, query: str = "", **headers: str) -> httpx2.Response:
    return await world.http.get(f"/v1/jobs/{job_id}/events{query}", headers=await world.headers(**headers))


async def test_tells_the_whole_story(world: RunningGateway) -> None:
    job = (await world.submit(Prefer="wait=5")).json()

    answer = await _stream(world, job["id"])

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    first, *rest = frames(answer.text)
    assert (first.id, first.retry, first.data) == ("0", "2000", "")
    assert [(frame.id, frame.event) for frame in rest] == [
        ("1", "JobSubmitted"), ("2", "JobPlanned"), ("3", "JobQueued"), ("4", "JobStarted"), ("5", "ExecutionProgressed"),
        ("6", "ExecutionSucceeded"), ("7", "ResultValidated"), ("8", "JobCompleted"),
    ]  # fmt: skip
    last: dict[str, Any] = orjson.loads(rest[-1].data)
    assert (last["type"], last["subject"], last["streamversion"]) == ("io.queuebit.JobCompleted.v1", job["id"], 8)
    assert [from_structured(frame.data.encode()).version for frame in rest] == list(range(1, 9))


async def test_goes_on_after_the_last_event_seen(world: RunningGateway) -> None:
    job = (await world.submit(Prefer="wait=5")).json()

    answer = await _stream(world, job["id"], **{"Last-Event-ID": "5"})

    assert [frame.id for frame in frames(answer.text)] == ["5", "6", "7", "8"]


async def test_says_no_content_where_everything_was_seen(world: RunningGateway) -> None:
    job = (await world.submit(Prefer="wait=5")).json()
    answer = await _stream(world, job["id"], **{"Last-Event-ID": "8"})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_refuses_a_strange_last_event_id(world: RunningGateway) -> None:
    job = (await world.submit(Prefer="wait=5")).json()
    answer = await _stream(world, job["id"], **{"Last-Event-ID": "abc"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "header:Last-Event-ID")


async def test_leaves_big_problems_out_on_request(world: RunningGateway) -> None:
    job = (await world.submit(Prefer="wait=5")).json()
    whole, compact = await _stream(world, job["id"]), await _stream(world, job["id"], "?compact=true")
    assert '"edges"' in whole.text
    assert '"edges"' not in compact.text


async def test_many_readers_see_what_happens_as_it_happens(world: RunningGateway) -> None:
    world.plane.asleep = True
    job_id = (await world.submit()).json()["id"]
    await asyncio.wait_for(world.plane.seen.wait(), 60)
    readers = [asyncio.create_task(_stream(world, job_id)) for _ in range(20)]

    world.plane.finish_at_once = False
    await world.plane.take(world.plane.submissions[0])
    await world.plane.finish(UUID(job_id))

    for answer in await asyncio.gather(*readers):
        assert [frame.id for frame in frames(answer.text)] == [str(nth) for nth in range(9)]


async def test_ends_when_the_process_stops(world: RunningGateway) -> None:
    world.plane.finish_at_once = False
    job_id = (await world.submit()).json()["id"]
    reader = asyncio.create_task(_stream(world, job_id))
    async with asyncio.timeout(60):
        while not world.parts.tailer._watched:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    world.parts.tailer.close()

    answer = await asyncio.wait_for(reader, 60)
    assert answer.status_code == 200
    late = await _stream(world, job_id)
    assert (late.status_code, late.json()["code"]) == (503, "shutting_down")


async def test_looks_at_the_store_only_while_somebody_watches(world: RunningGateway) -> None:
    job = (await world.submit(Prefer="wait=5")).json()
    await _stream(world, job["id"])
    tailer = world.parts.tailer
    async with asyncio.timeout(60):
        while tailer._task is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert tailer._watched == {}
