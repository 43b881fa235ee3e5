"""What an operator's verb does where somebody else holds a lock."""

from __future__ import annotations

import pytest

from queuebit_operations.connections.locks import PAUSES, until_unlocked
from queuebit_store.errors import StoreLocked
from tests.fakes.moved_clock import MovedClock


class Held:
    """A step that finds its lock held so many times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.tried = 0

    async def step(self) -> str:
        self.tried += 1
        if self.tried <= self.times:
            raise StoreLocked("somebody holds it.")
        return "done"


class QuickClock(MovedClock):
    async def sleep(self, delay_s: float) -> None:
        self.spend(delay_s)


async def test_it_is_asked_for_again_and_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    held = Held(2)
    assert await until_unlocked(QuickClock(), held.step) == "done"
    assert held.tried == 3
    assert capsys.readouterr().err.splitlines() == [
        "somebody holds it. Trying again in 0.5 s.",
        "somebody holds it. Trying again in 1 s.",
    ]


async def test_it_is_given_up_in_the_end() -> None:
    held, clock = Held(99), QuickClock()
    with pytest.raises(StoreLocked):
        await until_unlocked(clock, held.step)
    assert held.tried == PAUSES.attempts_max
    assert 20 < clock.monotonic_s() < 60
