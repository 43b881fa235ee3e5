"""Runs the bulk operations that somebody started over HTTP, beside a gateway: the same rules, leases and records as by hand.

It finds itself by its entry point, so that a gateway without this distribution runs none and knows it. What was started by hand
is left to the hand that started it, also where that was interrupted.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from uuid import UUID

from queuebit_contracts.operators import OVER_HTTP, REASON_LENGTH_MAX, RUN_HERE, OperationStopped
from queuebit_operations.bulk.operation import Operation
from queuebit_operations.bulk.runner import Act, Runner
from queuebit_operations.bulk.store import Operations, OperationStore
from queuebit_operations.connections.clock import store_time
from queuebit_operations.connections.store import opened_store
from queuebit_operations.errors import InConflict
from queuebit_operations.jobs.acting import act_of
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreError

LOOK_S = 0.5
AT_ONCE_MAX = 20
STEP_MAX = 20
"""Small steps: whoever asks the gateway something meanwhile waits for one of them at most."""

_log = logging.getLogger(__name__)


async def run(stop: asyncio.Event) -> None:
    """Look for work until `stop`. Raises StoreError where PostgreSQL does not answer."""
    async with opened_store(os.environ) as store:
        clock = await store_time(store)
        worker = Worker(store, clock, lambda verb, operation_id: act_of(verb, store, clock, operation_id))
        while not stop.is_set():
            await worker.step()
            await wait_event(stop, clock, LOOK_S)


class Worker:
    """`act` says what a verb does with a step of its targets."""

    def __init__(self, store: OperationStore, clock: Clock, act: Callable[[str, UUID], Act]) -> None:
        self._operations = Operations(store, clock)
        holder = f"{socket.gethostname()}/{os.getpid()}/http/{clock.monotonic_s()}"
        self._runner = Runner(store, clock, holder=holder, step_max=STEP_MAX)
        self._act = act

    async def step(self) -> int:
        """Carry on each operation that waits for somebody, one after the other; how many there were."""
        carried = 0
        for row in await self._operations.list(limit=AT_ONCE_MAX, state="running"):
            operation = await self._operations.load(row.stream_id)
            if _is_ours(operation) and await self._carried(row.stream_id, operation.verb):
                carried += 1
        return carried

    async def _carried(self, operation_id: UUID, verb: str) -> bool:
        try:
            return await self._runner.carry_on(operation_id, self._act(verb, operation_id)) is not None
        except InConflict as error:
            _log.info("The operation %s is left to another process: %s", operation_id, error)
            return False
        except StoreError:
            raise
        except Exception as error:
            _log.exception("The operation %s cannot go on.", operation_id)
            await self._stop(operation_id, f"{type(error).__name__}: {error}")
            return False

    async def _stop(self, operation_id: UUID, why: str) -> None:
        """It is begun again by who has looked, never by itself: what fails here would fail again, and hold up its gateway."""
        operation = await self._operations.load(operation_id)
        stopped = OperationStopped(how="stopped", actor=operation.actor, reason=why[:REASON_LENGTH_MAX])
        await self._operations.record(operation_id, operation, [stopped])


def _is_ours(operation: Operation) -> bool:
    return operation.state == "running" and operation.actor.startswith(OVER_HTTP) and operation.verb in RUN_HERE
