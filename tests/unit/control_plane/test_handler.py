"""The command handler on the memory store: durable decisions, repeats, races, ambiguous commits; the relay behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import decode
from queuebit_contracts.ids import uuid7
from queuebit_control_plane.heads import head_of
from queuebit_domain.job.codec import fold
from queuebit_domain.job.messages import Cancel, Refuse, Wake
from queuebit_runtime.bus.port import BusError
from queuebit_store.errors import InvalidBatch, StoreUnavailable
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.ports import Append, Head, NewEvent
from tests.builders import JOB_ID, NOW, a_failure, a_submit, a_success, a_verdict, at
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.fakes.stores import CountingStore
from tests.unit.control_plane.handling import CAUSE, STORY, WHOLE, a_command, a_handler, names, refusal
from tests.unit.control_plane.relaying import a_relay


async def test_a_story_is_stored_as_it_is_decided() -> None:
    store = MemoryStore()
    handler = a_handler(store)

    for message in STORY:
        await handler.handle([a_command(message())])

    stored = (await store.load([JOB_ID]))[JOB_ID]
    assert [event.type for event in stored] == WHOLE
    assert {(event.causation_id, event.traceparent, event.tenant, event.time) for event in stored} == {
        (CAUSE, "00-trace", "acme", NOW)
    }
    assert (await store.heads([JOB_ID]))[JOB_ID].head == head_of(fold(stored))


async def test_one_batch_holds_several_messages_about_one_job() -> None:
    store = MemoryStore()

    await a_handler(store).handle([a_command(message()) for message in STORY])

    assert await names(store) == WHOLE


@pytest.mark.parametrize("fresh", [False, True], ids=["same handler", "after a restart"])
async def test_a_repeated_batch_changes_nothing(fresh: bool) -> None:
    store = MemoryStore()
    handler = a_handler(store)
    batch = [a_command(message()) for message in STORY]
    await handler.handle(batch)

    await (a_handler(store) if fresh else handler).handle(batch)

    assert await names(store) == WHOLE


async def test_another_writer_was_faster() -> None:
    database = MemoryDatabase()
    left, right = a_handler(MemoryStore(database)), a_handler(MemoryStore(database))
    await left.handle([a_command(a_submit())])
    await right.handle([a_command(Wake())])

    await left.handle([a_command(a_success())])
    await right.handle([a_command(a_verdict())])

    assert await names(MemoryStore(database)) == WHOLE


async def test_what_is_remembered_never_ignores_a_message() -> None:
    """Two instances: one takes the fallback, the other hears the fallback's answer and remembers only the first attempt."""
    database = MemoryDatabase()
    left, right = a_handler(MemoryStore(database)), a_handler(MemoryStore(database))
    await right.handle([a_command(a_submit())])
    await left.handle([a_command(a_failure())])

    await right.handle([a_command(a_success("fallback-rule"))])
    await left.handle([a_command(a_verdict("fallback-rule"))])

    assert (await names(MemoryStore(database)))[-3:] == ["ExecutionSucceeded", "ResultValidated", "JobCompleted"]


async def test_an_append_whose_outcome_is_unknown_is_not_made_twice() -> None:
    failures = [StoreUnavailable()]

    async def after_commit(_operation: str) -> None:
        if failures:
            raise failures.pop()

    store = MemoryStore(hooks=Hooks(after_commit=after_commit))
    handler = a_handler(store)
    with pytest.raises(StoreUnavailable):
        await handler.handle([a_command(a_submit())])

    await handler.handle([a_command(a_submit())])
    await handler.handle([a_command(a_success()), a_command(a_verdict())])

    assert await names(store) == WHOLE


async def test_a_conflicting_submission_is_refused_in_a_stream_of_its_own() -> None:
    store = MemoryStore()
    handler = a_handler(store)
    other = uuid7(1, 1)

    for _ in range(2):
        await handler.handle([a_command(a_submit()), a_command(a_submit(tier="batch"), cause=other)])

    assert await names(store) == WHOLE[:3]
    refused = (await store.load([refusal(other)]))[refusal(other)]
    assert [ev.JobRejected.model_validate_json(event.data).conflicting_job_id for event in refused] == [JOB_ID]


async def test_a_submission_too_late_is_refused_and_leaves_the_key_free() -> None:
    store = MemoryStore()
    handler = a_handler(store)

    await handler.handle([a_command(a_submit(deadline=at(-1)))])
    await handler.handle([a_command(a_submit(deadline=at(60)), cause=uuid7(1, 1))])

    assert await names(store, refusal(CAUSE)) == ["JobRejected"]
    assert await names(store) == WHOLE[:3]


async def test_a_refusal_is_stored_once() -> None:
    store = MemoryStore()
    rejection = ev.JobRejected(code="unknown_kind", detail="d", remedy="r", cause_id=CAUSE)
    stream = refusal(CAUSE)

    for _ in range(2):
        await a_handler(store).handle([a_command(Refuse(rejection), stream)])

    assert await names(store, stream) == ["JobRejected"]
    assert (await store.heads([stream]))[stream].head.state == "rejected"


