"""What a worker process does for the control plane: it reads a record and admits the question that it holds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.errors import (
    FIELD_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    ContractError,
    FieldError,
    MalformedEnvelope,
    shortened,
)
from queuebit_contracts.jobs import JobRequest
from queuebit_contracts.sagas import Saga, content_of
from queuebit_problems.admission import Admitted, admit
from queuebit_problems.errors import ProblemError
from queuebit_runtime.bus.decoding import Received, Refused, read
from queuebit_runtime.bus.port import Record

READ = "queuebit_control_plane.inbound.reading:read_in_process"
READ_ALL = "queuebit_control_plane.inbound.reading:read_all_in_process"
TOGETHER_CPU_S = 0.25
"""What reading records together may take before the rest of them are left to be read alone."""
log = logging.getLogger(__name__)

Outcome = Admitted | ev.JobRejected


class Question(NamedTuple):
    """A submission, and what came of admitting it where somebody has tried."""

    received: Received
    outcome: Outcome | None = None


Answer = Question | Refused | ContractError | None
"""What a record says: a question, why it is none, why the record cannot be read; None for a replay."""


def read_believed(record: Record) -> Answer:
    """A question that the gateway admitted."""
    try:
        item = read(record, refusals=True, replays=False)
    except ContractError as error:
        return error
    return Question(item) if isinstance(item, Received) else item


def read_in_process(record: Record, _progress: Callable[[Any], None]) -> Answer:
    """Read and admit. The record itself does not come back: who asks has it."""
    try:
        item = read(record, refusals=True, replays=False)
    except ContractError as error:
        return error
    except Exception as error:
        return MalformedEnvelope(
            f"The record cannot be read: {type(error).__name__}.", remedy="Send CloudEvents 1.0 in JSON."
        )
    bare = record._replace(value=None)
    if isinstance(item, Refused):
        return Refused(item.id, item.source, item.subject, item.time, item.tenant, item.traceparent, item.error, bare)
    if item is None:
        return None
    asked = item.envelope.data
    assert isinstance(asked, ev.JobSubmitted)
    outcome = admitted_or_refused(item.envelope, asked.request)
    request = outcome.request if isinstance(outcome, Admitted) else _without_statement(asked.request)
    told = asked.model_copy(update={"request": request, "admission": None})
    return Question(Received(item.envelope._replace(data=told), bare), outcome)


def read_all_in_process(records: Sequence[Record], progress: Callable[[Any], None]) -> list[Answer]:
    """Read and admit one after the other: the answers to the first ones, as many as there is time for."""
    end_s = time.process_time() + TOGETHER_CPU_S
    found: list[Answer] = []
    for record in records:
        found.append(read_in_process(record, progress))
        if time.process_time() >= end_s:
            break
    return found


def admitted_or_refused(envelope: Envelope, request: JobRequest) -> Outcome:
    """Admit a question. Never raises: a kind is a plug-in, and whatever it raises must not stop the questions of others."""
    try:
        found = admit(request)
        asked = envelope.data
        assert isinstance(asked, ev.JobSubmitted)
        if asked.compensations is None and asked.supersedes is None:
            return found
        content = content_of(found.fingerprint, Saga(asked.compensations, asked.supersedes))
        return found._replace(fingerprint=content)
    except ProblemError as error:
        rejection = rejection_of(envelope.id, error)
        return rejection.model_copy(update={"field": f"/request{rejection.field}"})
    except MemoryError:
        raise
    except Exception:
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


def _without_statement(request: JobRequest) -> JobRequest:
    problem = request.problem.model_copy(update={"statement": {}})
    return request.model_copy(update={"problem": problem})
