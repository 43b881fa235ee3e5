"""The entrance: what arrives on `jobs.submitted` becomes a submission of a known job, or a refusal with a remedy."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.errors import FIELD_LENGTH_MAX, TEXT_LENGTH_MAX, ContractError, FieldError, shortened
from queuebit_contracts.ids import derive_id, job_id_of, time_ordered_key
from queuebit_contracts.jobs import JobRequest, is_tenant_name
from queuebit_control_plane.desk import Told
from queuebit_control_plane.job.messages import Refuse, Submit
from queuebit_control_plane.job.routing import REFINE_PARAM, RoutingInputs, budget_s_of
from queuebit_control_plane.keys import reserve_each, unheld
from queuebit_control_plane.lanes import Lanes
from queuebit_control_plane.tenants import Tenants
from queuebit_problems.admission import Admitted, admit
from queuebit_problems.errors import ProblemError
from queuebit_runtime.bus import Record
from queuebit_runtime.consumer import Received
from queuebit_store.ports import Reservation, StreamStore

log = logging.getLogger(__name__)

UNKNOWN_TENANT = "unknown"
"""Whose refusals are those that name no tenant."""


class Intake:
    """Admits submissions. A key that is no UUIDv7 is held in the store before the job is decided on."""

    def __init__(self, store: StreamStore, tenants: Tenants, lanes: Lanes) -> None:
        self._store = store
        self._tenants = tenants
        self._lanes = lanes

    async def admit(self, submitted: Sequence[Received], now: datetime) -> list[Told]:
        """One message for each submission, in order."""
        known = await self._tenants.known({_asked(each).request.tenant for each in submitted})
        checked = [_check(each.envelope, _asked(each).request, known) for each in submitted]
        ids = await self._job_ids(submitted, checked, now)
        told: list[Told] = []
        for received, outcome, job_id in zip(submitted, checked, ids, strict=True):
            if isinstance(outcome, ev.JobRejected) or job_id is None:
                assert isinstance(outcome, ev.JobRejected)
                envelope, tenant = received.envelope, _asked(received).request.tenant
                told.append(refuse(envelope.id, outcome, tenant, envelope.traceparent, received.record))
            else:
                told.append(self._submit(received, outcome, job_id))
        return told

    def _submit(self, received: Received, admitted: Admitted, job_id: UUID) -> Told:
        request, envelope = admitted.request, received.envelope
        inputs = RoutingInputs(
            kind=request.problem.kind,
            family=admitted.family,
            sense=admitted.sense,
            wish=request.lane,
            tier=request.tier,
            variables=admitted.size.variables,
            qubits=admitted.size.qubits,
            terms=admitted.size.terms,
            budget_s=budget_s_of(request.budget_s, request.tier),
            refine=request.params.get(REFINE_PARAM) is True,
            quantum_available=self._lanes.available("quantum"),
            simulator_available=self._lanes.available("simulator"),
        )
        event = ev.JobSubmitted(request=request, idempotency_key=_key(received), fingerprint=admitted.fingerprint)
        message = Submit(job_id, event, inputs)
        return Told(job_id, message, envelope.id, request.tenant, envelope.traceparent, received.record)

    async def _job_ids(
        self, submitted: Sequence[Received], checked: list[Admitted | ev.JobRejected], now: datetime
    ) -> list[UUID | None]:
        """The job that each key stands for; None for a refused submission.

        A key that the store cannot hold turns its submission in `checked` into a refusal.
        """
        ids: list[UUID | None] = []
        held: list[tuple[int, Reservation]] = []
        for received, outcome in zip(submitted, checked, strict=True):
            if not isinstance(outcome, Admitted):
                ids.append(None)
                continue
            tenant, key = outcome.request.tenant, _key(received)
            ordered = time_ordered_key(key)
            if ordered is not None:
                ids.append(job_id_of(tenant, ordered))
                continue
            candidate = derive_id(received.envelope.id, "job", tenant)
            held.append((len(ids), Reservation(tenant, key, candidate, outcome.fingerprint, now)))
            ids.append(candidate)
        if held:
            holding = await reserve_each(self._store, [each for _, each in held])
            for (position, wanted), holds in zip(held, holding, strict=True):
                if isinstance(holds, Reservation):
                    ids[position] = holds.stream_id
                else:
                    ids[position] = None
                    checked[position] = unheld(submitted[position].envelope.id, wanted.tenant, holds)
        return ids


def refuse(cause_id: UUID, rejection: ev.JobRejected, tenant: str, traceparent: str | None, record: Record) -> Told:
    """The refusal as a message to a stream of its own, the same one for the same cause.

    `tenant` is what the sender says it is: text that can name no tenant is not passed on.
    """
    named = tenant if is_tenant_name(tenant) else UNKNOWN_TENANT
    return Told(derive_id(cause_id, "rejected"), Refuse(rejection), cause_id, named, traceparent, record)


def rejection_of(cause_id: UUID, error: ContractError | ProblemError) -> ev.JobRejected:
    """The refusal that an error of the contract or the problem turns into; it names the first field, and is short."""
    first = error.fields[0] if error.fields else FieldError("", error.code, str(error))
    return ev.JobRejected(
        code=error.code,
        field=shortened(first.pointer, FIELD_LENGTH_MAX),
        detail=shortened(error.detail, TEXT_LENGTH_MAX),
        remedy=shortened(error.remedy, TEXT_LENGTH_MAX),
        cause_id=cause_id,
    )


def _check(envelope: Envelope, request: JobRequest, known: frozenset[str]) -> Admitted | ev.JobRejected:
    if request.tenant not in known:
        return ev.JobRejected(
            code="unknown_tenant",
            field="/request/tenant",
            detail=f"There is no tenant {request.tenant!r}.",
            remedy="Ask an operator to add the tenant, or correct the name.",
            cause_id=envelope.id,
        )
    try:
        return admit(request)
    except ProblemError as error:
        rejection = rejection_of(envelope.id, error)
        return rejection.model_copy(update={"field": f"/request{rejection.field}"})
    except Exception:
        # A kind is a plug-in: whatever it raises must not stop the questions of others.
        log.exception(
            "the kind %s failed to check a statement",
            request.problem.kind,
            extra={"tenant": request.tenant, "message_id": str(envelope.id)},
        )
        return ev.JobRejected(
            code="kind_failed",
            field="/request/problem",
            detail=f"The kind {request.problem.kind!r} failed to check the statement.",
            remedy="Report it with this event's id to whoever maintains the kind.",
            cause_id=envelope.id,
        )


def _asked(received: Received) -> ev.JobSubmitted:
    assert isinstance(received.envelope.data, ev.JobSubmitted)
    return received.envelope.data


def _key(received: Received) -> str:
    return _asked(received).idempotency_key or str(received.envelope.id)