async def test_a_job_whose_stream_is_corrupt_stops_nobody_else() -> None:
    store = MemoryStore()
    other = uuid7(5, 5)
    sound = a_submit(job_id=other)
    broken = NewEvent(CAUSE, "JobCompleted", 1, "{}", NOW)
    head = Head("open", NOW, {"kind": "maxcut", "tier": "interactive", "lane": "auto", "fingerprint": ""})
    await store.append([Append(JOB_ID, "acme", 0, (broken,), head)])

    undecidable = await a_handler(store).handle([a_command(Wake()), a_command(sound, other)])

    assert [each.command.job_id for each in undecidable] == [JOB_ID]
    assert await names(store, other) == WHOLE[:3]


async def test_a_job_that_the_store_refuses_stops_nobody_else() -> None:
    class Picky(MemoryStore):
        async def append(self, batch: Sequence[Append]) -> list[bool]:
            if any(each.stream_id == JOB_ID for each in batch):
                raise InvalidBatch("no")
            return await super().append(batch)

    store = Picky()
    other = uuid7(5, 5)

    undecidable = await a_handler(store).handle([a_command(a_submit()), a_command(a_submit(job_id=other), other)])

    assert [each.command.job_id for each in undecidable] == [JOB_ID]
    assert await names(store, other) == WHOLE[:3]


class TestRelay:
    async def test_it_publishes_every_event_in_order_where_it_belongs(self) -> None:
        store, bus = MemoryStore(), CollectingBus()
        await a_handler(store).handle([a_command(message()) for message in STORY])

        await a_relay(store, bus, StoppedClock()).step()

        lifecycle = [decode(r.headers, r.value) for r in bus.records if r.topic == "jobs.lifecycle"]
        assert [envelope.type.split(".")[2] for envelope in lifecycle] == WHOLE
        assert [envelope.version for envelope in lifecycle] == [1, 2, 3, 4, 5, 6, 7]
        assert [r.topic for r in bus.records if r.topic != "jobs.lifecycle"] == [
            "jobs.queued.classical.interactive",
            "jobs.completed",
        ]
        assert {r.key for r in bus.records} == {str(JOB_ID).encode()}

    async def test_a_failed_publish_is_made_again_from_the_same_place(self) -> None:
        store, bus = MemoryStore(), CollectingBus()
        await a_handler(store).handle([a_command(a_submit())])
        relay = a_relay(store, bus, StoppedClock())
        bus.failures = 1

        with pytest.raises(BusError):
            await relay.step()
        assert bus.records == []
        await relay.step()

        assert len(bus.records) == 4

    async def test_it_goes_on_from_its_cursor_and_repeats_only_what_was_not_saved(self) -> None:
        store, bus = MemoryStore(), CollectingBus()
        await a_handler(store).handle([a_command(a_submit())])
        first = a_relay(store, bus, StoppedClock())
        await first.step()
        await first.save(force=True)

        await a_relay(store, bus, StoppedClock()).step()

        assert len(bus.records) == 4

    async def test_it_reads_twice_as_many_while_they_are_small_and_fewer_once_they_are_large(self) -> None:
        store, bus = CountingStore(), CollectingBus()
        await a_handler(store).handle([a_command(message()) for message in STORY])

        small = a_relay(store, bus, StoppedClock(), batch_max=100)
        assert [await small.step(), await small.step(), store.limits] == [False, False, [64, 100]]
        store.limits.clear()
        store.database.cursors.clear()
        large = a_relay(store, bus, StoppedClock(), batch_max=4, batch_bytes=1)
        assert [await large.step() for _ in range(5)] == [True, True, True, True, False]

        assert store.limits == [4, 1, 1, 1, 1]
        assert len(bus.records) == 2 * 9

    async def test_only_one_leads(self) -> None:
        database, bus = MemoryDatabase(), CollectingBus()
        left, right = MemoryStore(database), MemoryStore(database)
        await a_handler(left).handle([a_command(a_submit())])
        await a_relay(left, bus, StoppedClock()).step()

        await a_relay(right, bus, StoppedClock(), holder="two").step()

        assert len(bus.records) == 4


async def test_a_job_belongs_to_whoever_submits_it_also_where_another_message_about_it_came_first() -> None:
    store = MemoryStore()
    await a_handler(store).handle([a_command(Cancel("acme", "somebody", "too early")), a_command(a_submit())])
    assert (await store.heads([JOB_ID]))[JOB_ID].tenant == "acme"


async def test_a_repeated_submission_is_no_late_one_where_nobody_remembers_the_job() -> None:
    store, clock = MemoryStore(), StoppedClock()
    submission = a_command(a_submit(deadline=at(10)))
    await a_handler(store, clock).handle([submission])
    clock.moment = at(20)
    assert await a_handler(store, clock).handle([submission]) == []
    assert list(store.database.streams) == [JOB_ID]


async def test_nobody_is_refused_for_a_conflict_with_a_submission_that_was_itself_too_late() -> None:
    store = MemoryStore()
    await a_handler(store).handle([a_command(a_submit())])
    rival, repeat = a_command(a_submit(seed=7), cause=uuid7(1, 1)), a_command(a_submit(), cause=uuid7(1, 2))
    await a_handler(store).handle([rival, repeat])
    assert set(store.database.streams) == {JOB_ID, refusal(rival.cause_id)}


async def test_a_relay_whose_store_is_away_ends_in_good_order() -> None:
    async def away(_operation: str) -> None:
        raise StoreUnavailable

    stop = asyncio.Event()
    stop.set()
    relay = a_relay(MemoryStore(hooks=Hooks(before=away)), CollectingBus(), StoppedClock())
    await relay.run(stop)
