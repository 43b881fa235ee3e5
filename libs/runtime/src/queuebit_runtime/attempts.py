"""What is told of attempts: a span while one runs, how many ended in which way, a line where one failed inside."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded
from queuebit_runtime import semconv
from queuebit_runtime.metrics import Metric
from queuebit_runtime.orders import Work
from queuebit_runtime.reports import internal_failure
from queuebit_runtime.telemetry import OpenSpan, Telemetry

Outcome = ExecutionSucceeded | ExecutionFailed

_log = logging.getLogger(__name__)


def begin_attempt(telemetry: Telemetry, work: Work) -> OpenSpan | None:
    """The span of an attempt of a kept trace, below the one in which its order was read."""
    if not telemetry.on or work.report.traceparent is None:
        return None
    span = telemetry.span("execute", work.report.traceparent)
    if span is not None:
        order = work.order
        span.set(semconv.JOB_ID, work.report.job)
        if work.report.tenant is not None:
            span.set(semconv.TENANT, work.report.tenant)
        span.set(semconv.LEG, order.leg)
        span.set(semconv.LANE, order.lane)
        span.set(semconv.ATTEMPT, order.number)
    return span


def end_attempt(span: OpenSpan | None, outcome: Outcome) -> None:
    """The attempt ended so."""
    if span is not None:
        span.set(semconv.OUTCOME, _name(outcome))
        span.end(outcome.code.value if isinstance(outcome, ExecutionFailed) else None)


def failed_inside(work: Work, error: Exception) -> ExecutionFailed:
    """What becomes of an attempt whose executor raised: a line in the log, and the failure to publish."""
    _log.error("An attempt failed inside.", exc_info=error, extra=work.report.log_fields)
    return internal_failure(work.order, error)


def count_attempts(telemetry: Telemetry, outcomes: Iterable[Outcome]) -> None:
    """Count attempts whose outcomes are published."""
    if telemetry.on:
        for name, count in Counter(_name(outcome) for outcome in outcomes).items():
            telemetry.count(Metric.ATTEMPTS, count, {semconv.OUTCOME: name})


def _name(outcome: Outcome) -> str:
    """`succeeded`, or the code of the failure."""
    return outcome.code.value if isinstance(outcome, ExecutionFailed) else "succeeded"
