"""The relay and large events: what is small goes on meanwhile, each job in its order, and the cursor behind what is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from queuebit_contracts.ids import uuid7
from queuebit_control_plane.relay.large_path import LargePath
from queuebit_control_plane.relay.lead import KEEP_INTERVAL_S, PATIENCE_S, Lead
from queuebit_control_plane.relay.relay import CURSOR, LARGE_PATIENCE_S, LEASE, Relay
from queuebit_runtime.bus.port import BusError, Outgoing
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Head, NewEvent, Payload, Position
from tests.builders import NOW
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.simulation.virtual import VirtualClock, run_virtual
from tests.unit.control_plane.relaying import a_relay, stepped

LARGE, SMALL = "large", "small"
HEAD = Head("open")
STATEMENT = b'"' + b"x" * 70_000 + b'"'


class HoldingBus(CollectingBus):
    """Holds whatever is large until it is let go, or fails it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.held = 0
        self.refusals = 0

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if any(len(record.value) > 65_536 for record in records):
            self.held += 1
            await self.gate.wait()
            if self.refusals:
                self.refusals -= 1
                raise BusError("not now")
        await super().publish(records)


class Unhurried(StoppedClock):
    """Does not mind being waited for."""

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(0)


async def log_of(*events: tuple[int, str]) -> MemoryStore:
    """A store that holds these (job, small or large), each behind the one before it."""
    store, versions = MemoryStore(), dict[int, int]()
    for job, size in events:
        version = versions.get(job, 0)
        versions[job] = version + 1
        payload = Payload(8, STATEMENT) if size == LARGE else None
        event = NewEvent(uuid7(1, job * 100 + version), "JobStarted", 1, '{"much":null}', NOW, payload=payload)
        assert await store.append([Append(uuid7(5, job), "acme", version, (event,), HEAD)]) == [True]
    return store


def told(bus: CollectingBus) -> list[tuple[int, int]]:
    """Which events were published, in order: (job, version)."""
    jobs = {str(uuid7(5, job)): job for job in range(20)}
    return [(jobs[record.key.decode()], int(dict(record.headers)["ce_streamversion"])) for record in bus.records]


async def saved(relay: Relay, store: MemoryStore) -> int:
    """How many events stand behind the saved cursor."""
    await relay.save(force=True)
    everything = await store.read(Position(), limit=99)
    return len(everything) - len(await store.read(await store.load_cursor(CURSOR), limit=99))


async def turns(relay: Relay, count: int = 5) -> None:
    for _ in range(count):
        await relay.step()
        await asyncio.sleep(0)


async def test_what_is_small_goes_on_while_a_large_event_is_not_acknowledged() -> None:
    store, bus = await log_of((1, ""), (2, LARGE), (3, ""), (1, ""), (4, "")), HoldingBus()
    relay = a_relay(store, bus, StoppedClock())

    await turns(relay)

    assert (told(bus), bus.held) == ([(1, 1), (3, 1), (1, 2), (4, 1)], 1)
    assert await saved(relay, store) == 1, "the cursor stays before the large event"

    bus.gate.set()
    await stepped(relay)
    assert told(bus)[4:] == [(2, 1)]
    assert len(bus.records[-1].value) > len(STATEMENT), "it is whole"
    assert await saved(relay, store) == 5


async def test_the_events_of_a_job_stay_in_order_before_and_behind_a_large_one() -> None:
    store, bus = await log_of((1, ""), (1, LARGE), (1, ""), (2, ""), (1, LARGE), (1, "")), HoldingBus()
    relay = a_relay(store, bus, StoppedClock(), batch_max=2)

    await turns(relay)
    assert told(bus) == [(1, 1), (2, 1)]

    bus.gate.set()
    await stepped(relay)
    assert told(bus) == [(1, 1), (2, 1), (1, 2), (1, 3), (1, 4), (1, 5)]


async def test_a_large_event_that_is_not_taken_is_tried_again_and_holds_up_nobody() -> None:
    store, bus = await log_of((1, LARGE), (1, ""), (2, "")), HoldingBus()
    bus.refusals = 3
    bus.gate.set()

    await stepped(a_relay(store, bus, Unhurried()))

    assert (told(bus), bus.held) == ([(2, 1), (1, 1), (1, 2)], 4)


