"""What the watch says of a backlog that does not move, and of a horizon that is held."""

from __future__ import annotations

import pytest

from queuebit_control_plane.relay.lead import Lead
from queuebit_control_plane.relay.watch import HELD_S, STALLED_S, Standing, Watch, held, stalled, stand
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import NoTelemetry
from queuebit_store.diagnosis.port import TRIES, Backlog, HorizonHolder
from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.ports import Position
from tests.builders import at
from tests.contract.store.builders import an_append
from tests.fakes.clocks import StoppedClock

HERE, THERE = Position(1, 2, 3), Position(1, 2, 4)
SOMEBODY = HorizonHolder("session", "4711", "shop", "ada", "psql", "idle in transaction", 12.4)


class Gauges(NoTelemetry):
    """Keeps what was measured last."""

    def __init__(self) -> None:
        self.values: dict[Metric, float] = {}

    def observe(self, metric: Metric, value: float, labels: object = None, traceparent: str | None = None) -> None:
        self.values[metric] = value


class WatchedStore:
    """A watch over a store in memory, on a clock that stands where it is put."""

    def __init__(self) -> None:
        self.clock, self.telemetry = StoppedClock(), Gauges()
        self.database = MemoryDatabase(self.clock.monotonic_s)
        self.store = MemoryStore(self.database)
        self.lead = Lead(self.store, self.clock, name="relay", holder="one")
        self.watch = Watch(self.store, self.lead, self.clock, cursor="relay", telemetry=self.telemetry)

    async def codes(self, *seconds: float) -> list[str | None]:
        """What it says at these moments."""
        said = []
        for second in seconds:
            self.clock.moment = at(second)
            reason = await self.watch.database() or await self.watch.relay()
            said.append(reason.code if reason else None)
        return said


@pytest.mark.parametrize(
    ("before", "backlog", "after"),
    [
        (None, Backlog(HERE, 1, 9.0, None), Standing(HERE, 50.0)),
        (Standing(HERE, 40.0), Backlog(HERE, 1, 9.0, None), Standing(HERE, 40.0)),
        (Standing(HERE, 40.0), Backlog(HERE, 0, None, None), Standing(HERE, 50.0)),
        (Standing(HERE, 40.0), Backlog(THERE, 1, 9.0, None), Standing(THERE, 50.0)),
    ],
)
def test_it_stands_since_it_last_moved_or_had_nothing_to_do(
    before: Standing | None, backlog: Backlog, after: Standing
) -> None:
    assert stand(before, backlog, 50.0) == after


def test_a_stalled_relay_says_what_waits_and_for_how_long() -> None:
    backlog, standing = Backlog(HERE, 7, 9.04, None), Standing(HERE, 40.0)
    assert stalled(backlog, standing, 40.0 + STALLED_S - 0.1) is None
    assert stalled(backlog, standing, 46.0) == Reason(
        "relay_stalled",
        "No stored event was published for 6 s, and the oldest has waited 9 s.",
        {"waiting": 7, "oldest_age_s": 9.0},
    )


def test_a_held_horizon_names_its_holder() -> None:
    reason = held(Backlog(HERE, 1, 5.0, 5.0), [SOMEBODY])
    assert reason == Reason(
        "horizon_held",
        "Stored events have waited 5 s behind a transaction that is still open: process 4711 of user 'ada' in database "
        "'shop' (psql), open for 12 s. Let it end, or SELECT pg_terminate_backend(4711).",
        {
            "held_age_s": 5.0,
            "kind": "session",
            "holder": "4711",
            "database": "shop",
            "user": "ada",
            "application": "psql",
            "state": "idle in transaction",
            "age_s": 12.4,
        },
    )


@pytest.mark.parametrize(
    ("holders", "said"),
    [
        ([], "it ended while it was looked for"),
        ([HorizonHolder("prepared", "x", "shop", "ada", "", "prepared", 60.0)], "the prepared transaction 'x' of user"),
        ([HorizonHolder("session", "4", "shop", "ada", "", None, None)], "a time that only pg_read_all_stats shows"),
    ],
)
def test_a_held_horizon_says_what_can_be_known(holders: list[HorizonHolder], said: str) -> None:
    assert said in held(Backlog(HERE, 1, 5.0, 5.0), holders).detail


async def test_a_backlog_that_does_not_move_is_told_until_it_moves() -> None:
    world = WatchedStore()
    await world.store.append([an_append(1)])
    assert await world.codes(0, 1, 2, 3) == [None] * 4
    assert await world.codes(STALLED_S, 9) == ["relay_stalled"] * 2
    assert world.telemetry.values[Metric.RELAY_OLDEST] == pytest.approx(9.0)
    await world.store.save_cursor("relay", (await world.store.read(Position(), limit=1))[0].position)
    assert await world.codes(10, 99) == [None, None]


async def test_an_open_transaction_is_told_until_it_ends() -> None:
    world = WatchedStore()
    with world.database.open_transaction():
        await world.store.append([an_append(1)])
        assert await world.codes(0, HELD_S - 0.1, HELD_S) == [None, None, "horizon_held"]
        assert world.telemetry.values[Metric.HORIZON_AGE] == pytest.approx(HELD_S)
    await world.store.save_cursor("relay", (await world.store.read(Position(), limit=1))[0].position)
    assert await world.codes(HELD_S + 1) == [None]


async def test_who_leads_and_since_when_is_measured() -> None:
    world = WatchedStore()
    await world.codes(1)
    leads = (Metric.RELAY_LEADER, Metric.RELAY_LEADER_SINCE)
    assert [world.telemetry.values[metric] for metric in leads] == [0, 0.0]
    await world.lead.ask()
    await world.codes(2)
    assert [world.telemetry.values[metric] for metric in leads] == [1, at(1).timestamp()]


@pytest.mark.parametrize(("failures", "code"), [(1, None), (TRIES - 1, None), (TRIES, "postgres_unavailable")])
async def test_a_store_that_is_away_is_told_and_cut_sessions_are_not(failures: int, code: str | None) -> None:
    world, left = WatchedStore(), [True] * failures

    async def away(_operation: str) -> None:
        if left:
            left.pop()
            raise StoreUnavailable

    world.store.hooks = Hooks(before=away)
    assert await world.codes(0) == [code]


async def test_of_a_store_that_is_away_the_relay_says_nothing() -> None:
    async def away(_operation: str) -> None:
        raise StoreUnavailable

    world = WatchedStore()
    world.store.hooks = Hooks(before=away)
    assert await world.watch.relay() is None
