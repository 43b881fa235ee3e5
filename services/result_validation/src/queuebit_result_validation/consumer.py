"""From executions to verdicts: one batch in, one publish out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from queuebit_contracts.channels import EXECUTIONS, VALIDATIONS, Service, source_of
from queuebit_contracts.envelope import binary_headers, encode_data, rfc3339
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, ResultRejected, ResultValidated
from queuebit_contracts.ids import derive_id
from queuebit_contracts.registry import type_bytes_of
from queuebit_contracts.sealed import SealedStatement, sealed_verdict
from queuebit_contracts.statement_text import StatementText
from queuebit_result_validation.drift import Drift, Runs
from queuebit_result_validation.history import LANES, NO_TRACK, History, Track
from queuebit_result_validation.measured import Asked, is_measurement, validate_measurements
from queuebit_result_validation.measures import COUNTED_LANES, measure_execution, measure_verdicts
from queuebit_result_validation.opening import Keyring, answer_as_it_came, any_sealed, opened_answers
from queuebit_result_validation.rivals import wants_time
from queuebit_result_validation.validate import validate
from queuebit_runtime.bus.dead_letters.burial import DeadLetters, hear_dead_letters
from queuebit_runtime.bus.decoding import Item, Received, subscribe_decoded
from queuebit_runtime.bus.port import Bus, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.processes.bounded_work import LARGE_BYTES
from queuebit_runtime.processes.hops import AnyHop
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry

SERVICE: Service = "result-validation"
SOURCE = source_of("result-validation")
CHECK = "queuebit_result_validation.validate:validate_in_process"
CHECK_TIMEOUT_S = 120.0
OVERLAP = 4
"""Batches at once: what is small goes on while large answers of earlier batches are checked."""
TOGETHER_MAX = 32
"""So many measurements go to a thread together."""


log = logging.getLogger(__name__)

Verdict = ResultValidated | ResultRejected


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
        hop: AnyHop = asyncio.to_thread,
        pool: Pool | None = None,
        telemetry: Telemetry = SILENT,
        ring: Keyring | None = None,
    ) -> None:
        """`pool` checks answers to large problems; absent, a thread does. `ring` opens answers that are sealed."""
        self._telemetry = telemetry
        self._bus = bus
        self._clock = clock
        self._inline_bytes_max = inline_bytes_max
        self._slice_s = slice_s
        self._hop = hop
        self._pool = pool
        self._ring = ring
        self._history = History()
        self._runs = Runs()

    def subscribe(self, *, batch_max: int, in_flight_max: int) -> DeadLetters:
        """Register with the bus. Returns what could not be read."""
        letters = DeadLetters(self._bus, group=SERVICE, consumer=SERVICE, clock=self._clock)
        hear_dead_letters(self._bus, [letters], SERVICE)
        subscribe_decoded(
            self._bus,
            topics=(EXECUTIONS,),
            group=SERVICE,
            letters=letters,
            handle=self.handle,
            batch_max=batch_max,
            in_flight_max=in_flight_max,
            overlap=OVERLAP,
        )
        return letters

    async def handle(self, items: Sequence[Item]) -> None:
        """Check every success of the batch: the small ones first, published at once; none of them waits for a large one."""
        verdicts: list[tuple[Received, Verdict]] = []
        if any_sealed(items):
            items, refused = await opened_answers(items, self._ring)
            verdicts.extend(refused)
        slow: list[tuple[Received, ExecutionSucceeded]] = []
        turn_s, now = self._clock.monotonic_s(), self._clock.now()
        measures = self._telemetry.on
        for item in items:
            if type(item) is not Received:
                continue
            execution = item.envelope.data
            if type(execution) is not ExecutionSucceeded:
                if measures and isinstance(execution, ExecutionFailed):
                    measure_execution(self._telemetry, execution)
                continue
            if measures and execution.lane in COUNTED_LANES:
                measure_execution(self._telemetry, execution)
            if not self._is_quick(item, execution):
                slow.append((item, execution))
                continue
            verdicts.append((item, self._noted(execution, validate(execution, now, self._track(execution)))))
            if self._clock.monotonic_s() - turn_s >= self._slice_s:
                await asyncio.sleep(0)
                turn_s, now = self._clock.monotonic_s(), self._clock.now()
        if verdicts:
            await self._publish(verdicts)
        while slow:
            if is_measurement(slow[0][1]):
                await self._publish(await self._measured(slow))
            else:
                item, execution = slow.pop(0)
                await self._publish([(item, await self._compared(execution))])

    async def _publish(self, verdicts: list[tuple[Received, Verdict]]) -> None:
        """In one go, as of now."""
        time = rfc3339(self._clock.now())
        await self._bus.publish([_outgoing(item, verdict, time) for item, verdict in verdicts])
        if self._telemetry.on:
            measure_verdicts(self._telemetry, [(_execution(item), verdict) for item, verdict in verdicts])

    def _is_quick(self, item: Received, execution: ExecutionSucceeded) -> bool:
        return (
            len(item.record.value or b"") <= self._inline_bytes_max
            and not is_measurement(execution)
            and not wants_time(execution)
        )

    def _track(self, execution: ExecutionSucceeded) -> Track:
        return self._history.track(execution) if execution.lane in LANES else NO_TRACK

    def _noted(self, execution: ExecutionSucceeded, verdict: Verdict) -> Verdict:
        if execution.lane in LANES:
            self._history.note(execution, verdict.verdict if isinstance(verdict, ResultValidated) else "rejected")
        return verdict

    async def _compared(self, execution: ExecutionSucceeded) -> Verdict:
        """Off the event loop."""
        return self._noted(execution, await self._validated(execution, self._clock.now(), self._track(execution)))

    async def _measured(self, slow: list[tuple[Received, ExecutionSucceeded]]) -> list[tuple[Received, Verdict]]:
        """The verdicts on the measurements that stand first in `slow`, and are taken from it: as many as one visit to a thread
        has time for, and of each circuit one, since the next is compared with it.
        """
        asked: list[Asked] = []
        circuits = set[str]()
        for _, execution in slow[:TOGETHER_MAX]:
            said = execution.provenance.get("circuit_fingerprint")
            # A worker may say anything; what is no name is compared with nothing.
            circuit = said if isinstance(said, str) else ""
            if not is_measurement(execution) or circuit in circuits:
                break
            if circuit:
                circuits.add(circuit)
            asked.append(Asked(execution, self._track(execution), self._drift(execution)))
        verdicts = await self._hop(partial(validate_measurements, asked, self._clock.now(), self._clock.monotonic_s))
        found: list[tuple[Received, Verdict]] = []
        for (item, execution), verdict in zip(slow, verdicts, strict=False):
            if isinstance(verdict, ResultValidated) and verdict.verdict == "accepted":
                self._runs.note(execution)
            found.append((item, self._noted(execution, verdict)))
        del slow[: len(found)]
        return found

    def _drift(self, execution: ExecutionSucceeded) -> Drift | None:
        drift = self._runs.drift(execution)
        if drift is not None and drift.beyond:
            self._telemetry.count(Metric.BACKEND_DRIFTED, labels={semconv.BACKEND: execution.ran.backend})
        return drift

    async def _validated(self, execution: ExecutionSucceeded, now: datetime, track: Track) -> Verdict:
        """A large statement is read in a process: reading it in a thread would hold the interpreter, and so the event loop."""
        if self._pool is not None and _is_large(execution):
            try:
                verdict: Verdict = await self._pool.run(CHECK, (execution, now, track), timeout_s=CHECK_TIMEOUT_S)
            except PoolError as error:
                log.warning("an answer is checked in a thread, as the process for it failed: %s", error)
            else:
                return verdict
        return await self._hop(partial(validate, execution, now, track))


def _is_large(execution: ExecutionSucceeded) -> bool:
    statement = None if execution.problem is None else execution.problem.statement
    return isinstance(statement, StatementText) and len(statement.text) > LARGE_BYTES


def _outgoing(item: Received, verdict: Verdict, time: bytes) -> Outgoing:
    cause = item.envelope
    problem = cause.data.problem  # type: ignore[union-attr]
    if problem is not None and problem.statement.__class__ is SealedStatement:
        verdict = sealed_verdict(verdict, answer_as_it_came(item), problem.statement.key)
    headers = binary_headers(
        derive_id(cause.id, "verdict"),
        SOURCE,
        type_bytes_of(type(verdict)),
        cause.subject,
        time,
        tenant=cause.tenant,
        version=None,
        traceparent=cause.traceparent,
    )
    key = item.record.key if item.record.key is not None else cause.subject.encode()
    return Outgoing(VALIDATIONS, key, encode_data(verdict), headers)


def _execution(item: Received) -> ExecutionSucceeded:
    """What was checked."""
    execution = item.envelope.data
    assert isinstance(execution, ExecutionSucceeded)
    return execution
