"""Large orders that wait together and run together, where whoever does the work can: each has an outcome of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from queuebit_contracts.events import JobQueued
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry.port import Telemetry
from queuebit_runtime.worker.attempts import Outcome, begin_attempt, end_attempt, failed_inside, too_late
from queuebit_runtime.worker.orders import Alike, Work
from queuebit_runtime.worker.results import Results


class Joiner(Protocol):
    """Does orders together that wait together."""

    def alike(self, order: JobQueued, tenant: str | None, job: str) -> Alike | None:
        """None for an order that runs alone. Asked once an order, on the event loop: a cheap estimate."""
        ...

    async def run_joined(self, orders: Sequence[JobQueued], stops: Sequence[asyncio.Event]) -> list[Outcome | None]:
        """The outcome of each; None for one that is to run later. One that fails, or is stopped, changes nothing for
        others, and at least one has an outcome where any may run together again.
        """
        ...


async def answer_joined(
    works: Sequence[Work], joiner: Joiner, results: Results, clock: Clock, telemetry: Telemetry, *, worker: str
) -> list[Work]:
    """Run them and publish what came of them, the answers at one go; those that are to run later are returned."""
    now = clock.now()
    answered: list[tuple[Work, Outcome]] = []
    timely: list[Work] = []
    alone: list[Work] = []
    for work in works:
        if (late := too_late(work.order, now, begun=work.begun)) is not None:
            answered.append((work, late))
        else:
            timely.append(work)
    if timely:
        await results.started(timely, worker)
        spans = [begin_attempt(telemetry, work) for work in timely]
        outcomes: Sequence[Outcome | None]
        try:
            outcomes = await joiner.run_joined([work.order for work in timely], [work.stop for work in timely])
        except Exception as error:
            outcomes = [failed_inside(work, error) for work in timely]
        except BaseException:
            for span in spans:
                if span is not None:
                    span.end("left_undone")
            raise
        for work, span, outcome in zip(timely, spans, outcomes, strict=True):
            if outcome is not None:
                end_attempt(span, outcome)
                answered.append((work, outcome))
                continue
            alone.append(work)
            if span is not None:
                span.end("left_undone")
    if answered:
        await results.publish(answered)
    return alone
