"""Steps of operators that need a lock give way after a second, so that nothing queues behind them; then they ask again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from queuebit_client.cli.output import note
from queuebit_runtime.clock import Clock
from queuebit_runtime.retry import Backoff
from queuebit_store.errors import StoreLocked

PAUSES: Final = Backoff(base_s=0.5, ceiling_s=5.0, floor_s=0.5, attempts_max=10)
"""Half a minute in all, beside a second's wait for the lock each time."""
_T = TypeVar("_T")


async def until_unlocked(clock: Clock, step: Callable[[], Awaitable[_T]]) -> _T:
    """Do the step, again and again while somebody else holds what it needs. Raises StoreLocked in the end."""
    tries = 0
    while True:
        try:
            return await step()
        except StoreLocked as error:
            tries += 1
            pause_s = PAUSES.delay_s(tries, 1.0)
            if pause_s is None:
                raise
            note(f"{error.detail} Trying again in {pause_s:g} s.")
        await clock.sleep(pause_s)
