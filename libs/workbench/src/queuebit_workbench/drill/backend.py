"""A backend of the simulator lane that can be told to be wrong: its answers stay feasible, and far from the best."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import BackendStatusReported, ExecutionSucceeded, JobQueued
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Ran
from queuebit_runtime.bus.decoding import Item, Received, subscribe_decoded
from queuebit_runtime.bus.port import Bus, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_workbench.drill.question import BEST, TIER, answer

NAME = "drill-simulator"
SOURCE = channels.source_of("quantum-adapter")


class DrillBackend:
    """Takes the work orders of the quantum adapter's interactive tier, and answers each at once."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self.wrong = False
        self.answered = 0

    def subscribe(self) -> None:
        """Take the place of the adapter's group."""
        subscribe_decoded(
            self._bus, self._answer, topics=(channels.queued("quantum", TIER),), group=f"quantum-adapter.{TIER}"
        )

    async def report(self, report_id: UUID) -> None:
        """Say that it is there, so that the lane is known to have this backend and no other."""
        status = BackendStatusReported(backend=NAME, lane="simulator", available=True)
        envelope = Envelope(report_id, SOURCE, NAME, self._clock.now(), status)
        await self._bus.publish(
            [Outgoing(channels.BACKENDS, NAME.encode(), encode_data(status), encode_headers(envelope))]
        )

    async def _answer(self, items: Sequence[Item]) -> None:
        records = []
        for item in items:
            if isinstance(item, Received) and isinstance(order := item.envelope.data, JobQueued):
                said = self._execution(order)
                envelope = Envelope(
                    derive_id(order.attempt_id, "succeeded"),
                    SOURCE,
                    item.envelope.subject,
                    self._clock.now(),
                    said,
                    tenant=item.envelope.tenant,
                )
                records.append(
                    Outgoing(
                        channels.EXECUTIONS,
                        item.envelope.subject.encode(),
                        encode_data(said),
                        encode_headers(envelope),
                    )
                )
        await self._bus.publish(records)
        self.answered += len(records)

    def _execution(self, order: JobQueued) -> ExecutionSucceeded:
        side, objective = answer(order.seed, wrong=self.wrong)
        now = self._clock.now()
        return ExecutionSucceeded(
            attempt_id=order.attempt_id,
            leg=order.leg,
            lane=order.lane,
            ran=Ran(lane=order.lane, method="annealing", backend=NAME, backend_version="1.0"),
            answer={"side": side},
            objective=objective,
            proven_optimal=objective == BEST,
            started_at=now - timedelta(milliseconds=1),
            finished_at=now,
            worker="drill",
            problem=order.problem,
            params=order.params,
        )
