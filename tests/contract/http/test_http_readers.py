"""Readers: many share what is read, slow ones and those that leave cost nothing that lasts, and none outlives its key."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_gateway.http import waits
from queuebit_gateway.http.guard import Bounds
from queuebit_gateway.read_model.frames import Frames
from queuebit_gateway.read_model.stories import Stories
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import StoredEvent
from tests.contract.http.doors import Door, a_door
from tests.contract.http.running_gateway import LEG, RunningGateway


class CountingStore:
    """Counts the events that are read."""

    def __init__(self, store: MemoryStore) -> None:
        self._store, self.read = store, 0

    async def events_of(
        self, stream_id: UUID, *, after_version: int = 0, limit: int = 1000, tenant: str | None = None
    ) -> list[StoredEvent]:
        await asyncio.sleep(0)
        found = await self._store.events_of(stream_id, after_version=after_version, limit=limit, tenant=tenant)
        self.read += len(found)
        return found


async def _progress(world: RunningGateway, job_id: UUID, times: int, detail: str = "") -> int:
    """More events of a job; returns its version."""
    version = len(world.store.database.events[job_id])
    attempt_id = attempt_id_of(job_id, LEG, 1)
    more = [ev.ExecutionProgressed(attempt_id=attempt_id, leg=LEG, elapsed_s=1.0, detail=detail) for _ in range(times)]
    await world.plane.append(job_id, version, more, "running")
    return version + times


async def _open_job(world: RunningGateway) -> UUID:
    world.plane.finish_at_once = False
    job_id = UUID((await world.submit("open")).json()["id"])
    async with asyncio.timeout(60):
        while job_id not in world.store.database.streams:  # noqa: ASYNC110 - the stand-in is another task
            await asyncio.sleep(0.001)
    return job_id


async def test_many_readers_of_a_job_read_each_event_once(world: RunningGateway) -> None:
    job_id = await _open_job(world)
    version = await _progress(world, job_id, 100)
    store = CountingStore(world.store)
    stories = Stories(store, asyncio.to_thread)  # type: ignore[arg-type]

    found = await asyncio.gather(*(stories.until(job_id, version, "acme") for _ in range(50)))
    assert ({story.version for story in found}, store.read) == ({version}, version)

    later = await _progress(world, job_id, 3)
    for _ in range(10):
        await stories.until(job_id, later, "acme")
    assert store.read == later


async def test_a_view_that_is_read_on_is_what_it_is_when_read_at_once(world: RunningGateway) -> None:
    job_id = await _open_job(world)
    headers = await world.headers()
    before = (await world.http.get(f"/v1/jobs/{job_id}", headers=headers)).json()
    await world.plane.finish(job_id)
    paths = [f"/v1/jobs/{job_id}?include=plan,events", f"/v1/jobs/{job_id}/explain"]
    read_on = [(await world.http.get(path, headers=headers)).json() for path in paths]

    world.parts.jobs._stories = Stories(world.store, asyncio.to_thread)
    at_once = [(await world.http.get(path, headers=headers)).json() for path in paths]

    assert (before["state"], read_on[0]["state"], read_on) == ("queued", "completed", at_once)


async def test_stories_and_frames_are_kept_within_their_bytes(world: RunningGateway) -> None:
    job_id = await _open_job(world)
    version = await _progress(world, job_id, 50, "x" * 900)
    stories = Stories(world.store, asyncio.to_thread, kept_bytes_max=100)
    frames = Frames(world.store, asyncio.to_thread, kept_bytes_max=5000)

    assert (await stories.until(job_id, version, "acme")).version == version
    seen = [await frames.after("acme", job_id, job_id, after, compact=False) for after in range(version + 1)]

    assert [frame.version for frame in seen if frame] == list(range(1, version + 1))
    assert (stories._kept.bytes, 0 < frames._kept.bytes <= 5000, seen[-1]) == (0, True, None)


async def test_many_streams_share_each_frame(world: RunningGateway) -> None:
    job_id = await _open_job(world)
    version = await _progress(world, job_id, 30)
    store = CountingStore(world.store)
    frames = Frames(store, asyncio.to_thread)  # type: ignore[arg-type]

    async def follow() -> list[int]:
        return [id(await frames.after("acme", job_id, job_id, after, compact=False)) for after in range(version)]

    found = await asyncio.gather(*(follow() for _ in range(20)))

    assert (len({tuple(each) for each in found}), store.read) == (1, version)


async def _stream(door: Door, job_id: str) -> bytes:
    return await door.get(f"/v1/jobs/{job_id}/events", "Accept: text/event-stream")


async def test_a_reader_that_does_not_read_is_ended_and_holds_little(caplog: pytest.LogCaptureFixture) -> None:
    async with a_door(Bounds(write_timeout_s=0.5)) as door:
        job_id = await _open_job(door.world)
        await _progress(door.world, job_id, 12, "x" * 1_000_000)
        line = await door.line(limit=1024)
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        with caplog.at_level(logging.WARNING):
            await line.send(await _stream(door, str(job_id)))
            async with asyncio.timeout(60):
                while not door.server.connections:  # noqa: ASYNC110 - until the server has taken it
                    await asyncio.sleep(0.001)
                while door.server.connections:  # noqa: ASYNC110 - until the server has ended it
                    await asyncio.sleep(0.01)
            async with asyncio.timeout(60):
                while door.world.parts.frames._large._value < 32:  # noqa: ASYNC110 - until its frame is given back
                    await asyncio.sleep(0.001)
    assert [record for record in caplog.records if record.name != "asyncio"] == []


@pytest.mark.parametrize("expired", [False, True], ids=["revoked", "expired"])
async def test_an_open_stream_ends_with_its_key(world: RunningGateway, expired: bool) -> None:
    job_id = await _open_job(world)
    headers = await world.headers()
    reader = asyncio.create_task(world.http.get(f"/v1/jobs/{job_id}/events", headers=headers))
    await _until_watched(world)

    await _end_key(world, expired)
    await _progress(world, job_id, 1)

    answer = await asyncio.wait_for(reader, 60)
    assert (answer.status_code, "id: 3\n" in answer.text, "id: 4\n" in answer.text) == (200, True, False)


async def test_an_idle_stream_ends_with_its_key(world: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queuebit_gateway.http.stream.CHECK_INTERVAL_S", 0.05)
    job_id = await _open_job(world)
    reader = asyncio.create_task(world.http.get(f"/v1/jobs/{job_id}/events", headers=await world.headers()))
    await _until_watched(world)

    await _end_key(world, expired=False)

    assert (await asyncio.wait_for(reader, 60)).status_code == 200


async def test_a_wait_ends_with_its_key(world: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "CHECK_INTERVAL_S", 0.05)
    job_id = await _open_job(world)
    headers = await world.headers(Prefer="wait=25")
    reader = asyncio.create_task(world.http.get(f"/v1/jobs/{job_id}", headers=headers))
    await _until_watched(world)

    await _end_key(world, expired=False)

    answer = await asyncio.wait_for(reader, 60)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")


async def test_a_caller_that_leaves_ends_its_wait_and_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waits, "CHECK_INTERVAL_S", 0.05)
    async with a_door(Bounds()) as door:
        job_id = await _open_job(door.world)
        waiting, following = await door.line(), await door.line()
        with caplog.at_level(logging.WARNING):
            await waiting.send(await door.get(f"/v1/jobs/{job_id}", "Prefer: wait=25"))
            await following.send(await _stream(door, str(job_id)))
            await _until_watched(door.world, watchers=2)
            waiting.close()
            following.close()
            async with asyncio.timeout(60):
                while door.world.parts.tailer._watched:  # noqa: ASYNC110 - until both have been noticed
                    await asyncio.sleep(0.01)
    assert caplog.records == []


async def _until_watched(world: RunningGateway, watchers: int = 1) -> None:
    async with asyncio.timeout(60):
        while sum(each.watchers for each in world.parts.tailer._watched.values()) < watchers:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def _end_key(world: RunningGateway, expired: bool) -> None:
    if expired:
        world.clock.offset = timedelta(days=91)
    else:
        await world.store.revoke_key((await world.key())[8:16], world.clock.now())
    world.clock.moved_s = 6.0
