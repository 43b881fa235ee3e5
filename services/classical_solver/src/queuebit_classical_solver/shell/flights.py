"""The same question of one tenant, asked more than once at a time: it is worked out once, and each gets an answer of its own.

What waits while it is worked out, waits for that; where nothing came of it, the next one works it out, and the others wait for
that. That the problem has no answer is told to all, for it is said of the problem. Each answer says
whose it is, is checked for itself, and uses nothing. Never across tenants, whose questions say nothing of each other by how
long they take, and never where an answer may be another the next time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress

from queuebit_classical_solver.shell.executor import RESCUED
from queuebit_contracts.alike import FROM_ATTEMPT, question_of
from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed, ExecutionSucceeded, JobQueued
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Cost, Usage
from queuebit_contracts.model import copy_with
from queuebit_contracts.sealed import SealedStatement
from queuebit_runtime.waiting import end_task
from queuebit_runtime.worker.executor import Executor
from queuebit_runtime.worker.orders import Alike
from queuebit_runtime.worker.reports import cancelled, failed, progressed

log = logging.getLogger(__name__)

TOGETHER_MAX = 256
KEYS_MAX = 4096
"""So many orders are known by what they ask; beyond it all are forgotten, and run for themselves."""

OF_THE_PROBLEM = frozenset(
    {FailureCode.PROBLEM_INFEASIBLE, FailureCode.PROBLEM_INVALID, FailureCode.PROBLEM_UNSUPPORTED}
)
"""Failures that say something of the problem, and not of who worked on it."""

Told = ExecutionSucceeded | ExecutionFailed


class Flights:
    """An executor around another, and what joins orders that wait together."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        # What is small goes straight there: a call more would be paid by every one of them.
        self.is_small = executor.is_small
        self.run_small = executor.run_small
        self._keys: dict[int, Hashable] = {}
        self._flying: dict[Hashable, asyncio.Future[Told | None]] = {}

    def alike(self, order: JobQueued, tenant: str | None, job: str) -> Alike | None:
        """Orders of one tenant are alike that may be answered alike: same problem, parameters and budget, and no other seed
        that was asked for.
        """
        key = _key_of(order, tenant, job)
        if key is None:
            return None
        if len(self._keys) >= KEYS_MAX:
            self._keys.clear()
        self._keys[order.attempt_id.int] = key
        return Alike(key, TOGETHER_MAX, again=True)

    async def run(self, order: JobQueued, progress: Callable[[ExecutionProgressed], None], stop: asyncio.Event) -> Told:
        """The order, or what another one comes to that asks the same and is at work."""
        key = self._keys.pop(order.attempt_id.int, None)
        return (
            await self._executor.run(order, progress, stop)
            if key is None
            else await self._flown(key, order, progress, stop)
        )

    async def run_joined(self, orders: Sequence[JobQueued], stops: Sequence[asyncio.Event]) -> list[Told | None]:
        """The first is worked out, until nobody wants it any more; where that says nothing to others they are to run again."""
        keys = [self._keys.pop(order.attempt_id.int, None) for order in orders]
        unwanted = asyncio.Event()
        watching = asyncio.ensure_future(_set_when_all(stops, unwanted))
        try:
            outcome = await self._first(keys[0], orders[0], unwanted)
        finally:
            await end_task(watching)
        told: list[Told | None] = []
        for nth, (order, stop) in enumerate(zip(orders, stops, strict=True)):
            if stop.is_set():
                told.append(cancelled(order, outcome.usage if nth == 0 else Usage()))
            else:
                told.append(outcome if nth == 0 else _again(order, outcome))
        self._keys |= {
            order.attempt_id.int: key
            for order, key, each in zip(orders, keys, told, strict=True)
            if each is None and key is not None
        }
        return told

    async def _first(self, key: Hashable, order: JobQueued, unwanted: asyncio.Event) -> Told:
        try:
            if key is None:
                return await self._executor.run(order, _unheard, unwanted)
            return await self._flown(key, order, _unheard, unwanted)
        except Exception as error:
            log.exception("an order failed inside; those that ask the same run without it")
            return failed(order, FailureCode.INTERNAL, f"{type(error).__name__} in the solver.")

    async def _flown(
        self, key: Hashable, order: JobQueued, progress: Callable[[ExecutionProgressed], None], stop: asyncio.Event
    ) -> Told:
        while (flying := self._flying.get(key)) is not None:
            outcome = await _unless(stop, flying)
            if stop.is_set():
                return cancelled(order, Usage())
            if outcome is not None and (same := _again(order, outcome)) is not None:
                return same
            # A sign of life: from here on it takes as long as its own budget allows.
            progress(progressed(order, 0.0, "The same question of another job came to nothing."))
        mine: asyncio.Future[Told | None] = asyncio.get_running_loop().create_future()
        self._flying[key] = mine
        outcome = None
        try:
            outcome = await self._executor.run(order, progress, stop)
            return outcome
        finally:
            del self._flying[key]
            mine.set_result(outcome)


def _key_of(order: JobQueued, tenant: str | None, job: str) -> Hashable | None:
    if tenant is None or isinstance(order.problem.statement, SealedStatement):
        return None
    question = question_of(order, tenant, job)
    return None if question is None else (order.problem.kind, order.problem.version, question)


def _again(order: JobQueued, outcome: Told) -> Told | None:
    """The same for another order that asks the same: who worked it out has told what that took. None where it is no outcome for
    others: it was not worked out to its end, or failed for reasons of its own.
    """
    if isinstance(outcome, ExecutionFailed):
        if outcome.code not in OF_THE_PROBLEM:
            return None
        return copy_with(outcome, attempt_id=order.attempt_id, leg=order.leg, usage=Usage())
    if outcome.provenance.get(RESCUED):
        return None
    return copy_with(
        outcome,
        attempt_id=order.attempt_id,
        leg=order.leg,
        usage=Usage(),
        cost=Cost(),
        evidence={**outcome.evidence, FROM_ATTEMPT: outcome.evidence.get(FROM_ATTEMPT, str(outcome.attempt_id))},
        problem=order.problem,
        params=order.params,
    )


def _unheard(_: ExecutionProgressed) -> None:
    """Of those that wait together nobody is told how far one is."""


async def _unless(stop: asyncio.Event, flying: asyncio.Future[Told | None]) -> Told | None:
    """What comes of it; None where it is stopped before."""
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((flying, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_task(stopped)
    return flying.result() if flying.done() else None


async def _set_when_all(stops: Sequence[asyncio.Event], unwanted: asyncio.Event) -> None:
    with suppress(asyncio.CancelledError):
        for stop in stops:
            await stop.wait()
        unwanted.set()
