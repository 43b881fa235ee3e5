"""One attempt: how it runs and ends, and what is told of it: a span, a count, a line where it failed inside."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Iterable
from datetime import datetime

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobQueued
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import is_past
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import OpenSpan, Telemetry
from queuebit_runtime.waiting import end_task
from queuebit_runtime.worker.orders import Work
from queuebit_runtime.worker.reports import failed, internal_failure

STOP_GRACE_S = 3.0

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


async def executed(work: Work, run: Coroutine[object, object, Outcome], clock: Clock) -> Outcome:
    """What the executor returns; a cancellation where it does not end soon after it was told to stop."""
    running = asyncio.ensure_future(run)
    stopped = asyncio.ensure_future(work.stop.wait())
    try:
        await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            grace = asyncio.ensure_future(clock.sleep(STOP_GRACE_S))
            await asyncio.wait((running, grace), return_when=asyncio.FIRST_COMPLETED)
            grace.cancel()
        if not running.done():
            return failed(work.order, FailureCode.CANCELLED, "stopped on request")
        return running.result()
    except Exception as error:
        return failed_inside(work, error)
    finally:
        stopped.cancel()
        await end_task(running)


def too_late(order: JobQueued, now: datetime, *, begun: bool = False) -> ExecutionFailed | None:
    """What is said of an order that nobody waits for any more, instead of doing it. `begun`: it began in time."""
    if is_past(order.deadline, now):
        return failed(order, FailureCode.CANCELLED, "deadline passed")
    if not begun and is_past(order.begin_by, now):
        return failed(order, FailureCode.WORKER_LOST, "The order came so late that its attempt was given up before.")
    return None


def count_attempts(telemetry: Telemetry, outcomes: Iterable[Outcome]) -> None:
    """Count attempts whose outcomes are published."""
    if telemetry.on:
        for name, count in Counter([_name(outcome) for outcome in outcomes]).items():
            telemetry.count(Metric.ATTEMPTS, count, {semconv.OUTCOME: name})


def _name(outcome: Outcome) -> str:
    """`succeeded`, or the code of the failure."""
    return outcome.code.value if isinstance(outcome, ExecutionFailed) else "succeeded"
