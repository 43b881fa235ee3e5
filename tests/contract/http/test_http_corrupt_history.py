"""A job whose stored events make no sense is told as such, for ever and in words; nobody else notices."""

from __future__ import annotations

from uuid import UUID

import pytest

from queuebit_gateway.asker import Asker
from queuebit_store.ports import Append, Head, NewEvent
from tests.contract.http.running_gateway import RunningGateway
from tests.contract.http.served import Served

HEAD = Head("queued", None, {"kind": "maxcut", "tier": "interactive", "lane": "auto", "fingerprint": "f"})
ENDS_AGAIN = ("JobSubmitted", 1, '{"request":{"tenant":"acme","problem":{"kind":"maxcut","statement":{}}}}')
UNKNOWN = ("JobQueued", 9, "{}")
UNREADABLE = ("JobStarted", 1, '{"leg":7}')


async def corrupted(world: RunningGateway, event: tuple[str, int, str]) -> UUID:
    """A job on its way, and behind its events one that does not belong there."""
    world.plane.finish_at_once = False
    job_id = UUID((await world.submit()).json()["id"])
    version = len(world.store.database.events[job_id])
    name, schema_version, data = event
    bad = NewEvent(world.parts.ids.mint(), name, schema_version, data, world.clock.now())
    assert await world.store.append([Append(job_id, "acme", version, (bad,), HEAD)]) == [True]
    return job_id


@pytest.mark.parametrize(
    "event", [ENDS_AGAIN, UNKNOWN, UNREADABLE], ids=["out of place", "of an unknown version", "of other data"]
)
@pytest.mark.parametrize("path", ["", "/explain"])
async def test_it_is_a_problem_with_a_name(world: RunningGateway, event: tuple[str, int, str], path: str) -> None:
    job_id = await corrupted(world, event)
    headers = await world.headers()

    for _ in range(2):
        answer = await world.http.get(f"/v1/jobs/{job_id}{path}", headers=headers)

        told = answer.json()
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
        assert (told["code"], told["retry"], told["job_id"]) == ("history_unreadable", "never", str(job_id))
        assert "Retry-After" not in answer.headers


async def test_its_raw_events_and_its_place_in_the_list_stay(world: RunningGateway) -> None:
    job_id = await corrupted(world, ENDS_AGAIN)
    found = await world.parts.jobs.find(Asker("acme"), job_id)

    listed = (await world.http.get("/v1/jobs", headers=await world.headers())).json()["data"]
    frame = await world.parts.frames.after("acme", found.stream_id, job_id, 3, compact=False)

    assert [(row["id"], row["state"]) for row in listed] == [(str(job_id), "queued")]
    assert frame is not None
    assert (frame.version, frame.last) == (4, False)


async def test_other_jobs_are_not_concerned(world: RunningGateway) -> None:
    await corrupted(world, UNKNOWN)
    world.plane.finish_at_once = True

    other = (await world.submit()).json()["id"]
    answer = await world.http.get(f"/v1/jobs/{other}", headers=await world.headers())

    assert (answer.status_code, answer.json()["state"]) == (200, "completed")


async def test_the_command_line_says_so_too(served: Served) -> None:
    job_id = await corrupted(served.world, UNREADABLE)

    code, _, error = await served.cli("show", str(job_id))

    assert code != 0
    assert "makes no sense" in error
    assert "Traceback" not in error
