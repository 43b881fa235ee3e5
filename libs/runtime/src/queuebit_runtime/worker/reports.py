"""What a worker says about an order: envelopes whose ids derive from the order, so that a repeat is recognised."""

from __future__ import annotations

from datetime import datetime

from pydantic import ValidationError

from queuebit_contracts.channels import EXECUTIONS, Service, source_of
from queuebit_contracts.envelope import Envelope, binary_headers, encode_data, rfc3339
from queuebit_contracts.errors import field_errors
from queuebit_contracts.events import (
    ExecutionFailed,
    ExecutionProgressed,
    ExecutionSucceeded,
    JobQueued,
    JobStarted,
)
from queuebit_contracts.failed_attempts import execution_failed
from queuebit_contracts.failures import FailureAction, FailureCode, remedy_on
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Number, Usage
from queuebit_contracts.registry import type_bytes_of
from queuebit_contracts.sealed import DataKey, sealed_outcome
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.errors import PoolCrashed, PoolError, PoolMemory, PoolStopped, PoolTimeout

DETAIL_MAX = 500

Said = JobStarted | ExecutionProgressed | ExecutionSucceeded | ExecutionFailed


class Report:
    """Makes the records that answer one order: same subject, tenant and trace, key = job id."""

    __slots__ = ("_cause", "_key", "_source", "asked_at", "job", "tenant", "traceparent")

    def __init__(self, cause: Envelope, service: Service, key: DataKey | None = None) -> None:
        """`key`: what is said of the problem and its answer is sealed with it."""
        self.job = cause.subject
        self.tenant = cause.tenant
        self.asked_at = cause.time
        self.traceparent = cause.traceparent
        self._cause = cause
        self._key = key
        self._source = source_of(service)

    @property
    def log_fields(self) -> dict[str, str | None]:
        """What a log line about the order carries beside its message."""
        return {"job_id": self.job, "tenant": self.tenant}

    def record(self, event: Said, now: datetime, ordinal: int | None = None) -> Outgoing:
        """The record for `jobs.executions`. `ordinal` tells several events of one type apart."""
        if self._key is not None:
            event = sealed_outcome(event, self._key)
        name = type(event).__name__ if ordinal is None else f"{type(event).__name__}:{ordinal}"
        headers = binary_headers(
            derive_id(self._cause.id, name),
            self._source,
            type_bytes_of(type(event)),
            self.job,
            rfc3339(now),
            tenant=self.tenant,
            version=None,
            traceparent=self.traceparent,
        )
        return Outgoing(EXECUTIONS, self.job.encode(), encode_data(event), headers)


def failed(
    order: JobQueued,
    code: FailureCode,
    detail: str,
    *,
    remedy: str = "",
    retry_after_s: float | None = None,
    usage: Usage | None = None,
    action: FailureAction | None = None,
    backend: str | None = None,
    reason: str | None = None,
) -> ExecutionFailed:
    """The attempt ended without an answer; where no better remedy is known, the table of failures has one for the code."""
    return execution_failed(
        order.attempt_id,
        order.leg,
        code,
        detail,
        remedy=remedy or remedy_on(code, order.lane),
        retry_after_s=retry_after_s,
        usage=usage,
        action=action,
        backend=backend,
        reason=reason,
    )


def cancelled(order: JobQueued, usage: Usage) -> ExecutionFailed:
    """The attempt was stopped."""
    return failed(order, FailureCode.CANCELLED, "It was stopped on request.", usage=usage)


def progressed(
    order: JobQueued,
    elapsed_s: float,
    detail: str,
    *,
    objective: Number | None = None,
    bound: Number | None = None,
    gap: float | None = None,
    queue_position: int | None = None,
    wait_s: float | None = None,
    next_within_s: float | None = None,
) -> ExecutionProgressed:
    """How far the attempt has come."""
    return ExecutionProgressed(
        attempt_id=order.attempt_id,
        leg=order.leg,
        elapsed_s=elapsed_s,
        objective=objective,
        bound=bound,
        gap=gap,
        detail=detail,
        queue_position=queue_position,
        wait_s=wait_s,
        next_within_s=next_within_s,
    )


def pool_code(error: PoolError) -> FailureCode:
    """The failure code of an attempt that did not end in the pool."""
    match error:
        case PoolTimeout():
            return FailureCode.BUDGET_EXHAUSTED
        case PoolStopped():
            return FailureCode.CANCELLED
        case PoolMemory():
            return FailureCode.MEMORY_EXHAUSTED
        case PoolCrashed():
            return FailureCode.WORKER_LOST
        case _:
            return FailureCode.INTERNAL


def too_large(order: JobQueued) -> ExecutionFailed:
    """There is an answer that no record can hold."""
    return failed(order, FailureCode.INTERNAL, "The answer is larger than a record may be.")


def internal_failure(order: JobQueued, error: BaseException) -> ExecutionFailed:
    """What an executor raised, without the values that a validation error carries."""
    text = "; ".join(str(field) for field in field_errors(error)) if isinstance(error, ValidationError) else str(error)
    return failed(order, FailureCode.INTERNAL, f"{type(error).__name__}: {text}"[:DETAIL_MAX])
