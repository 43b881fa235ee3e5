"""What runs beside the bus is run again when it fails: readiness tells it until the new run has lasted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from queuebit_runtime.clock import Clock
from queuebit_runtime.retry import FOR_TASKS, Backoff
from queuebit_runtime.service.readiness import Readiness, Reason
from queuebit_runtime.waiting import end_task, wait_event

STEADY_S = 3.0
"""A run that has lasted so long is taken for mended."""

_log = logging.getLogger(__name__)

Run = Callable[[asyncio.Event], Awaitable[None]]


class TaskEnded(RuntimeError):
    """A task has ended though nobody asked it to."""


async def run_guarded(name: str, run: Run, stop: asyncio.Event) -> None:
    """Run until `stop`. Raises what it raises, and TaskEnded where it returns before."""
    await run(stop)
    if not stop.is_set():
        raise TaskEnded(f"The task {name} ended by itself.")


async def run_supervised(
    name: str,
    run: Run,
    stop: asyncio.Event,
    *,
    clock: Clock,
    readiness: Readiness,
    fraction: Callable[[], float],
    backoff: Backoff = FOR_TASKS,
) -> None:
    """Run until `stop`, again after each failure, with growing pauses. `fraction` gives their jitter."""
    subject = f"task {name}"
    failures = 0
    while not stop.is_set():
        began_s = clock.monotonic_s()
        steady = asyncio.ensure_future(_when_steady(clock, lambda: readiness.settle(subject, None)))
        try:
            await run_guarded(name, run, stop)
        except Exception as error:
            failures = 1 if clock.monotonic_s() - began_s >= STEADY_S else failures + 1
            delay_s = backoff.delay_s(failures, fraction())
            assert delay_s is not None, "a task is run again without end"
            _log.exception("The task %s failed; it is run again in %.1f s.", name, delay_s)
            detail = f"The task {name} failed and is run again: {type(error).__name__}."
            readiness.settle(subject, Reason("task_failed", detail, {"task": name, "failures": failures}))
            await wait_event(stop, clock, delay_s)
        finally:
            await end_task(steady)


async def _when_steady(clock: Clock, then: Callable[[], None]) -> None:
    await clock.sleep(STEADY_S)
    then()
