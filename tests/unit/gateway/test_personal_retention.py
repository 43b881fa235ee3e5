"""Personal data ends when its time is over: told on a clock that is moved."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from queuebit_contracts.sealed import Redacted, sealed_for
from queuebit_gateway.personal_retention import BATCH_MAX, LOOK_S, PersonalRetention
from queuebit_gateway.settings import GatewaySettings
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_store.errors import StoreUnavailable
from queuebit_store.keys.port import SubjectKey
from queuebit_store.keys.ring import KeyRing, MasterKeys
from queuebit_store.memory import MemoryStore
from queuebit_store.memory_state.database import MemoryDatabase
from tests.fakes.moved_clock import MovedClock
from tests.fakes.telemetry import Listener

KEEP_D, DAY_S = 30, 86_400.0
JOB = UUID(int=7)


class World:
    """A gateway's keys, and the task that ends what is over."""

    def __init__(self) -> None:
        self.clock, self.telemetry = MovedClock(), Listener()
        self.store = MemoryStore(MemoryDatabase(lambda: self.clock.now().timestamp()))
        masters = MasterKeys({"2026": b"m" * 32})
        self.ring = KeyRing(self.store, masters, monotonic_s=self.clock.monotonic_s, random=os.urandom, mint=uuid4)
        self.stop = asyncio.Event()

    def begun(self) -> asyncio.Task[None]:
        keeping = PersonalRetention(self.store, self.ring, self.clock, self.telemetry, keep_d=KEEP_D)
        return asyncio.create_task(keeping.run(self.stop))

    async def sealed(self, subject: str) -> str:
        key = await self.ring.of_subject("acme", subject)
        return key.of(key.bound._replace(job=JOB)).seal(b"geheim", "statement")

    async def opened(self, token: str) -> bytes | None:
        """As a worker does that remembers no key."""
        (key_id,) = {UUID(token.split(".")[1])}
        self.clock.spend(60)
        key = (await self.ring.of_ids([key_id]))[key_id]
        assert key is not None
        try:
            return key.of(sealed_for(token)).open(token, "statement")
        except Redacted:
            return None


async def test_what_was_sealed_longer_ago_opens_no_more_and_the_rest_does() -> None:
    """Given a subject who asks every ten days, then at each look what is older than thirty days is gone, and nothing else."""
    world = World()
    running = world.begun()
    tokens = []
    for _ in range(7):
        tokens.append(await world.sealed("p-17"))
        await world.clock.advance(10 * DAY_S)

    found = [await world.opened(each) for each in tokens]

    world.stop.set()
    await world.clock.advance(LOOK_S)
    await running
    assert found == [None] * 4 + [b"geheim"] * 3
    assert world.telemetry.counts[Metric.KEYS_MOVED, ()] >= 4


async def test_a_key_that_cannot_be_moved_holds_up_no_other_and_is_told_of() -> None:
    world = World()
    for number in range(BATCH_MAX + 20):
        await world.sealed(f"p-{number}")
    keys = world.store.database.subject_keys
    shut = min(keys.values(), key=lambda key: key.key_id)
    keys[shut.key_id] = replace(shut, wrapped=b"spoilt" * 10)
    running = world.begun()

    await world.clock.advance(40 * DAY_S)

    world.stop.set()
    await world.clock.advance(LOOK_S)
    await running
    behind = [key.key_id for key in keys.values() if key.since < date(2026, 1, 12)]
    assert behind == [shut.key_id]
    assert world.telemetry.observed[-1] == (Metric.KEYS_OVERDUE, 1, ())


async def test_a_key_of_a_day_that_is_none_holds_up_no_other() -> None:
    """Given a key that a machine made whose clock stood at its beginning."""
    world = World()
    await world.sealed("p-1")
    await world.sealed("p-2")
    keys = world.store.database.subject_keys
    first, other = keys
    keys[first] = replace(keys[first], since=date(1900, 1, 1))
    running = world.begun()

    await world.clock.advance(40 * DAY_S)

    world.stop.set()
    await world.clock.advance(LOOK_S)
    await running
    assert (keys[first].since, keys[other].since > date(2026, 1, 1)) == (date(1900, 1, 1), True)
    assert world.telemetry.observed[-1] == (Metric.KEYS_OVERDUE, 1, ())


async def test_a_machine_whose_clock_is_wrong_ends_nothing() -> None:
    """Given a gateway that is ten years ahead of the store, then what was sealed today stays."""
    world = World()
    today = world.clock.now()
    world.store.database.now_s = today.timestamp
    token = await world.sealed("p-17")
    running = world.begun()

    world.clock.spend(3650 * DAY_S)
    await world.clock.advance(2 * LOOK_S)

    world.stop.set()
    await world.clock.advance(LOOK_S)
    await running
    assert await world.opened(token) == b"geheim"


async def test_a_store_that_is_away_is_asked_again_at_the_next_look() -> None:
    world = World()
    token = await world.sealed("p-17")
    away = [True]
    found = world.store.keys_before

    async def keys_before(day: date, after: SubjectKey | None, limit: int) -> list[SubjectKey]:
        if away[0]:
            raise StoreUnavailable("away", remedy="Wait.")
        return await found(day, after, limit)

    world.store.keys_before = keys_before  # type: ignore[method-assign]
    running = world.begun()
    await world.clock.advance(40 * DAY_S)
    assert await world.opened(token) == b"geheim"

    away[0] = False
    await world.clock.advance(LOOK_S)

    assert await world.opened(token) is None
    world.stop.set()
    await world.clock.advance(LOOK_S)
    await running


def test_a_time_in_which_jobs_may_still_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUEBIT_PEPPER", "0123456789abcdef-0123456789abcdef")
    monkeypatch.setenv("QUEUEBIT_PERSONAL_KEEP_D", "29")
    with pytest.raises(ValidationError, match="at least 30 days"):
        GatewaySettings()
    monkeypatch.setenv("QUEUEBIT_PERSONAL_KEEP_D", "30")
    assert GatewaySettings().personal_keep_d == 30
