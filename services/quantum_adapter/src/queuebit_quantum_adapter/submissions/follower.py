"""Follows what was handed in at providers that charge, also what nobody of this process began."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.waiting import wait_event

FOLLOW = "queuebit_quantum_adapter.shell.child:follow"
CALL_TIMEOUT_S = 300.0

_log = logging.getLogger(__name__)


class Follower:
    """Acts on submissions that are due, in processes of its own: an attempt that waits holds up nobody, and a backend that
    hangs holds up no other.
    """

    def __init__(self, pool: Pool, specs: Iterable[BackendSpec], clock: Clock, *, interval_s: float) -> None:
        self._pool = pool
        self._specs = tuple(spec for spec in specs if spec.durable)
        self._clock = clock
        self._interval_s = interval_s

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. What cannot be done now is done at the next round."""
        await asyncio.gather(*(self._follow(spec, stop) for spec in self._specs))

    async def _follow(self, spec: BackendSpec, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._pool.run(FOLLOW, spec, timeout_s=CALL_TIMEOUT_S, stop=stop)
            except PoolError as error:
                if not stop.is_set():
                    _log.warning("Submissions at %s could not be followed: %s", spec.name, error)
            except Exception:
                _log.exception("Submissions at %s could not be followed.", spec.name)
            await wait_event(stop, self._clock, self._interval_s)
