"""Orders that wait together, done together in one process: those whose circuits one execution can run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobQueued
from queuebit_contracts.jobs import Usage
from queuebit_problems.errors import ProblemError
from queuebit_problems.measurement import Measurement
from queuebit_problems.registry import kind_of
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.shell.executor import QuantumExecutor, ended_by, told_of
from queuebit_quantum_adapter.shell.task import Ended, Failed, Outcome, Task, shares
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.waiting import end_task
from queuebit_runtime.worker.orders import Alike
from queuebit_runtime.worker.reports import cancelled

ATTEMPTS = "queuebit_quantum_adapter.shell.child:attempts"
QUBITS_MAX = 16
"""Wider circuits gain nothing."""
NOISY_GATE_S = 2e-8
"""A gate as it was asked for, with all that a device makes of it, on one element of a density matrix."""
TOGETHER_S_MAX = 1.0
"""So long those that run together may take by estimate: nobody waits for the others longer than that."""

Told = ExecutionSucceeded | ExecutionFailed


class OrderJoiner:
    """Runs orders together on a backend that `joins`."""

    def __init__(self, executor: QuantumExecutor, pool: Pool, limits: Limits, clock: Clock, *, count_max: int) -> None:
        """`count_max`: how many orders run together at most."""
        self._executor = executor
        self._pool = pool
        self._limits = limits
        self._clock = clock
        self._count_max = count_max

    def alike(self, order: JobQueued, tenant: str | None, job: str) -> Alike | None:
        """Orders are alike that ask the same kind for circuits of the same size on the same backend, whoever asks."""
        del tenant, job
        size, problem = order.size, order.problem
        if size is None or size.qubits > QUBITS_MAX or order.degraded:
            return None
        try:
            kind = kind_of(problem.kind, problem.version)
            backend = self._executor.backend_of(order)
        except (AdapterError, ProblemError):
            return None
        joins = isinstance(kind, Measurement) and kind.joins and backend.joins
        if not joins or self._executor.is_kept(order, backend):
            return None
        of_gate_s = self._limits.gate_amplitude_s * (1 << size.qubits)
        if backend.noisy:
            of_gate_s = NOISY_GATE_S * (1 << 2 * size.qubits)
        each_s = size.terms * (self._limits.gate_s + of_gate_s)
        count = min(self._count_max, int(TOGETHER_S_MAX / max(each_s, 1e-9)))
        key = (problem.kind, problem.version, size.variables, size.qubits, size.terms, backend.name)
        return Alike(key, count) if count > 1 else None

    async def run_joined(self, orders: Sequence[JobQueued], stops: Sequence[asyncio.Event]) -> list[Told | None]:
        """What goes wrong for all of them at once is no failure of any: then each is to run alone."""
        started_at, began_s = self._clock.now(), self._clock.monotonic_s()
        read = [self._read(order) for order in orders]
        tasks = [task for task in read if isinstance(task, Task)]
        ended = await self._ended(tasks, min(order.budget_s for order in orders), stops) if tasks else ()
        found = iter(ended)
        wall_ns = int((self._clock.monotonic_s() - began_s) * 1e9)
        walls = shares(wall_ns, len(orders))
        told: list[Told | None] = []
        for order, task, stop, share_ns in zip(orders, read, stops, walls, strict=True):
            outcome = next(found) if isinstance(task, Task) else task
            usage = Usage(wall_s=share_ns / 1e9)
            match outcome:
                case _ if stop.is_set():
                    told.append(cancelled(order, usage))
                case None:
                    told.append(None)
                case Failed():
                    told.append(told_of(order, outcome, task if isinstance(task, Task) else None, usage))
                case Outcome():
                    assert isinstance(task, Task)
                    told.append(self._executor.succeeded(order, outcome, task.backend, started_at, share_ns / 1e9))
        return told

    def _read(self, order: JobQueued) -> Task | Failed:
        try:
            return self._executor.task_of(order)
        except (AdapterError, ProblemError) as error:
            return ended_by(error)

    async def _ended(
        self, tasks: Sequence[Task], budget_s: float, stops: Sequence[asyncio.Event]
    ) -> tuple[Ended | None, ...]:
        """How each task ended; None for one that is to run alone. The process ends where nobody wants any of them."""
        unwanted = asyncio.Event()
        watching = asyncio.ensure_future(_set_when_all(stops, unwanted))
        found: tuple[Ended | None, ...] = (None,) * len(tasks)
        try:
            with suppress(PoolError):
                timeout_s = budget_s + self._executor.grace_s
                found = await self._pool.run(ATTEMPTS, tuple(tasks), timeout_s=timeout_s, stop=unwanted)
        finally:
            await end_task(watching)
        return found


async def _set_when_all(events: Sequence[asyncio.Event], then: asyncio.Event) -> None:
    for event in events:
        await event.wait()
    then.set()
