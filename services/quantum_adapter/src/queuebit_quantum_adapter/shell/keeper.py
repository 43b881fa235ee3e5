"""Takes orders for providers that charge into the ledger: from there they are carried on, whatever becomes of this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from queuebit_contracts.ids import lineage_id_of
from queuebit_problems.errors import ProblemError
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.shell.executor import QuantumExecutor, TaskHop
from queuebit_quantum_adapter.submissions.ledger import OpenLedger
from queuebit_quantum_adapter.submissions.packed import ToldAs, packed
from queuebit_runtime.clock import Clock
from queuebit_runtime.retry import FOR_HANDLERS, Backoff
from queuebit_runtime.waiting import wait_event
from queuebit_runtime.worker.orders import Work
from queuebit_store.attempts.port import NewAttempt
from queuebit_store.errors import StoreUnavailable

_log = logging.getLogger(__name__)


class OrderKeeper:
    """A Keeper of the worker's shell."""

    def __init__(
        self,
        open_ledger: OpenLedger,
        executor: QuantumExecutor,
        clock: Clock,
        *,
        hurry: Callable[[], None],
        drop: Callable[[Sequence[UUID]], None],
        hop: TaskHop = asyncio.to_thread,
        backoff: Backoff = FOR_HANDLERS,
    ) -> None:
        """`hurry` is called when there is something new to carry on, `drop` of what nobody wants any more."""
        self._open_ledger = open_ledger
        self._executor = executor
        self._clock = clock
        self._hurry = hurry
        self._drop = drop
        self._hop = hop
        self._backoff = backoff

    async def keep(self, work: Work) -> bool:
        """Store an order whose backend keeps a ledger. An order that cannot be served is not kept: its refusal is told at once.
        While PostgreSQL does not answer, it waits.
        """
        order = work.order
        try:
            task = await self._hop(lambda: self._executor.task_of(order))
        except (AdapterError, ProblemError):
            return False
        if not task.backend.durable:
            return False
        _, record = work.claims[0]
        lineage = lineage_of(work.report.job, order.leg)
        data = packed(record.headers, record.value or b"")
        report = work.report
        told_as = ToldAs(report.job, report.tenant, order.leg, report.traceparent).encode()
        new = NewAttempt(order.attempt_id, lineage, order.number, task.backend.name, data, told_as)
        tries = 0
        while not work.stop.is_set():
            try:
                await (await self._open_ledger()).keep_attempt(new)
            except AdapterError:
                return False
            except StoreUnavailable as error:
                tries += 1
                _log.warning("An order could not be kept: %s", error, extra=work.report.log_fields)
                await wait_event(work.stop, self._clock, self._backoff.delay_s(tries, 1.0) or self._backoff.ceiling_s)
            else:
                if work.stop.is_set():
                    self._drop([order.attempt_id])
                self._hurry()
                return True
        return False

    async def abandon(self, attempt_ids: Sequence[UUID]) -> None:
        """Whoever carries them on tells the provider. Nothing is waited for: whoever hears of it has more to hear."""
        self._drop(attempt_ids)


def lineage_of(job: str, leg: str) -> UUID:
    """What all tries of one leg of a job have in common."""
    return lineage_id_of(UUID(job), leg)
