"""The shadow: the same handlers decide the same on every kind of story, and others are found out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from queuebit_domain.job import routing
from queuebit_domain.job.messages import Message, Wake
from queuebit_domain.job.routing import plan
from queuebit_operations.replaying.shadow import Divergence, shadow
from queuebit_operations.scan.port import Stream
from queuebit_store.memory import MemoryStore
from tests.fakes.histories import a_job_id, answered, as_rows, cancelled, failed, tell_jobs

JOB = a_job_id(1)
STORIES = {
    "answered": answered(JOB),
    "cancelled": cancelled(JOB),
    "failed": failed(JOB),
    "open": [],
    "answered without a start": answered(JOB)[1:],
    "looked at": [Wake(), *answered(JOB)],
}


async def a_stream(then: Sequence[Message]) -> Stream:
    store = MemoryStore()
    (job_id,) = await tell_jobs(store, [1], then=then)
    events = (await store.load([job_id]))[job_id]
    return Stream(job_id, None, as_rows(events))


@pytest.mark.parametrize("then", STORIES.values(), ids=STORIES)
async def test_the_same_handlers_decide_the_same(then: list[Message]) -> None:
    stream = await a_stream(then)

    shadowed = shadow(stream)

    assert shadowed.divergences == []
    assert [event.data for event in shadowed.events] == [event.data for event in stream.events]
    assert [event.id for event in shadowed.events] == [event.id for event in stream.events]
    assert shadowed.taken_over == 0


async def test_another_plan_is_found_in_every_value_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await a_stream(answered(JOB))

    def another_plan(inputs: Any) -> Any:
        return plan(inputs).model_copy(update={"policy_version": "next"})

    monkeypatch.setattr(routing, "plan", another_plan)
    shadowed = shadow(stream)

    recorded = json.loads(stream.events[1].data)["policy_version"]
    assert shadowed.divergences == [Divergence(str(JOB), 2, "JobPlanned", "/policy_version", recorded, "next")]


async def test_other_events_are_named_and_what_nobody_answers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await a_stream(answered(JOB))

    def another_plan(inputs: Any) -> Any:
        planned = plan(inputs)
        legs = tuple(leg.model_copy(update={"leg": "other"}) for leg in planned.legs)
        return planned.model_copy(update={"legs": legs})

    monkeypatch.setattr(routing, "plan", another_plan)
    shadowed = shadow(stream)

    places = [(each.name, each.path) for each in shadowed.divergences]
    assert ("JobPlanned", "/legs/0/leg") in places
    assert ("JobStarted", "") in places
    assert places[-1] == ("JobQueued", "/attempt_id")


async def test_what_cannot_be_read_is_a_difference() -> None:
    stream = await a_stream(answered(JOB))
    bent = Stream(JOB, None, [*stream.events[:3], stream.events[3]._replace(type="JobVanished")])

    shadowed = shadow(bent)

    assert [(each.version, each.name) for each in shadowed.divergences] == [(4, "JobVanished")]
    assert len(shadowed.events) == 3
