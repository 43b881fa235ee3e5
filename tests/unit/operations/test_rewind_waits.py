"""A rewind waits until the brokers have forgotten who read, and moves nobody who reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from queuebit_operations.errors import InConflict
from queuebit_operations.records.port import Place
from queuebit_operations.replaying.rewind import Move, rewind
from tests.fakes.moved_clock import MovedClock

PLACE = Place("jobs.executions", 0)
MOVES = [Move(PLACE, 9, 4)]


class Passing(MovedClock):
    """Whoever sleeps on it lets the time go by."""

    async def sleep(self, delay_s: float) -> None:
        self.spend(delay_s)


class Brokers:
    """A group whose members are forgotten one by one; one that stays is asked for again and again."""

    def __init__(self, *members: int) -> None:
        self._members = list(members)
        self.committed_: dict[Place, int] = {}

    async def members(self, group: str) -> int:
        return self._members.pop(0) if len(self._members) > 1 else self._members[0]

    async def commit(self, group: str, offsets: Any) -> None:
        self.committed_ = dict(offsets)

    async def committed(self) -> dict[str, dict[Place, int]]:
        return {}

    async def offsets_at(self, places: list[Place], at: datetime) -> dict[Place, int]:
        return {}


async def test_it_waits_for_members_that_said_no_farewell() -> None:
    brokers, heard = Brokers(2, 1, 0), list[int]()

    await rewind(brokers, "control-plane", MOVES, Passing(), wait_s=60, on_wait=heard.append)

    assert (heard, brokers.committed_) == ([2, 1], {PLACE: 4})


async def test_it_moves_nobody_who_still_reads() -> None:
    brokers = Brokers(1)

    with pytest.raises(InConflict, match="has 1 members"):
        await rewind(brokers, "control-plane", MOVES, Passing(), wait_s=60, on_wait=lambda _: None)

    assert brokers.committed_ == {}
