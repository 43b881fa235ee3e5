"""GET /v1/events: everything that happens to a tenant's jobs, once and in order, from where the reader stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
import pytest

from queuebit_gateway.read_model.cursors import Seen
from tests.contract.http.running_gateway import RunningGateway, a_body
from tests.contract.http.served import Served
from tests.contract.http.sse_frames import Frame, frames


class Reader:
    """Reads a stream over a real connection, frame by frame."""

    def __init__(self, response: httpx2.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self, *, bare: bool = False) -> Frame:
        """The next frame that says something; with `bare` also one that only has an id."""
        block: list[str] = []
        async with asyncio.timeout(60):
            async for line in self._lines:
                if line:
                    block.append(line)
                    continue
                found = frames("\n".join(block) + "\n\n")
                block = []
                if found and (bare or found[0].data):
                    return found[0]
        raise AssertionError("the stream ended")


@asynccontextmanager
async def following(served: Served, query: str = "", tenant: str = "acme", **more: str) -> AsyncIterator[Reader]:
    headers = await served.world.headers(tenant, "submitter", **more)
    async with (
        httpx2.AsyncClient(base_url=served.url, timeout=30) as http,
        http.stream("GET", f"/v1/events{query}", headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Reader(response)


async def test_tells_what_happens_from_now_on_and_only_to_ones_own_jobs(served: Served) -> None:
    world = served.world
    before = (await world.submit(Prefer="wait=5")).json()
    async with following(served) as reader:
        first = await reader.next(bare=True)
        assert (first.retry, first.data) == ("2000", "")
        assert first.id
        theirs = await world.headers("globex", **{"Idempotency-Key": "k", "Prefer": "wait=5"})
        await world.http.post("/v1/jobs", json=a_body(), headers=theirs)
        mine = (await world.submit(Prefer="wait=5")).json()

        told = [await reader.next() for _ in range(8)]

    assert [frame.event for frame in told] == [
        "JobSubmitted", "JobPlanned", "JobQueued", "JobStarted", "ExecutionProgressed", "ExecutionSucceeded",
        "ResultValidated", "JobCompleted",
    ]  # fmt: skip
    assert {orjson.loads(frame.data)["subject"] for frame in told} == {mine["id"]} != {before["id"]}
    assert len({frame.id for frame in told}) == 8


async def test_goes_on_where_it_broke_with_nothing_missed_and_nothing_twice(served: Served) -> None:
    world = served.world
    seen: list[tuple[str, int]] = []
    cursor = "beginning"
    for _ in range(6):
        job = (await world.submit(Prefer="wait=5")).json()
        more = {} if cursor == "beginning" else {"Last-Event-ID": cursor}
        async with following(served, "?after=beginning", **more) as reader:
            for _ in range(5):
                frame = await reader.next()
                message: dict[str, Any] = orjson.loads(frame.data)
                seen.append((message["subject"], message["streamversion"]))
                cursor = frame.id
        assert job["state"] == "completed"

    assert len(seen) == len(set(seen)) == 30
    in_log = [(str(e.stream_id), e.version) for e in world.store.database.logs["job"].events if e.tenant == "acme"]
    assert seen == in_log[:30]


async def test_tells_only_what_is_asked_for(served: Served) -> None:
    for _ in range(3):
        await served.world.submit(Prefer="wait=5")
    async with following(served, "?after=beginning&types=JobCompleted,JobFailed") as reader:
        told = [await reader.next() for _ in range(3)]
    assert [frame.event for frame in told] == ["JobCompleted"] * 3


async def test_leaves_statements_out_unless_they_are_asked_for(served: Served) -> None:
    await served.world.submit(Prefer="wait=5")
    texts = []
    for query in ("?after=beginning", "?after=beginning&compact=false"):
        async with following(served, query) as reader:
            texts.append((await reader.next()).data)
    assert ['"edges"' in text for text in texts] == [False, True]


@pytest.mark.parametrize("text", ["AAAA", "%", "7", "x" * 200])
async def test_refuses_an_id_that_is_not_one_of_ours(world: RunningGateway, text: str) -> None:
    answer = await world.http.get("/v1/events", headers=await world.headers(**{"Last-Event-ID": text}))
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_refuses_the_id_of_another_tenant(served: Served) -> None:
    async with following(served) as reader:
        mine = (await reader.next(bare=True)).id
    world = served.world

    theirs = await world.http.get(
        "/v1/events", headers=await world.headers("globex", "submitter", **{"Last-Event-ID": mine})
    )

    assert (theirs.status_code, theirs.json()["code"]) == (400, "cursor_invalid")


async def test_refuses_an_event_that_there_is_not(world: RunningGateway) -> None:
    answer = await world.http.get("/v1/events?types=JobExploded", headers=await world.headers())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query:types")


async def test_says_that_events_lie_in_archives(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with following(served) as reader:
        mine = (await reader.next(bare=True)).id

    async def archived(_moment: object) -> bool:
        return True

    monkeypatch.setattr(served.world.store, "archived_after", archived)
    async with following(served, **{"Last-Event-ID": mine}) as reader:
        frame = await reader.next()

    assert (frame.event, orjson.loads(frame.data)["reason"]) == ("reset", "archived")


async def test_an_id_beyond_the_end_of_the_log_goes_on_from_the_end_and_says_so(served: Served) -> None:
    """Given an id of an installation with the same secret whose log is longer, or of before a restore."""
    world = served.world
    await world.submit(Prefer="wait=5")
    end = await world.parts.tenant_events.end()
    later = Seen(end._replace(seq=end.seq + 1_000_000, xid=end.xid + 1_000_000), world.clock.now())
    async with following(served, **{"Last-Event-ID": world.parts.event_cursors.make(later, "acme")}) as reader:
        frame = await reader.next()
        mine = (await world.submit(Prefer="wait=5")).json()
        told = await reader.next()

    assert (frame.event, orjson.loads(frame.data)["reason"]) == ("reset", "beyond")
    assert orjson.loads(told.data)["subject"] == mine["id"]


async def test_a_tenant_that_takes_all_its_places_takes_none_of_others(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = served.world
    monkeypatch.setattr(world.parts.tenant_streams, "_of_tenant_max", 2)
    async with following(served) as one, following(served) as two:
        await one.next(bare=True)
        await two.next(bare=True)
        third = await world.http.get("/v1/events", headers=await world.headers())
        async with following(served, tenant="globex") as other:
            assert (await other.next(bare=True)).id
    while world.parts.tenant_streams.taken:  # noqa: ASYNC110 - the server ends its side a moment later
        await asyncio.sleep(0.005)
    async with following(served) as again:
        await again.next(bare=True)

    assert (third.status_code, third.json()["code"], third.headers["retry-after"]) == (429, "rate_limited", "6")
    assert third.json()["request_id"]


async def test_ends_when_the_process_stops(served: Served) -> None:
    async with following(served) as reader:
        await reader.next(bare=True)
        served.world.parts.tailer.close()
        with pytest.raises(AssertionError, match="the stream ended"):
            await reader.next()
    late = await served.world.http.get("/v1/events", headers=await served.world.headers())
    assert (late.status_code, late.json()["code"]) == (503, "shutting_down")
    served.world.parts.tailer.closing = False


async def test_looks_at_the_log_only_while_somebody_follows(served: Served) -> None:
    async with following(served) as reader:
        await reader.next(bare=True)
    events = served.world.parts.tenant_events
    async with asyncio.timeout(60):
        while events._task is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert events._waiting == 0
