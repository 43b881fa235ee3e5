"""The entrance: what arrives on `jobs.submitted` becomes a submission of a known job, or a refusal with a remedy."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.channels import ADMITTED, LARGE
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.ids import refusal_id_of
from queuebit_contracts.jobs import JobRequest, is_tenant_name
from queuebit_contracts.model import copy_with
from queuebit_contracts.origin import Origin, whole_origin
from queuebit_contracts.sealed import MISPLACED, SUBJECT_LABEL, Misplaced, Redacted, sealed_for, token_of
from queuebit_control_plane.handler import InboundCommand
from queuebit_control_plane.inbound.candidates import Candidates
from queuebit_control_plane.inbound.idempotency import reserve_each, unheld
from queuebit_control_plane.inbound.identity import job_of, origin_of
from queuebit_control_plane.inbound.planning import FactSource, PathsOfJobs, Planning, Relieved, nowhere
from queuebit_control_plane.inbound.reading import Outcome, Question, admitted_or_refused
from queuebit_control_plane.inbound.tenants import Tenants
from queuebit_control_plane.policies import AskPolicy, built_in
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job.messages import Refuse, Submit
from queuebit_domain.policy.facts import Facts
from queuebit_problems.admission import Admitted
from queuebit_runtime.bus.decoding import Received, Refused
from queuebit_runtime.bus.port import Record
from queuebit_store.ports import Reservation, StreamStore

log = logging.getLogger(__name__)

UNADMITTED = ("qb_unadmitted", b"1")
"""Marks what the control plane itself put on the topic for large questions: nobody has admitted it."""
UNKNOWN_TENANT = "unknown"
"""Whose refusals are those that name no tenant."""
_UNKNOWN_TENANT, _TENANT_MISMATCH = "unknown_tenant", "tenant_mismatch"
_IN_CLEAR = "subject_in_clear"
_NEVER_HELD = frozenset({_UNKNOWN_TENANT, _TENANT_MISMATCH, _IN_CLEAR})
"""Refusals of what holds no key: the tenant is nobody's yet, or not the sender's."""


class Intake:
    """Admits submissions. A key that is no UUIDv7 is held in the store before the job is decided on."""

    def __init__(
        self,
        store: StreamStore,
        tenants: Tenants,
        lanes: Lanes,
        policy: AskPolicy = built_in,
        sources: Sequence[FactSource] = (),
        paths: PathsOfJobs | None = None,
        relieved: Relieved = nowhere,
    ) -> None:
        """`policy` is asked for each batch which one is active; `sources` know more of jobs than their requests say;
        `paths` are measured in jobs, or answer them. `relieved`: on which lanes nothing is only measured now.
        """
        self._store = store
        self._tenants = tenants
        self._planning = Planning(lanes, policy, sources, paths, relieved, Candidates(store))

    async def admit(self, questions: Sequence[Question], now: datetime) -> list[InboundCommand]:
        """One message for each submission, in order. What nobody has admitted yet is admitted here and now."""
        submitted = [each.received for each in questions]
        asked = [_asked(each) for each in submitted]
        tenants = await self._tenants.known({each.request.tenant for each in asked})
        checked = [_check(each, said, tenants) for each, said in zip(questions, asked, strict=True)]
        ids = await self._job_ids(submitted, asked, checked, now)
        known, plans = await self._planning.of(checked, now)
        commands: list[InboundCommand] = []
        for received, said, outcome, job_id, facts, planned in zip(
            submitted, asked, checked, ids, known, plans, strict=True
        ):
            if (
                SUBJECT_LABEL in said.request.labels
                and isinstance(outcome, Admitted)
                and (place := _of_another(said, job_id)) is not None
            ):
                outcome = _misplaced(received.envelope, place)
            if isinstance(outcome, Admitted):
                assert job_id is not None
                assert facts is not None
                commands.append(_submit(received, said, outcome, job_id, facts, planned))
            else:
                tenant = _told_to(received.envelope, said.request)
                commands.append(refuse(received.envelope, outcome, tenant, received.record, job_id=job_id))
        return commands

    async def _job_ids(
        self, submitted: Sequence[Received], questions: Sequence[ev.JobSubmitted], checked: list[Outcome], now: datetime
    ) -> list[UUID | None]:
        """The job that each submission stands for; of a refused one the job that it may have become before, where that is
        known without holding a key of the sender's.

        A key that the store cannot hold turns its submission in `checked` into a refusal.
        """
        ids: list[UUID | None] = [None] * len(submitted)
        held: list[tuple[int, Reservation]] = []
        for position, (received, asked, outcome) in enumerate(zip(submitted, questions, checked, strict=True)):
            envelope = received.envelope
            if isinstance(outcome, ev.JobRejected) and outcome.code == _TENANT_MISMATCH:
                continue
            found = job_of(
                asked.request.tenant,
                asked.idempotency_key,
                envelope.source,
                envelope.id,
                fingerprint=outcome.fingerprint if isinstance(outcome, Admitted) else "",
                now=now,
            )
            if isinstance(found, UUID):
                ids[position] = found
            elif isinstance(outcome, Admitted) or (asked.idempotency_key is None and outcome.code not in _NEVER_HELD):
                held.append((position, found))
        if held:
            holding = await reserve_each(self._store, [each for _, each in held])
            for (position, wanted), holds in zip(held, holding, strict=True):
                if isinstance(holds, Reservation):
                    ids[position] = holds.stream_id
                elif isinstance(checked[position], Admitted):
                    checked[position] = unheld(submitted[position].envelope.id, wanted.tenant, holds)
        return ids


def _submit(
    received: Received,
    asked: ev.JobSubmitted,
    admitted: Admitted,
    job_id: UUID,
    facts: Facts,
    planned: ev.JobPlanned | None,
) -> InboundCommand:
    request, found, envelope = admitted.request, admitted.admission, received.envelope
    told = believed(received.record)
    event = copy_with(
        asked,
        request=request,
        fingerprint=admitted.fingerprint,
        admission=found,
        origin=origin_of(envelope, asked.origin, job_id),
        parent=None,
        requested_by=asked.requested_by if told else None,
        quote=asked.quote if told else None,
    )
    message = Submit(job_id, event, facts, planned)
    refusal_id = refusal_id_of(request.tenant, envelope.source, envelope.id)
    return InboundCommand(
        job_id, message, envelope.id, request.tenant, envelope.traceparent, received.record, rival_id=refusal_id
    )


def refuse(
    question: Envelope | Refused, rejection: ev.JobRejected, tenant: str, record: Record, *, job_id: UUID | None = None
) -> InboundCommand:
    """The refusal as a message to a stream of its own, the same one for the same tenant and event.

    `tenant` is what the sender says it is: text that can name no tenant is not passed on. `job_id`: that of its job.
    """
    named = tenant if is_tenant_name(tenant) else UNKNOWN_TENANT
    stream_id = refusal_id_of(named, question.source, question.id)
    refusal = rejection.model_copy(update={"origin": _whole_origin(question, job_id)})
    return InboundCommand(stream_id, Refuse(refusal), question.id, named, question.traceparent, record, rival_id=job_id)


def _whole_origin(question: Envelope | Refused, job_id: UUID | None) -> Origin:
    asked = question.data if isinstance(question, Envelope) else None
    if isinstance(asked, ev.JobSubmitted):
        return whole_origin(origin_of(question, asked.origin, job_id), asked.idempotency_key, asked.request)
    return origin_of(question, None, job_id)


def _told_to(envelope: Envelope, request: JobRequest) -> str:
    """Whose refusal it is: that of whoever sent the event, where the envelope names one."""
    return request.tenant if envelope.tenant is None else envelope.tenant


def _check(question: Question, asked: ev.JobSubmitted, known: frozenset[str]) -> Outcome:
    received, request = question.received, asked.request
    envelope = received.envelope
    if envelope.tenant not in (None, request.tenant):
        return ev.JobRejected(
            code=_TENANT_MISMATCH,
            field="/request/tenant",
            detail="The tenant of the request is not the one that the envelope names.",
            remedy="Name the same tenant in both, or leave ce_tenant out.",
            cause_id=envelope.id,
        )
    if request.tenant not in known:
        return ev.JobRejected(
            code=_UNKNOWN_TENANT,
            field="/request/tenant",
            detail=f"There is no tenant {request.tenant!r}.",
            remedy="Ask an operator to add the tenant, or correct the name.",
            cause_id=envelope.id,
        )
    if SUBJECT_LABEL in request.labels and (place := _in_clear(asked)) is not None:
        return ev.JobRejected(
            code=_IN_CLEAR,
            field=place,
            detail="The data of a subject is not taken in clear.",
            remedy=f"Submit it over HTTP, where it is sealed, or leave the label {SUBJECT_LABEL} out.",
            cause_id=envelope.id,
        )
    if question.outcome is not None:
        return question.outcome
    return admitted_before(received) or admitted_or_refused(envelope, request)


def _in_clear(asked: ev.JobSubmitted) -> str | None:
    """Where the data of a subject is not sealed."""
    return next((place for place, token in _tokens(asked) if token is None), None)


def _of_another(asked: ev.JobSubmitted, job_id: UUID | None) -> str | None:
    """Where something stands that was sealed for another job. Whether a token says the truth, who opens it finds out."""
    for place, token in _tokens(asked):
        try:
            job = None if token is None else sealed_for(token).job
        except Redacted:
            continue
        if job not in (None, job_id):
            return place
    return None


def _tokens(asked: ev.JobSubmitted) -> Iterator[tuple[str, str | None]]:
    """Where data of a subject stands, with what it is sealed as; None where it is in clear."""
    yield "/request/problem/statement", token_of(asked.request.problem.statement)
    for nth, each in enumerate(asked.compensations or ()):
        if each.data:
            yield f"/compensations/{nth}/data", token_of(each.data)


def _misplaced(envelope: Envelope, place: str) -> ev.JobRejected:
    why = Misplaced()
    return ev.JobRejected(code=MISPLACED, field=place, detail=why.detail, remedy=why.remedy, cause_id=envelope.id)


def believed(record: Record) -> bool:
    """Whether the gateway wrote the record: nobody else may, but for what we wrote and marked ourselves."""
    return record.topic == ADMITTED or (record.topic == LARGE and UNADMITTED not in record.headers)


def admitted_before(received: Received) -> Admitted | None:
    """What the gateway found when it admitted the question."""
    asked = _asked(received)
    if not believed(received.record) or asked.admission is None or asked.fingerprint is None:
        return None
    return Admitted(asked.request, asked.fingerprint, asked.admission)


def _asked(received: Received) -> ev.JobSubmitted:
    assert isinstance(received.envelope.data, ev.JobSubmitted)
    return received.envelope.data
