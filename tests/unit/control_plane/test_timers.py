"""The timers on the memory store: who is due is woken, and a job that makes no sense takes nobody's turn."""

from __future__ import annotations

from uuid import UUID

from queuebit_contracts.ids import uuid7
from queuebit_control_plane.timers import Timers
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Head, NewEvent
from tests.builders import JOB_ID, NOW, a_submit, at
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import CAUSE, a_command, a_handler, names


async def corrupt(store: MemoryStore, job_id: UUID) -> None:
    """A due job whose first event is one that ends it."""
    head = Head("queued", NOW)
    await store.append([Append(job_id, "acme", 0, (NewEvent(CAUSE, "JobCompleted", 1, "{}", NOW),), head)])


async def test_jobs_that_make_no_sense_take_nobodys_turn() -> None:
    store, clock = MemoryStore(), StoppedClock()
    handler = a_handler(store, clock)
    for nth in range(3):
        await corrupt(store, uuid7(nth, nth))
    await handler.handle([a_command(a_submit())])
    clock.moment = at(100_000)
    timers = Timers(store, handler, clock, batch_max=3)

    woken = [await timers.step() for _ in range(3)]

    assert woken == [3, 1, 0]
    assert (await names(store))[-1] == "JobExpired"
    assert JOB_ID not in await store.due(clock.now(), limit=10)
