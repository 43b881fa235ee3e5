"""What the control plane hears, and how it is told to the desk."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.commands import CancelJob
from queuebit_contracts.envelope import Envelope
from queuebit_control_plane.desk import Desk, Told
from queuebit_control_plane.intake import Intake, refuse, rejection_of
from queuebit_control_plane.job.messages import Cancel
from queuebit_control_plane.lanes import Lanes
from queuebit_runtime.bus import Bus
from queuebit_runtime.clock import Clock
from queuebit_runtime.consumer import Item, Received, Refused, subscribe_decoded

GROUP = "control-plane"
TOPICS = (channels.SUBMITTED, channels.EXECUTIONS, channels.VALIDATIONS, channels.CONTROL)
UNKNOWN_TENANT = "unknown"


class Consumer:
    """Turns a batch of records, whatever their topics, into one visit to the desk."""

    def __init__(self, desk: Desk, intake: Intake, lanes: Lanes, clock: Clock) -> None:
        self._desk = desk
        self._intake = intake
        self._lanes = lanes
        self._clock = clock

    def subscribe(self, bus: Bus) -> None:
        """Register with the bus: jobs as a group, backend reports by every instance."""
        subscribe_decoded(
            bus,
            topics=TOPICS,
            group=GROUP,
            consumer="control-plane",
            handle=self.on_messages,
            clock=self._clock,
            refusals=True,
        )
        subscribe_decoded(
            bus,
            topics=(channels.BACKENDS,),
            group=GROUP,
            consumer="control-plane",
            handle=self.on_reports,
            clock=self._clock,
            broadcast=True,
        )

    async def on_messages(self, items: Sequence[Item]) -> None:
        """Everything about jobs, in the order in which it came."""
        now = self._clock.now()
        self._lanes.look(now)
        submitted = [item.envelope for item in items if isinstance(item, Received) and _is_submission(item)]
        admitted = iter(await self._intake.admit(submitted, now) if submitted else ())
        told: list[Told] = []
        for item in items:
            if isinstance(item, Refused):
                told.append(_refused(item))
            elif _is_submission(item):
                told.append(next(admitted))
            else:
                told.extend(_tell(item.envelope))
        await self._desk.handle(told)

    async def on_reports(self, items: Sequence[Item]) -> None:
        """How the backends are."""
        for item in items:
            if isinstance(item, Received) and isinstance(item.envelope.data, ev.BackendStatusReported):
                self._lanes.report(item.envelope.data, item.envelope.time)


def _is_submission(item: Received) -> bool:
    return isinstance(item.envelope.data, ev.JobSubmitted)


def _refused(item: Refused) -> Told:
    return refuse(item.id, rejection_of(item.id, item.error), item.tenant or UNKNOWN_TENANT, item.traceparent)


def _tell(envelope: Envelope) -> list[Told]:
    data = envelope.data
    match data:
        case CancelJob():
            message = Cancel(envelope.tenant, data.actor, data.reason)
            return [Told(envelope.job_id, message, envelope.id, traceparent=envelope.traceparent)]
        case (
            ev.JobStarted()
            | ev.ExecutionProgressed()
            | ev.ExecutionSucceeded()
            | ev.ExecutionFailed()
            | ev.ResultValidated()
            | ev.ResultRejected()
        ):
            return [Told(envelope.job_id, data, envelope.id, traceparent=envelope.traceparent)]
        case _:
            return []
