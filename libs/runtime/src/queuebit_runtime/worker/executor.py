"""What a worker's shell asks of whoever does the work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from queuebit_contracts.events import ExecutionProgressed, JobQueued
from queuebit_runtime.worker.attempts import Outcome

Hop = Callable[[Callable[[], list[Outcome]]], Awaitable[list[Outcome]]]
"""Runs small orders off the event loop."""


class Executor(Protocol):
    """Turns a work order into an outcome. Whatever it raises becomes an ExecutionFailed with the code INTERNAL."""

    def is_small(self, order: JobQueued) -> bool:
        """Whether the order takes at most about 2 ms: a cheap estimate, asked on the event loop."""
        ...

    def run_small(self, order: JobQueued) -> Outcome:
        """Run it now. Called on the event loop or in a thread, one order after another."""
        ...

    async def run(
        self, order: JobQueued, progress: Callable[[ExecutionProgressed], None], stop: asyncio.Event
    ) -> Outcome:
        """Run it off the event loop; `progress` is called on the loop and costs nothing; end soon after `stop` is set."""
        ...
