"""What the control plane hears, and how it is told to the desk."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.commands import CancelJob
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.errors import InvalidData
from queuebit_control_plane.desk import Desk, Spoiled, Told, log_fields
from queuebit_control_plane.intake import Intake, refuse, rejection_of
from queuebit_control_plane.job.messages import Cancel
from queuebit_control_plane.lanes import Lanes
from queuebit_runtime.bus import Bus, Record
from queuebit_runtime.clock import Clock
from queuebit_runtime.consumer import Item, Received, Refused, subscribe_decoded
from queuebit_runtime.deadletter import dead_letter_of

log = logging.getLogger(__name__)

GROUP = "control-plane"
TOPICS = (channels.SUBMITTED, channels.EXECUTIONS, channels.VALIDATIONS, channels.CONTROL)
UNKNOWN_TENANT = "unknown"


class Consumer:
    """Turns a batch of records, whatever their topics, into one visit to the desk."""

    def __init__(self, bus: Bus, desk: Desk, intake: Intake, lanes: Lanes, clock: Clock) -> None:
        self._bus = bus
        self._desk = desk
        self._intake = intake
        self._lanes = lanes
        self._clock = clock

    def subscribe(self) -> None:
        """Register with the bus: jobs as a group, backend reports by every instance."""
        subscribe_decoded(
            self._bus,
            topics=TOPICS,
            group=GROUP,
            consumer="control-plane",
            handle=self.on_messages,
            clock=self._clock,
            refusals=True,
        )
        subscribe_decoded(
            self._bus,
            topics=(channels.BACKENDS,),
            group=GROUP,
            consumer="control-plane",
            handle=self.on_reports,
            clock=self._clock,
            broadcast=True,
            from_start=True,
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
                told.append(replace(_refused(item), record=item.record))
            elif _is_submission(item):
                told.append(replace(next(admitted), record=item.record))
            else:
                told.extend(_tell(item.envelope, item.record))
        spoiled = await self._desk.handle(told)
        if spoiled:
            await self._bury(spoiled)

    async def on_reports(self, items: Sequence[Item]) -> None:
        """How the backends are."""
        for item in items:
            if isinstance(item, Received) and isinstance(item.envelope.data, ev.BackendStatusReported):
                self._lanes.report(item.envelope.data, item.envelope.time)

    async def _bury(self, spoiled: Sequence[Spoiled]) -> None:
        """Set aside what cannot be decided on: in the dead letters, with the reason, for a person."""
        for each in spoiled:
            log.error("a message cannot be decided on", exc_info=each.error, extra=log_fields(each.told))
        now = self._clock.now()
        records = [
            dead_letter_of(each.told.record, _undecidable(each), "control-plane", now)
            for each in spoiled
            if each.told.record is not None
        ]
        if records:
            await self._bus.publish(records)


def _undecidable(spoiled: Spoiled) -> InvalidData:
    return InvalidData(
        f"The control plane cannot decide on this message about job {spoiled.told.job_id}: {type(spoiled.error).__name__}.",
        remedy="See the control plane's log; redrive the message once the cause is mended.",
    )


def _is_submission(item: Received) -> bool:
    return isinstance(item.envelope.data, ev.JobSubmitted)


def _refused(item: Refused) -> Told:
    return refuse(item.id, rejection_of(item.id, item.error), item.tenant or UNKNOWN_TENANT, item.traceparent)


def _tell(envelope: Envelope, record: Record) -> list[Told]:
    data = envelope.data
    match data:
        case CancelJob():
            message = Cancel(envelope.tenant, data.actor, data.reason)
            return [Told(envelope.job_id, message, envelope.id, traceparent=envelope.traceparent, record=record)]
        case (
            ev.JobStarted()
            | ev.ExecutionProgressed()
            | ev.ExecutionSucceeded()
            | ev.ExecutionFailed()
            | ev.ResultValidated()
            | ev.ResultRejected()
        ):
            return [Told(envelope.job_id, data, envelope.id, traceparent=envelope.traceparent, record=record)]
        case _:
            return []
