"""What time brings about belongs to the trace of the job's submission; what somebody says belongs to theirs."""

from __future__ import annotations

import pytest

from queuebit_contracts.ids import derive_id
from queuebit_control_plane.handler import InboundCommand
from queuebit_domain.job.messages import Cancel, Wake
from queuebit_store.memory import MemoryStore
from tests.builders import JOB_ID, a_submit, at
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import CAUSE, a_command, a_handler

WAKE = InboundCommand(JOB_ID, Wake(), derive_id(JOB_ID, "wake"))


async def traces(store: MemoryStore) -> list[tuple[str, str | None]]:
    return [(event.type, event.traceparent) for event in (await store.load([JOB_ID]))[JOB_ID]]


@pytest.mark.parametrize("fresh", [False, True], ids=["same handler", "after a restart"])
async def test_what_the_alarm_brings_about_keeps_the_trace_of_the_submission(fresh: bool) -> None:
    store, clock = MemoryStore(), StoppedClock()
    handler = a_handler(store, clock)
    await handler.handle([a_command(a_submit(deadline=at(60)))])
    before = len(await traces(store))
    clock.moment = at(61)

    await (a_handler(store, clock) if fresh else handler).handle([WAKE])

    later = (await traces(store))[before:]
    assert later[-1][0] == "JobExpired"
    assert {trace for _, trace in later} == {"00-trace"}


async def test_what_a_person_asks_for_has_the_trace_of_the_wish() -> None:
    store = MemoryStore()
    handler = a_handler(store)
    await handler.handle([a_command(a_submit())])

    await handler.handle([InboundCommand(JOB_ID, Cancel("acme", "key:1", "enough"), CAUSE, traceparent="00-other")])

    assert (await traces(store))[-1] == ("JobCancelled", "00-other")


async def test_a_job_that_came_without_a_trace_gets_none() -> None:
    store, clock = MemoryStore(), StoppedClock()
    handler = a_handler(store, clock)
    await handler.handle([InboundCommand(JOB_ID, a_submit(deadline=at(60)), CAUSE, "acme")])
    clock.moment = at(61)

    await handler.handle([WAKE])

    assert {trace for _, trace in await traces(store)} == {None}
