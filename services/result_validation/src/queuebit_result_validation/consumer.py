"""From executions to verdicts: one batch in, one publish out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from queuebit_contracts.channels import EXECUTIONS, VALIDATIONS, Service
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import ExecutionSucceeded, ResultRejected, ResultValidated
from queuebit_contracts.ids import derive_id
from queuebit_result_validation.drift import Runs
from queuebit_result_validation.history import LANES, NO_TRACK, History
from queuebit_result_validation.measured import is_measurement, validate_measurement
from queuebit_result_validation.rivals import wants_time
from queuebit_result_validation.validate import validate
from queuebit_runtime.bus import Bus, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_runtime.consumer import Item, Received, subscribe_decoded
from queuebit_runtime.deadletter import PoisonWatch

SERVICE: Service = "result-validation"
SOURCE = "/queuebit/result-validation"


Verdict = ResultValidated | ResultRejected
VerdictHop = Callable[[Callable[[], Verdict]], Awaitable[Verdict]]
"""Checks somewhere off the event loop; `asyncio.to_thread` is one, a simulation passes one that calls directly."""


class Validator:
    """Handles batches of `jobs.executions`; only successes matter.

    The id of a verdict is derived from that of the execution, so that a repeat is recognised. An answer whose record is larger
    than `inline_bytes_max`, that is to be compared with a heuristic, or that was measured, is checked in a thread, and after
    `slice_s` seconds of others the event loop gets its turn. The verdicts on earlier answers are remembered.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        *,
        inline_bytes_max: int = 20_000,
        slice_s: float = 0.01,
        hop: VerdictHop = asyncio.to_thread,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._inline_bytes_max = inline_bytes_max
        self._slice_s = slice_s
        self._hop = hop
        self._history = History()
        self._runs = Runs()

    def subscribe(self, *, batch_max: int, in_flight_max: int) -> PoisonWatch:
        """Register with the bus. Returns the count of what could not be read."""
        return subscribe_decoded(
            self._bus,
            topics=(EXECUTIONS,),
            group=SERVICE,
            consumer=SERVICE,
            handle=self.handle,
            clock=self._clock,
            batch_max=batch_max,
            in_flight_max=in_flight_max,
        )

    async def handle(self, items: Sequence[Item]) -> None:
        """Check every success of the batch and publish all verdicts at once."""
        verdicts: list[Outgoing] = []
        turn_s = self._clock.monotonic_s()
        for item in items:
            if not isinstance(item, Received) or not isinstance(item.envelope.data, ExecutionSucceeded):
                continue
            verdicts.append(self._outgoing(item, await self._verdict(item, item.envelope.data)))
            now_s = self._clock.monotonic_s()
            if now_s - turn_s >= self._slice_s:
                await asyncio.sleep(0)
                turn_s = self._clock.monotonic_s()
        if verdicts:
            await self._bus.publish(verdicts)

    async def _verdict(self, item: Received, execution: ExecutionSucceeded) -> Verdict:
        remembered = execution.lane in LANES
        track = self._history.track(execution) if remembered else NO_TRACK
        verdict: Verdict
        if is_measurement(execution):
            drift = self._runs.drift(execution)
            verdict = await self._hop(partial(validate_measurement, execution, self._clock.now(), track, drift))
            if isinstance(verdict, ResultValidated) and verdict.verdict == "accepted":
                self._runs.note(execution)
        elif len(item.record.value or b"") <= self._inline_bytes_max and not wants_time(execution):
            verdict = validate(execution, self._clock.now(), track)
        else:
            verdict = await self._hop(partial(validate, execution, self._clock.now(), track))
        if remembered:
            self._history.note(execution, verdict.verdict if isinstance(verdict, ResultValidated) else "rejected")
        return verdict

    def _outgoing(self, item: Received, verdict: Verdict) -> Outgoing:
        cause = item.envelope
        envelope = Envelope(
            id=derive_id(cause.id, "verdict"),
            source=SOURCE,
            subject=cause.subject,
            time=self._clock.now(),
            data=verdict,
            tenant=cause.tenant,
            traceparent=cause.traceparent,
        )
        key = item.record.key if item.record.key is not None else cause.subject.encode()
        return Outgoing(VALIDATIONS, key, encode_data(verdict), encode_headers(envelope))
