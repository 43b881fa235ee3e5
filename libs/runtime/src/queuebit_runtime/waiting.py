"""Waiting for an event or a time, whichever comes first, on the clock that was given."""

from __future__ import annotations

import asyncio

from queuebit_runtime.clock import Clock


async def wait_event(event: asyncio.Event, clock: Clock, timeout_s: float) -> bool:
    """Whether the event was set within `timeout_s` seconds of the clock."""
    if event.is_set() or timeout_s <= 0:
        return event.is_set()
    waiter = asyncio.ensure_future(event.wait())
    sleeper = asyncio.ensure_future(clock.sleep(timeout_s))
    try:
        await asyncio.wait((waiter, sleeper), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
        sleeper.cancel()
    return event.is_set()


async def end_task(task: asyncio.Task[object] | None) -> None:
    """Cancel a task and wait until it has ended; its own error is its own affair."""
    if task is None or task is asyncio.current_task():
        return
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
