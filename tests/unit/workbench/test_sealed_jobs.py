"""Data of a subject on its way through all five services: nothing of it lies anywhere in clear, and it ends with its key."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.audit import reveal
from queuebit_client.document import document_of
from queuebit_client.errors import InvalidRequest
from queuebit_contracts.channels import BY_TOPIC
from queuebit_contracts.envelope import decode_data
from queuebit_contracts.events import JobQueued
from queuebit_contracts.sealed import REDACTED, SUBJECT_LABEL, Redacted
from queuebit_contracts.sealed_documents import MASKED
from queuebit_problems.registry import parse_problem
from queuebit_store.keys import ring
from queuebit_workbench.local import TENANT, ended, one_world
from queuebit_workbench.world import World

CANARY = 91827364
"""A weight that stands in no other question."""
STATEMENT = {"nodes": 5, "edges": [[0, 1, CANARY], [1, 2, 2], [2, 3, 3], [3, 4, 4], [0, 4, 5]]}
LABELS = {SUBJECT_LABEL: "p-17"}


def question(lane: str, labels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "problem": {"kind": "maxcut", "statement": STATEMENT},
        "lane": lane,
        "seed": 3,
        "labels": LABELS if labels is None else labels,
        **more,
    }


class Watched:
    """The services, and everything that they keep or say."""

    def __init__(self, world: World, client: AsyncQueuebit, told: list[str]) -> None:
        self.world, self.client, self.told = world, client, told

    def everything(self) -> dict[str, bytes]:
        """Every event and every record, by where it lies."""
        found = {
            f"event {event.type} {event.version} {stream}": event.data.encode()
            for stream, events in self.world.database.events.items()
            for event in events
        }
        for topic in BY_TOPIC:
            for record in self.world.broker.records(topic):
                found[f"{topic}@{record.partition}/{record.offset}"] = (record.value or b"") + repr(
                    record.headers
                ).encode()
        for number, row in enumerate(self.world.database.reservations.values()):
            found[f"reservation {number}"] = (row.question or "").encode()
        return found

    def holding(self, text: str) -> list[str]:
        return [place for place, data in self.everything().items() if text.encode() in data]


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    file = tmp_path / "master"
    file.write_text("2026:" + base64.b64encode(b"m" * 32).decode())
    told: list[str] = []
    async with one_world(lambda name, _: told.append(name), master_key_file=file) as (world, api_key):
        assert world.app is not None
        transport = httpx2.ASGITransport(world.app)
        async with AsyncQueuebit("http://queuebit.local", api_key, transport=transport) as client:
            yield Watched(world, client, told)


@pytest.mark.parametrize("lane", ["classical", "simulator"])
async def test_sealed_jobs_are_answered_as_all_others_and_nothing_of_them_lies_in_clear(
    watched: Watched, lane: str
) -> None:
    masked = await ended(watched.client, question(lane))
    shown = await watched.client.send(reveal(masked["id"], "compared with what is in clear"))
    sealed = document_of(shown)
    assert masked["answer"] == {MASKED: True}
    assert watched.holding(str(CANARY)) == []
    assert len(watched.everything()) > 15

    plain = await ended(watched.client, question(lane, labels={}))
    assert sealed["state"] == plain["state"] == "completed"
    for name in ("answer", "objective", "verdict", "bound", "gap", "proven_optimal", "reasons", "confidence"):
        assert sealed.get(name) == plain.get(name), name
    assert watched.holding(str(CANARY)) != []


async def test_a_repeat_is_the_same_job(watched: Watched) -> None:
    first = await watched.client.submit_body(question("classical"), key="once")
    again = await watched.client.submit_body(question("classical"), key="once")
    assert first.id == again.id
    await watched.client.wait(first.id)


async def test_once_the_key_is_gone_the_answer_is_redacted_and_what_is_replayed_ends_as_redacted(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "REMEMBERED_S", 0.0)
    done = await ended(watched.client, question("classical"))
    await watched.world.store().destroy_keys(TENANT, LABELS[SUBJECT_LABEL], watched.world.clock.now())

    view = await watched.client.get(done["id"])
    assert view.answer == {REDACTED: True}
    assert view.objective == done["objective"]

    orders = [
        record
        for topic in BY_TOPIC
        if topic.startswith("jobs.queued.classical")
        for record in watched.world.broker.records(topic)
    ]
    assert len(orders) == 1
    order = decode_data(JobQueued, orders[0].value or b"")
    assert isinstance(order, JobQueued)
    with pytest.raises(Redacted) as caught:
        parse_problem(order.problem)
    assert caught.value.code == "redacted"


async def test_a_job_whose_key_is_destroyed_before_it_runs_fails_as_redacted(watched: Watched) -> None:
    await watched.world.stop("classical-solver")
    job = await watched.client.submit_body(question("classical"))
    await watched.world.store().destroy_keys(TENANT, LABELS[SUBJECT_LABEL], watched.world.clock.now())
    await watched.world.start("classical-solver")
    view = await watched.client.wait(job.id)
    assert view.state == "failed"
    told = json.dumps(
        [record.value.decode() for record in watched.world.broker.records("jobs.executions") if record.value]
    )
    assert "redacted" in told
    assert "The data of this subject was erased." in told
    assert watched.holding(str(CANARY)) == []


async def test_a_job_whose_key_is_destroyed_while_its_answer_waits_for_the_check_ends_once(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "REMEMBERED_S", 0.0)
    await watched.world.stop("result-validation")
    job = await watched.client.submit_body(question("classical"))
    for _ in range(1000):
        said = [record.value or b"" for record in watched.world.broker.records("jobs.executions")]
        if any(b'"answer"' in each for each in said):
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("no answer waits for the check")
    await watched.world.store().destroy_keys(TENANT, LABELS[SUBJECT_LABEL], watched.world.clock.now())
    await watched.world.start("result-validation")

    view = await watched.client.wait(job.id)

    assert view.state == "failed"
    ends = [name for name in watched.told if name in ("JobCompleted", "JobFailed", "JobCancelled", "JobExpired")]
    assert ends == ["JobFailed"]
    assert watched.holding(str(CANARY)) == []


@pytest.mark.parametrize("service", ["classical-solver", "result-validation"])
async def test_a_key_that_cannot_be_unwrapped_ends_its_own_job_and_holds_up_nobody_elses(
    watched: Watched, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "REMEMBERED_S", 0.0)
    await watched.world.stop(service)
    shut = await watched.client.submit_body(question("classical"))
    other = await watched.client.submit_body(question("classical", labels={}))
    database = watched.world.database
    for key_id, key in list(database.subject_keys.items()):
        database.subject_keys[key_id] = replace(key, wrapped=b"spoilt" * 10)
    await watched.world.start(service)

    assert (await watched.client.wait(other.id)).state == "completed"
    assert (await watched.client.wait(shut.id)).state == "failed"


async def test_without_a_master_key_no_data_of_a_subject_is_taken() -> None:
    async with one_world(lambda *_: None) as (world, api_key):
        assert world.app is not None
        transport = httpx2.ASGITransport(world.app)
        async with AsyncQueuebit("http://queuebit.local", api_key, transport=transport) as client:
            with pytest.raises(InvalidRequest) as caught:
                await client.submit_body(question("classical"))
            assert caught.value.code == "subject_unprotected"
            assert world.database.reservations == {}
