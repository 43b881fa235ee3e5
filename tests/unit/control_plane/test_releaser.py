"""Held jobs go on when their hold is lifted: all at once, or the oldest first at the rate that an operator set."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest

from queuebit_contracts.ids import uuid7
from queuebit_contracts.operators import HoldEased, HoldReleased
from queuebit_control_plane.app import ControlPlane
from queuebit_control_plane.holding.gatekeeper import Gatekeeper
from queuebit_control_plane.holding.releaser import Allowances
from queuebit_domain.holds.codec import fold_holds
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.holds.register import REGISTER_ID
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.ports import StoredEvent
from tests.builders import a_submit
from tests.fakes.clocks import StoppedClock
from tests.simulation.virtual import BEGIN, VirtualClock, run_virtual
from tests.unit.control_plane.handling import a_command
from tests.unit.control_plane.holding import a_hold, holds, store_holds


class _Plane:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.plane = ControlPlane(self.store, MemoryBus(MemoryBroker(self.clock)), self.clock, holder="one")
        self.stop = asyncio.Event()
        self.running = asyncio.ensure_future(self.plane.run(self.stop))

    async def submit(self, count: int) -> None:
        for number in range(count):
            job_id = uuid7(int(BEGIN.timestamp() * 1000), number)
            await self.plane.handler.handle([a_command(a_submit(job_id=job_id), job_id, cause=UUID(int=number + 1))])

    def states(self) -> Counter[str]:
        return Counter(row.head.state for row in self.store.database.streams.values() if row.category == "job")

    async def end(self) -> None:
        self.stop.set()
        await self.running


def test_all_of_a_hold_go_on_when_it_is_released_and_the_others_wait_on() -> None:
    async def main() -> None:
        at = _Plane()
        await store_holds(at.store, a_hold("tenant", "acme"), a_hold("kind", "maxcut"))
        await at.submit(450)
        await at.clock.sleep(60.0)
        assert at.states() == {"held": 450}
        await store_holds(at.store, HoldReleased(hold=1, actor="a", reason="r"))
        await at.clock.sleep(5.0)
        assert at.states() == {"held": 450}
        await store_holds(at.store, HoldReleased(hold=2, actor="a", reason="r"))
        await at.clock.sleep(2.0)
        assert at.states() == {"queued": 450}
        await at.end()

    run_virtual(main())


def test_large_jobs_are_released_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given held jobs and room for the bytes of two at once, then no more than two are read at a time, and all go on."""

    async def main() -> None:
        at = _Plane()
        await store_holds(at.store, a_hold("tenant", "acme"))
        await at.submit(9)
        sizes = await at.store.bytes_of(list(at.store.database.events))
        monkeypatch.setattr("queuebit_control_plane.holding.releaser.STEP_BYTES_MAX", 2 * max(sizes.values()) + 1)
        loads: list[int] = []
        load = at.store.load

        async def counted(stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
            loads.append(len(stream_ids))
            return await load(stream_ids)

        at.store.load = counted  # type: ignore[method-assign]
        await store_holds(at.store, a_hold("kind", "nothing"), HoldReleased(hold=1, actor="a", reason="r"))
        await at.clock.sleep(5.0)
        assert at.states() == {"queued": 9}
        assert (max(loads), sum(loads) >= 9) == (2, True)
        await at.end()

    run_virtual(main())


def test_an_eased_hold_lets_the_oldest_through_at_its_rate_and_ends_when_nothing_waits() -> None:
    async def main() -> None:
        at = _Plane()
        await store_holds(at.store, a_hold())
        await at.submit(300)
        await store_holds(at.store, HoldEased(hold=1, rate_per_s=10.0, actor="bob", reason="slowly"))
        for second in range(1, 11):
            await at.clock.sleep(1.0)
            assert 10 * second - 8 <= at.states()["queued"] <= 10 * second + 13
        first = [
            row.head.state
            for row in sorted(at.store.database.streams.values(), key=lambda row: row.place)
            if row.category == "job"
        ]
        assert first == sorted(first, reverse=True)
        await at.clock.sleep(30.0)
        assert at.states() == {"queued": 300}
        left = fold_holds(await at.store.events_of(REGISTER_ID))
        assert (left.holds, left.version) == ((), 3)
        await at.end()

    run_virtual(main())


def test_an_eased_hold_stays_while_what_it_covers_waits_behind_another() -> None:
    async def main() -> None:
        at = _Plane()
        await store_holds(at.store, a_hold("tenant", "acme"))
        await at.submit(100)
        await store_holds(at.store, a_hold(), HoldEased(hold=1, rate_per_s=5.0, actor="bob", reason="slowly"))
        await at.clock.sleep(60.0)
        assert at.states() == {"held": 100}
        await store_holds(at.store, HoldReleased(hold=2, actor="a", reason="r"))
        await at.clock.sleep(4.0)
        assert 12 <= at.states()["queued"] <= 32
        await at.clock.sleep(60.0)
        assert at.states() == {"queued": 100}
        assert fold_holds(await at.store.events_of(REGISTER_ID)).holds == ()
        await at.end()

    run_virtual(main())


def test_what_waited_behind_a_hold_that_is_released_goes_on_at_the_rate_of_an_eased_one() -> None:
    async def main() -> None:
        at = _Plane()
        await store_holds(at.store, a_hold("tenant", "acme"))
        await at.submit(100)
        await store_holds(at.store, a_hold("kind", "maxcut"))
        eased = HoldEased(hold=2, rate_per_s=5.0, actor="bob", reason="slowly")
        await store_holds(at.store, eased, HoldReleased(hold=1, actor="a", reason="r"))
        await at.clock.sleep(4.0)
        assert 12 <= at.states()["queued"] <= 32
        await at.end()

    run_virtual(main())


def test_what_must_pass_two_eased_holds_uses_up_neither_where_one_lets_nothing_through() -> None:
    standing = holds(
        a_hold("tenant", "acme"),
        a_hold("kind", "maxcut"),
        *(HoldEased(hold=number, rate_per_s=1.0, actor="bob", reason="slowly") for number in (1, 2)),
    )
    tenant, kind = standing.holds
    allowances = Allowances(StoppedClock())

    assert [allowances.take(each) for each in ([kind], [tenant, kind], [tenant], [tenant], [])] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_job_that_cannot_be_read_keeps_no_other_held() -> None:
    async def main() -> None:
        at = _Plane()
        await store_holds(at.store, a_hold("tenant", "acme"), a_hold("kind", "tsp"))
        await at.submit(3)
        broken = at.store.database.events[uuid7(int(BEGIN.timestamp() * 1000), 0)]
        broken[0] = broken[0]._replace(data="{}")
        await store_holds(at.store, HoldReleased(hold=1, actor="a", reason="r"))
        await at.clock.sleep(50.0)
        assert at.states() == {"held": 1, "queued": 2}
        await at.end()

    run_virtual(main())


async def test_the_gate_is_that_of_the_whole_register_however_long() -> None:
    store = MemoryStore()
    past = [(a_hold("tenant", "acme"), HoldReleased(hold=2 * nth + 1, actor="a", reason="r")) for nth in range(501)]
    await store_holds(store, *(event for each in past for event in each), a_hold("kind", "maxcut"))

    gate = await Gatekeeper(store, Lanes(), StoppedClock()).gate()

    assert (gate.holds.version, [hold.name for hold in gate.holds.holds]) == (1003, ["kind maxcut"])


def test_while_the_register_cannot_be_read_nothing_is_decided() -> None:
    async def main() -> None:
        at = _Plane()

        async def before(called: str) -> None:
            if called == "events_of":
                raise StoreUnavailable

        at.store.hooks = Hooks(before=before)
        with pytest.raises(StoreUnavailable):
            await at.submit(1)
        assert at.states() == {}
        at.store.hooks = Hooks()
        await at.submit(1)
        assert at.states() == {"queued": 1}
        await at.end()

    run_virtual(main())
