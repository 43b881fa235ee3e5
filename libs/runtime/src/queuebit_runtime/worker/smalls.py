"""Small orders, one after the other, here and now."""

from __future__ import annotations

from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry.port import Telemetry
from queuebit_runtime.worker.attempts import Outcome, begin_attempt, end_attempt, failed_inside, too_late
from queuebit_runtime.worker.executor import Executor
from queuebit_runtime.worker.orders import Work

DIRECT_S = 0.005
"""How long small orders may hold the event loop before the rest of their batch goes to a thread: as long as a thread at work
keeps the interpreter from the loop at one go."""


class Smalls:
    """Runs them by an executor."""

    def __init__(self, executor: Executor, clock: Clock, telemetry: Telemetry) -> None:
        self._executor = executor
        self._clock = clock
        self._telemetry = telemetry

    def run_directly(self, works: list[Work]) -> list[Outcome]:
        """The outcomes of the first of them, as many as DIRECT_S allows."""
        outcomes: list[Outcome] = []
        ends_s = self._clock.monotonic_s() + DIRECT_S
        for work in works:
            outcomes.append(self._run_one(work))
            if self._clock.monotonic_s() >= ends_s:
                break
        return outcomes

    def run_all(self, works: list[Work]) -> list[Outcome]:
        """The outcomes of all of them."""
        return [self._run_one(work) for work in works]

    def _run_one(self, work: Work) -> Outcome:
        if (late := too_late(work.order, self._clock.now())) is not None:
            return late
        span = begin_attempt(self._telemetry, work)
        try:
            outcome = self._executor.run_small(work.order)
        except Exception as error:
            outcome = failed_inside(work, error)
        end_attempt(span, outcome)
        return outcome
