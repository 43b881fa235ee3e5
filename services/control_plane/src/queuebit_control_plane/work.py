"""One job within a batch of messages: what it is told, what is decided, and the events that follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts.envelope import encode_data
from queuebit_contracts.events import (
    ExecutionFailed,
    ExecutionSucceeded,
    JobEvent,
    JobPlanned,
    JobQueued,
    JobRejected,
    LateUsageReported,
)
from queuebit_contracts.ids import FIRST_EPOCH, stored_ids_of
from queuebit_contracts.jobs import QUEUE_PARAM, Lane, is_past
from queuebit_contracts.registry import name_of
from queuebit_contracts.writing import TODAY, Writing
from queuebit_control_plane.money.treasurer import charges_of
from queuebit_control_plane.remembered import HELD, weight_of
from queuebit_control_plane.stored_form import stored_form
from queuebit_domain.holds.gate import Gate
from queuebit_domain.job import routing
from queuebit_domain.job.decide import decide, refusal_of
from queuebit_domain.job.messages import Message, Refuse, Submit
from queuebit_domain.job.no_waiting import would_wait
from queuebit_domain.job.state import EndedJob, Job, NoJob, OpenJob
from queuebit_domain.money.purse import NO_PURSE, Purse
from queuebit_domain.policy.facts import Facts
from queuebit_domain.release.hearing import heard
from queuebit_domain.release.shares import Shares
from queuebit_runtime.bus.port import Record
from queuebit_store.budgets.port import Charge
from queuebit_store.ports import NewEvent

NO_JOB = NoJob()
FREE = ("classical", "rule")
"""Lanes that nobody charges for."""


class InboundCommand(NamedTuple):
    """One message about one job. `tenant` is the sender's; `cause_id` and `traceparent` go onto the events that follow.

    Events of a message without a traceparent, such as one of the timers, belong to the trace of the job's first event.

    `rival_id`: where the same question ended, if it was decided the other way before. Of a submission that is the stream of its
    refusal, of a refusal the job, where it is known. Who decided first is right.
    """

    job_id: UUID
    message: Message
    cause_id: UUID
    tenant: str = ""
    traceparent: str | None = None
    record: Record | None = None
    rival_id: UUID | None = None


def log_fields(command: InboundCommand) -> dict[str, str]:
    """What a log line about the message carries beside its text."""
    fields = {"job_id": str(command.job_id), "message_id": str(command.cause_id)}
    return {**fields, "tenant": command.tenant} if command.tenant else fields


Decided = tuple[JobEvent, UUID, str | None, Facts | None]
"""An event that is not written yet, its cause and its trace; and the facts, of a plan that this release makes of them alone."""


@dataclass(slots=True)
class Work:
    """A job within one batch: where it stood, where it stands, and what happened between.

    `refused`: submissions in conflict with it, which count only once it is known to stand there. `rival_id`: that of the
    submission that began it. `due_at`: when its latency budget is used. `rejection`: the code, where it was rejected. `late`:
    executions reported after its end, which nobody waited for. `had_ended`: it had before all this. `known`: where it stood was
    looked up, not taken for granted.
    """

    job_id: UUID
    tenant: str
    commands: list[InboundCommand]
    version: int = 0
    job: Job = NO_JOB
    trace: str | None = None
    cached: bool = False
    began_at: datetime | None = None
    due_at: datetime | None = None
    decided: list[Decided] = field(default_factory=list)
    events: tuple[NewEvent, ...] = ()
    refused: tuple[InboundCommand, ...] = ()
    rival_id: UUID | None = None
    rejection: str | None = None
    late: int = 0
    size_bytes: int = 0
    had_ended: bool = False
    charges: list[Charge] = field(default_factory=list)
    known: bool = False

    def stands(self, version: int, job: Job, trace: str | None, size_bytes: int) -> None:
        """Where the job stood."""
        self.version, self.job, self.trace, self.size_bytes, self.known = version, job, trace, size_bytes, True
        if isinstance(job, OpenJob):
            self.tenant, self.began_at, self.due_at = job.request.tenant, job.submitted_at, job.latency_due_at
        elif isinstance(job, EndedJob):
            self.had_ended = True
            if job.later is not None:
                self.tenant = job.later.request.tenant

    @property
    def execution(self) -> ExecutionSucceeded | None:
        """The last of the answers that it was told of in this batch."""
        for each in reversed(self.commands):
            if type(each.message) is ExecutionSucceeded:
                return each.message
        return None

    @property
    def let_out(self) -> list[UUID]:
        """The attempts that go out with what was decided."""
        return [event.attempt_id for event, *_ in self.decided if isinstance(event, JobQueued)]

    def looks_new(self, now: datetime) -> bool:
        """Whether what it is told first may well be the first that is ever heard of it."""
        message = self.commands[0].message
        if isinstance(message, Submit):
            return not is_past(message.event.request.deadline, now)
        return isinstance(message, Refuse) and self.commands[0].rival_id is None

    def may_spend(self, may_charge: Callable[[Lane], bool]) -> bool:
        """Whether what it is told may set money aside or settle some, or be priced."""
        job = self.job
        if type(job) is OpenJob:
            return bool(job.reserved) or any(may_charge(leg.spec.lane) for leg in job.legs)
        if type(job) is EndedJob:
            return bool(job.reserved or job.owed) or any(
                type(each.message) is LateUsageReported for each in self.commands
            )
        return any(type(each.message) is Submit and each.message.inputs.wish not in FREE for each in self.commands)

    def decide(
        self,
        command: InboundCommand,
        now: datetime,
        gate: Gate,
        purse: Purse = NO_PURSE,
        shares: Shares | None = None,
    ) -> None:
        """Decide one message within the batch; a conflicting submission turns into a refusal."""
        message, job_id = command.message, self.job_id
        if type(message) is Submit:
            refusal = refusal_of(self.job, message, now)
            if refusal is None and type(self.job) is NoJob and QUEUE_PARAM in message.event.request.params:
                refusal = would_wait(message, shares, now)
                if refusal is not None and not self.known:
                    # It may be a job for long: a repeat of its question is not refused.
                    self.refused = (*self.refused, command)
                    return
            if refusal is not None:
                self._refuse(command, refusal)
                return
        was = self.job
        decided, self.job = decide(was, message, now, job_id, gate, purse, shares)
        if type(was) is EndedJob and not decided and isinstance(message, ExecutionSucceeded | ExecutionFailed):
            self.late += 1
        if purse is not NO_PURSE or (not isinstance(was, NoJob) and was.reserved):
            self.charges += charges_of(job_id, decided)
        if self.version == 0 and not self.decided:
            self.tenant, self.trace = command.tenant, command.traceparent
            self.rival_id = command.rival_id
        if decided:
            trace, cause_id = command.traceparent or self.trace, command.cause_id
            inputs = message.inputs if type(message) is Submit and message.planned is None else None
            self.decided += [(event, cause_id, trace, inputs) for event in decided]
            if shares is not None:
                heard(shares, self.job, job_id, self.tenant, decided, now)

    def write(self, now: datetime, writing: Writing = TODAY, epoch: int = FIRST_EPOCH) -> None:
        """Make what was decided into what is stored. All jobs of a batch are decided on first, then all is written: what a
        processor does again and again it finds in its caches.
        """
        ids = stored_ids_of(self.job_id, self.version, len(self.decided), epoch)
        events: list[NewEvent] = []
        for event_id, (event, cause_id, trace, inputs) in zip(ids, self.decided, strict=True):
            said = event if writing.all_today else writing.form(event)
            model = type(said)
            if inputs is not None and model is JobPlanned and said is event:
                data, payload = _json_of_plan(inputs), None
            else:
                data, payload = stored_form(said)
            name = name_of(model)
            if name in HELD:
                self.size_bytes += weight_of(name, len(data) if payload is None else len(data) + len(payload.text))
            elif model is JobPlanned and inputs is None:
                self.size_bytes += weight_of(name, len(data))
            elif type(event) is JobRejected:
                self.rejection = event.code
            events.append(NewEvent(event_id, name, said.schema_version, data, now, cause_id, trace, payload))
        self.events = tuple(events)

    def _refuse(self, command: InboundCommand, refusal: JobRejected) -> None:
        assert command.rival_id is not None
        refused = InboundCommand(
            command.rival_id,
            Refuse(refusal.model_copy(update={"cause_id": command.cause_id})),
            command.cause_id,
            command.tenant,
            command.traceparent,
            rival_id=self.job_id if type(self.job) is NoJob else None,
        )
        self.refused = (*self.refused, refused)


@lru_cache(maxsize=1024)
def _json_of_plan(inputs: Facts) -> str:
    """Most jobs share their plan with many others."""
    return encode_data(routing.plan(inputs)).decode()
