"""The lead: taken when it is free, kept while the work moves, given up by our own clock, handed over at a clean stop."""

from __future__ import annotations

import asyncio

from queuebit_control_plane.relay.lead import (
    ASK_INTERVAL_S,
    KEEP_INTERVAL_S,
    MARGIN_S,
    MODESTY_S,
    PATIENCE_S,
    TTL_S,
    Lead,
)
from queuebit_control_plane.relay.relay import CURSOR
from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.ports import Position
from tests.builders import a_submit, at
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.simulation.virtual import VirtualClock, run_virtual
from tests.unit.control_plane.handling import a_command, a_handler
from tests.unit.control_plane.relaying import a_relay


class TwoProcesses:
    """Two processes on one database and one clock, which stands where it is put."""

    def __init__(self) -> None:
        self.clock = StoppedClock()
        self.database = MemoryDatabase(self.clock.monotonic_s)
        self.stores = [MemoryStore(self.database), MemoryStore(self.database)]
        self.leads = [
            Lead(store, self.clock, name="relay", holder=holder)
            for store, holder in zip(self.stores, ("one", "two"), strict=True)
        ]

    async def tokens(self, second: float) -> list[int | None]:
        """The token of each that leads at this moment, the second asking first."""
        self.clock.moment = at(second)
        found = [await lead.ask() for lead in reversed(self.leads)]
        return [lease.token if lease else None for lease in reversed(found)]


async def test_a_frozen_leader_is_replaced_when_its_time_is_over_and_knows_it_by_its_own_clock() -> None:
    world = TwoProcesses()
    assert (await world.leads[0].ask()) is not None
    assert await world.tokens(ASK_INTERVAL_S) == [1, None]

    world.clock.moment = at(TTL_S - MARGIN_S)
    assert world.leads[0].lease is None
    assert await world.leads[1].ask() is None
    world.clock.moment = at(TTL_S)

    assert (await world.tokens(TTL_S + ASK_INTERVAL_S)) == [None, 2]


async def test_it_asks_at_most_once_in_a_while() -> None:
    world, asked = TwoProcesses(), []

    async def count(operation: str) -> None:
        asked.append(operation)

    await world.leads[0].ask()
    world.stores[1].hooks = Hooks(before=count)
    for number in range(10):
        world.clock.moment = at(number * ASK_INTERVAL_S / 10)
        assert await world.leads[1].ask() is None
    assert asked == ["take"]


async def test_a_save_keeps_it_and_one_that_is_refused_ends_it() -> None:
    world = TwoProcesses()
    lease = await world.leads[0].ask()
    assert lease is not None
    world.clock.moment = at(2)
    world.leads[0].saved(lease, at(2).timestamp())
    world.clock.moment = at(2 + TTL_S - MARGIN_S - 0.01)
    assert world.leads[0].lease == lease

    world.leads[0].lost(lease)

    assert world.leads[0].lease is None
    assert world.leads[0].since is None


async def test_what_a_thawed_leader_saves_is_refused_and_it_begins_where_the_other_ended() -> None:
    clock = StoppedClock()
    database, bus = MemoryDatabase(clock.monotonic_s), CollectingBus()
    store = MemoryStore(database)
    await a_handler(store).handle([a_command(a_submit())])
    one, two = a_relay(store, bus, clock, holder="one"), a_relay(store, bus, clock, holder="two")
    await one.step()
    clock.moment = at(TTL_S + 1)
    await two.step()
    await two.save(force=True)
    after = await store.load_cursor(CURSOR)

    one._position = Position(1, 0, 1)
    await one.save(force=True)

    assert await store.load_cursor(CURSOR) == after
    assert [await one.step(), len(bus.records)] == [False, 4]


def test_it_is_kept_while_the_work_moves_through_a_store_that_is_away_for_a_moment() -> None:
    async def main() -> None:
        clock = VirtualClock()
        store = MemoryStore(MemoryDatabase(clock.monotonic_s))
        lead = Lead(store, clock, name="relay", holder="one")
        first = await lead.ask()
        keeping = asyncio.ensure_future(lead.keep())
        for number in range(100):
            await clock.sleep(0.5)
            lead.worked()
            store.hooks = Hooks(before=_away) if number % 8 == 0 else Hooks()
            assert lead.lease == first
        keeping.cancel()

    run_virtual(main())


def test_a_leader_that_gets_nothing_done_hands_over() -> None:
    async def main() -> None:
        clock = VirtualClock()
        database = MemoryDatabase(clock.monotonic_s)
        stuck, other = (
            Lead(MemoryStore(database), clock, name="relay", holder=holder) for holder in ("stuck", "other")
        )
        assert await stuck.ask() is not None
        keeping = asyncio.ensure_future(stuck.keep())
        await clock.sleep(PATIENCE_S + KEEP_INTERVAL_S + 0.1)

        assert await stuck.ask() is None
        lease = await other.ask()
        assert lease is not None
        assert lease.token == 2
        await clock.sleep(MODESTY_S + ASK_INTERVAL_S)
        assert await stuck.ask() is None
        keeping.cancel()

    run_virtual(main())


async def test_a_clean_stop_hands_over_at_once() -> None:
    world = TwoProcesses()
    await world.leads[0].ask()
    await world.leads[0].release()
    assert await world.tokens(ASK_INTERVAL_S) == [None, 2]


async def _away(_operation: str) -> None:
    raise StoreUnavailable
