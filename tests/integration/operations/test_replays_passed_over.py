"""Live consumers pass over what is replayed, and take the very same record where it is not a replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.ids import attempt_id_of, derive_id
from queuebit_operations.replaying.records import records_of
from queuebit_operations.scan.port import EventRow
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_runtime.processes.pool import ProcessPool
from queuebit_store.memory import MemoryStore
from queuebit_workbench.world import World
from tests.builders import a_request
from tests.fakes.histories import a_job_id, as_rows, tell_jobs

NOW = SystemClock().now()
ORDERS = channels.queued("classical", "interactive")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = SystemClock()
    pool = ProcessPool(1, 2048)
    world = World(clock, SystemIds(clock), pool)
    await world.store().add_tenant("acme", clock.now())
    await world.start("control-plane", "classical-solver")
    yield world
    await world.stop()
    await pool.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds, for a generous time."""
    deadline = asyncio.get_running_loop().time() + 60
    while not holds():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.02)


async def read(world: World, group: str, topic: str) -> None:
    await until(lambda: world.broker.lag(group, topic) == 0)


def a_question(job_id: UUID, *, replay_id: str | None) -> Outgoing:
    event = ev.JobSubmitted(request=a_request(), idempotency_key=str(job_id))
    envelope = Envelope(derive_id(job_id, "asked"), "/upstream", str(job_id), NOW, event, "acme", replay_id=replay_id)
    return Outgoing(channels.SUBMITTED, str(job_id).encode(), encode_data(event), encode_headers(envelope))


async def an_order(number: int) -> EventRow:
    """A work order of a job that nobody here knows, as the store of another installation has it."""
    store = MemoryStore()
    (job_id,) = await tell_jobs(store, [number], began_at=NOW, then=[])
    event = (await store.load([job_id]))[job_id][2]
    assert event.type == "JobQueued"
    return as_rows([event])[0]


async def test_a_question_of_a_replay_is_no_question(world: World) -> None:
    first, second = a_job_id(1, NOW), a_job_id(2, NOW)

    world.broker.append([a_question(first, replay_id="r1")])
    await read(world, "control-plane", channels.SUBMITTED)
    assert world.database.streams == {}

    world.broker.append([a_question(second, replay_id=None)])
    await until(lambda: len(world.database.streams) == 1)
    assert world.broker.records(channels.dead_letter("control-plane")) == []


async def test_an_order_of_a_replay_is_no_order(world: World) -> None:
    order = await an_order(1)
    (again, _) = records_of(order, "r1")
    (live, _) = records_of(await an_order(2), "r2")
    live = live._replace(headers=[each for each in live.headers if each[0] != "ce_replayid"])

    world.broker.append([again])
    await read(world, "classical-solver.interactive", ORDERS)
    world.broker.append([live])
    await until(lambda: len(world.broker.records(channels.EXECUTIONS)) > 0)

    told = {dict(record.headers)["ce_subject"] for record in world.broker.records(channels.EXECUTIONS)}
    assert (again.topic, live.topic) == (ORDERS, ORDERS)
    assert told == {live.key}
    assert attempt_id_of(order.stream_id, "primary-classical", 1) != order.id