async def test_whoever_takes_the_lead_next_publishes_again_from_the_oldest_that_was_open() -> None:
    store, bus = await log_of((1, ""), (2, LARGE), (3, "")), HoldingBus()
    first = a_relay(store, bus, StoppedClock(), holder="one")
    await turns(first)
    await first.save(force=True)
    store.database.leases.clear()
    bus.gate.set()

    await stepped(a_relay(store, bus, StoppedClock(), holder="two"))

    assert told(bus)[:2] == [(1, 1), (3, 1)]
    assert sorted(told(bus)[2:]) == [(2, 1), (2, 1), (3, 1)]


async def test_a_lead_that_is_lost_ends_the_path() -> None:
    store, bus, clock = await log_of((1, LARGE), (2, "")), HoldingBus(), StoppedClock()
    relay = a_relay(store, bus, clock)
    await turns(relay)
    store.database.leases.clear()
    await store.append([Append(uuid7(5, 3), "acme", 0, (NewEvent(uuid7(1, 1), "JobStarted", 1, "{}", NOW),), HEAD)])
    await relay.step()
    relay._saved = Position(9, 9, 9)
    await relay.save(force=True)

    bus.gate.set()
    await asyncio.sleep(0)

    assert told(bus) == [(2, 1), (3, 1)]


@pytest.mark.parametrize("bound", [{"waiting_max": 2}, {"ahead_max": 3}])
async def test_what_waits_is_bounded_and_then_nothing_more_is_read(bound: dict[str, int]) -> None:
    log = [(1, LARGE), (2, ""), (3, ""), (1, ""), (4, ""), (5, ""), (6, "")]
    store, bus = await log_of(*log), HoldingBus()
    relay = a_relay(store, bus, StoppedClock(), batch_max=1)
    for name, value in bound.items():
        setattr(relay._path, f"_{name}", value)

    await turns(relay, 12)
    assert len(told(bus)) == {"waiting_max": 2, "ahead_max": 3}[next(iter(bound))]

    bus.gate.set()
    for _ in range(6):
        await stepped(relay)
    assert sorted(told(bus)) == [(1, 1), (1, 2), *((job, 1) for job in range(2, 7))]


async def test_what_is_published_ahead_counts_from_the_oldest_that_still_waits() -> None:
    store = await log_of((1, LARGE), (2, LARGE))
    first, second = await store.read(Position(), limit=2, whole=False)
    turn = asyncio.Semaphore(0)

    async def publish(_: object) -> None:
        await turn.acquire()

    path = LargePath(publish, StoppedClock(), ahead_max=3)
    path.take([(first, Position())], 0)
    path.take([], 2)
    path.take([(second, first.position)], 0)
    path.take([], 2)
    assert path.full

    turn.release()
    for _ in range(3):
        await asyncio.sleep(0)

    assert (path.behind, path.full) == (first.position, False)
    await path.stop()


async def test_an_event_whose_payload_is_gone_leaves_a_dead_letter() -> None:
    store, bus = await log_of((1, LARGE), (1, "")), CollectingBus()
    whole = store.database.events[uuid7(5, 1)]
    whole[0] = store.database.bare[whole[0].position]

    await stepped(a_relay(store, bus, StoppedClock()))

    assert [record.topic for record in bus.records] == ["dlq.control-plane.relay", "jobs.lifecycle"]
    assert b"PayloadGone" in dict(bus.records[0].headers)["qb_error_detail"]


def test_a_large_event_that_takes_long_changes_the_lead_only_after_long() -> None:
    """Given a large event that is on its way for a minute, then the same process leads; it hands over once that is too long."""

    async def main() -> None:
        clock = VirtualClock()
        store = await log_of((1, LARGE), (2, SMALL))
        store.database.now_s = clock.monotonic_s
        bus, stop = HoldingBus(), asyncio.Event()
        lead = Lead(store, clock, name=LEASE, holder="one")
        running = asyncio.ensure_future(Relay(store, bus, clock, lead).run(stop))
        await clock.sleep(1.0)
        first = lead.lease
        await clock.sleep(LARGE_PATIENCE_S - 2.0)
        assert (lead.lease, first is not None, told(bus)) == (first, True, [(2, 1)])
        await clock.sleep(1.0 + PATIENCE_S + 2 * KEEP_INTERVAL_S)
        assert lead.lease != first
        stop.set()
        bus.gate.set()
        await running

    run_virtual(main())
