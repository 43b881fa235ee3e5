"""Following what was handed in: in a process, for backends that keep a ledger, round after round, whatever fails."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.events import ExecutionFailed
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.executor import ATTEMPT, QuantumExecutor
from queuebit_quantum_adapter.submissions.follower import CANCEL, FOLLOW, Follower
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolCrashed, PoolTimeout
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_attempt, an_order

PAID = BackendSpec("paid", "1", "quantum", "nowhere:open", 5, durable=True)


class Recording:
    """A pool that notes what it is asked for; the first call crashes."""

    def __init__(self, stop_after: int, stop: asyncio.Event) -> None:
        self.calls: list[tuple[str, Any]] = []
        self._stop_after, self._stop = stop_after, stop

    async def run(self, function_path: str, argument: Any, **_: Any) -> Any:
        self.calls.append((function_path, argument))
        if len(self.calls) == self._stop_after:
            self._stop.set()
        if len(self.calls) == 1:
            raise PoolCrashed("killed")

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
    follower = Follower(pool, [aer(LIMITS)], SystemClock(), interval_s=0.001)

    await follower.run(stop)
    await follower.cancel(UUID(int=1))

    assert pool.calls == []


async def test_what_nobody_wants_is_noted_in_the_ledger() -> None:
    pool = Recording(9, asyncio.Event())

    await Follower(pool, [PAID], SystemClock(), interval_s=1.0).cancel(an_attempt())

    assert pool.calls == [(CANCEL, (PAID, an_attempt()))]


class TooSlow(Recording):
    """A pool whose attempts take longer than they may."""

    async def run(self, function_path: str, argument: Any, **_: Any) -> Any:
        self.calls.append((function_path, argument))
        if function_path == ATTEMPT:
            raise PoolTimeout


@pytest.mark.parametrize(("spec", "expected"), [(PAID, [(CANCEL, (PAID, an_attempt()))]), (aer(LIMITS), [])])
async def test_what_an_attempt_leaves_behind_that_ends_without_an_answer_is_cancelled(
    spec: BackendSpec, expected: list[Any]
) -> None:
    """A retry is another attempt: nobody would take the result of this one."""
    pool, clock = TooSlow(9, asyncio.Event()), SystemClock()
    follower = Follower(pool, [PAID], clock, interval_s=1.0)
    executor = QuantumExecutor(pool, Backends([spec]), LIMITS, clock, worker="w", follower=follower)
    order = an_order(a_maxcut(4), lane=spec.lane, params={"layers": 1})

    told = await executor.run(order, lambda _: None, asyncio.Event())

    assert isinstance(told, ExecutionFailed)
    assert told.code is FailureCode.BUDGET_EXHAUSTED
    assert pool.calls[1:] == expected
