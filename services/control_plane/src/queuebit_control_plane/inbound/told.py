"""What messages about jobs tell them."""

from __future__ import annotations

from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.commands import CancelJob, DecidePlan
from queuebit_contracts.envelope import Envelope
from queuebit_domain.job.messages import Cancel, Deny, Grant, Message, Outcome, Supersede


def job_told(envelope: Envelope) -> UUID:
    """The job that the envelope tells something: the one that it is about, but for that whose place another takes."""
    data = envelope.data
    return data.superseded_job_id if type(data) is ev.SupersessionRequested else envelope.job_id


def message_of(envelope: Envelope) -> Message | None:
    """What the envelope tells the job; None for what it need not know."""
    data = envelope.data
    match data:
        case (
            ev.ExecutionSucceeded()
            | ev.ResultValidated()
            | ev.JobStarted()
            | ev.ExecutionProgressed()
            | ev.ExecutionFailed()
            | ev.ResultRejected()
            | ev.LateUsageReported()
        ):
            return data
        case CancelJob():
            assert envelope.tenant is not None, "one without is set aside when it is read"
            return Cancel(envelope.tenant, data.actor, data.reason)
        case ev.OutcomeReported():
            assert envelope.tenant is not None, "one without is set aside when it is read"
            known = data if data.report_id is not None else data.model_copy(update={"report_id": envelope.id})
            return Outcome(envelope.tenant, known)
        case ev.SupersessionRequested():
            assert envelope.tenant is not None, "one without is set aside when it is read"
            return Supersede(envelope.tenant, envelope.job_id)
        case DecidePlan():
            assert envelope.tenant is not None, "one without is set aside when it is read"
            say = Grant if data.granted else Deny
            return say(data.digest, data.actor, data.reason, envelope.tenant)
        case _:
            return None
