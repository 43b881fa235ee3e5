"""What telemetry learns at the door: every answer by class, and a span for each request that sends something on."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from queuebit_contracts.attributes import read_traceparent
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import OpenSpan, Telemetry
from queuebit_runtime.telemetry.trace_context import TRACEPARENT

ROUTE_CLASS = "queuebit.route_class"
"""Where the scope says which class of route served it."""
WAITED = "queuebit.waited"
"""Where the scope says that the caller asked to wait: how long that took says nothing of us."""

_SPAN = "queuebit.span"
_JOBS = "/v1/jobs"
_BATCHES = "/v1/batches"
_CANCEL = "/v1/jobs/{job_id}/cancel"


class Traced:
    """Wraps the app where telemetry is on."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry, clock: Clock) -> None:
        self._app = app
        self._telemetry = telemetry
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        span = scope[_SPAN] = self._begin(scope)
        status, began_s = 0, self._clock.monotonic_s()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            status_class = f"{status // 100}xx" if status else "none"
            labels = {semconv.ROUTE_CLASS: scope.get(ROUTE_CLASS, "other"), semconv.STATUS_CLASS: status_class}
            self._telemetry.count(Metric.REQUESTS, labels=labels)
            if WAITED not in scope:
                took_s = self._clock.monotonic_s() - began_s
                trace = None if span is None else span.traceparent
                self._telemetry.observe(Metric.REQUEST_DURATION, took_s, labels, trace)
            if span is not None:
                span.set(semconv.HTTP_STATUS, status)
                span.end(None if 0 < status < 500 else str(status or "none"))

    def _begin(self, scope: Scope) -> OpenSpan | None:
        """A span below the caller's, or the first of a new trace; None for what only reads, and where the trace is not kept."""
        route = _sending(scope)
        if route is None:
            return None
        header = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
        span = self._telemetry.span(f"POST {route}", read_traceparent(header.decode("latin-1").strip()), "server")
        if span is not None:
            span.set(semconv.HTTP_METHOD, "POST")
            span.set(semconv.HTTP_ROUTE, route)
        return span


def traceparent_of(request: Request) -> str | None:
    """What goes with that which the request sends on: the context of its own span, else the caller's where it is valid.

    None for a request without one while telemetry is off.
    """
    span: OpenSpan | None = request.scope.get(_SPAN)
    if span is None:
        return read_traceparent((request.headers.get(TRACEPARENT) or "").strip())
    return span.traceparent


def name_job(request: Request, job_id: UUID, tenant: str) -> None:
    """Tell the request's span, if it has one, which job it was about."""
    span: OpenSpan | None = request.scope.get(_SPAN)
    if span is not None:
        span.set(semconv.JOB_ID, str(job_id))
        span.set(semconv.TENANT, tenant)


def _sending(scope: Scope) -> str | None:
    """The route of a request that sends something on."""
    path: str = scope["path"]
    if scope["method"] != "POST" or not path.startswith("/v1/"):
        return None
    if path in (_JOBS, _BATCHES):
        return path
    return _CANCEL if path.startswith(_JOBS) and path.endswith("/cancel") else None
