"""Following what was handed in: in a process, for backends that keep a ledger, round after round, whatever fails."""

from __future__ import annotations

import asyncio
from typing import Any

from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.submissions.follower import FOLLOW, Follower
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolCrashed
from tests.unit.quantum_adapter.models import LIMITS

PAID = BackendSpec("paid", "1", "quantum", "nowhere:open", 5, durable=True)


class Recording:
    """A pool that notes what it is asked for; the first call crashes."""

    def __init__(self, stop_after: int, stop: asyncio.Event) -> None:
        self.calls: list[tuple[str, Any]] = []
        self._stop_after, self._stop = stop_after, stop
        self.error: Exception = PoolCrashed("killed")

    async def run(self, function_path: str, argument: Any, **_: Any) -> Any:
        self.calls.append((function_path, argument))
        if len(self.calls) == self._stop_after:
            self._stop.set()
        if len(self.calls) == 1:
            raise self.error

    async def close(self) -> None:
        return


async def test_only_backends_with_a_ledger_are_followed_and_a_crash_ends_nothing() -> None:
    stop = asyncio.Event()
    pool = Recording(3, stop)

    await Follower(pool, [aer(LIMITS), PAID], SystemClock(), interval_s=0.001).run(stop)

    assert pool.calls == [(FOLLOW, PAID)] * 3


async def test_without_such_a_backend_nothing_is_asked() -> None:
    stop = asyncio.Event()
    pool = Recording(1, stop)

    await Follower(pool, [aer(LIMITS)], SystemClock(), interval_s=0.001).run(stop)

    assert pool.calls == []


async def test_what_nobody_expected_ends_nothing_either() -> None:
    stop = asyncio.Event()
    pool = Recording(3, stop)
    pool.error = OSError("no more processes")

    await Follower(pool, [PAID], SystemClock(), interval_s=0.001).run(stop)

    assert pool.calls == [(FOLLOW, PAID)] * 3
