"""What telemetry hears at the door."""

from __future__ import annotations

from uuid import UUID

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from queuebit_gateway.http.tracing import ROUTE_CLASS, WAITED, Traced, name_job, traceparent_of
from queuebit_runtime.telemetry.metrics import Metric
from tests.fakes.moved_clock import MovedClock
from tests.fakes.telemetry import HERE, HeardSpan, Listener

JOB = UUID("01890000-0000-7000-8000-000000000001")
KEPT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOT_KEPT = KEPT[:-2] + "00"


class Door:
    """A traced app that answers with one status and keeps the trace that its handler saw."""

    def __init__(self, status: int | None) -> None:
        self.ears = Listener()
        self.trace: str | None = None
        self._status = status

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE_CLASS] = "submit"
        self.trace = traceparent_of(Request(scope))
        name_job(Request(scope), JOB, "acme")
        if self._status is None:
            raise RuntimeError("no answer")
        await send({"type": "http.response.start", "status": self._status, "headers": []})

    async def ask(self, method: str, path: str, trace: str | None = None) -> None:
        headers = [] if trace is None else [(b"traceparent", trace.encode())]
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await Traced(self._app, self.ears, MovedClock())(scope, _nothing, _deaf)


async def _nothing() -> Message:
    raise AssertionError("nothing is read here")


async def _deaf(_: Message) -> None:
    return


def the_span(route: str, status: int, parent: str | None = None, error: str | None = None) -> HeardSpan:
    said: dict[str, str | int] = {
        "http.request.method": "POST",
        "http.route": route,
        "queuebit.job.id": str(JOB),
        "queuebit.tenant": "acme",
        "http.response.status_code": status,
    }
    return HeardSpan(f"POST {route}", parent, "server", said, error, ended=True)


@pytest.mark.parametrize(
    ("path", "route"),
    [("/v1/jobs", "/v1/jobs"), (f"/v1/jobs/{JOB}/cancel", "/v1/jobs/{job_id}/cancel")],
)
@pytest.mark.parametrize(("status", "error"), [(202, None), (422, None), (503, "503")])
async def test_a_request_that_sends_something_on_has_a_span(
    path: str, route: str, status: int, error: str | None
) -> None:
    door = Door(status)
    await door.ask("POST", path)
    assert door.ears.spans == [the_span(route, status, None, error)]
    assert door.trace == HERE
    assert door.ears.counts == {(Metric.REQUESTS, ("submit", f"{status // 100}xx")): 1}


@pytest.mark.parametrize(
    ("given", "parent", "seen"), [(KEPT, KEPT, HERE), ("nonsense", None, HERE)], ids=["kept", "nonsense"]
)
async def test_the_span_hangs_below_the_trace_of_the_caller(given: str, parent: str | None, seen: str) -> None:
    door = Door(202)
    await door.ask("POST", "/v1/jobs", given)
    assert ([span.parent for span in door.ears.spans], door.trace) == ([parent], seen)


async def test_a_trace_that_the_caller_does_not_keep_is_handed_on_without_a_span() -> None:
    door = Door(202)
    await door.ask("POST", "/v1/jobs", NOT_KEPT)
    assert (door.ears.spans, door.trace) == ([], NOT_KEPT)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/jobs"), ("POST", "/v1/jobs/1/other"), ("POST", "/")])
async def test_other_requests_are_only_counted(method: str, path: str) -> None:
    door = Door(200)
    await door.ask(method, path)
    assert (door.ears.spans, door.trace) == ([], None)
    assert door.ears.counts == {(Metric.REQUESTS, ("submit", "2xx")): 1}


async def test_a_request_without_an_answer_ends_its_span() -> None:
    door = Door(None)
    with pytest.raises(RuntimeError):
        await door.ask("POST", "/v1/jobs")
    assert door.ears.spans == [the_span("/v1/jobs", 0, None, "none")]
    assert door.ears.counts == {(Metric.REQUESTS, ("submit", "none")): 1}


async def test_how_long_an_answer_takes_is_told_unless_the_caller_asked_to_wait() -> None:
    ears, clock = Listener(), MovedClock()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        clock.spend(0.3)
        if scope["path"].endswith("wait"):
            scope[WAITED] = True
        await send({"type": "http.response.start", "status": 200, "headers": []})

    for path in ("/v1/jobs/1", "/v1/jobs/1/wait"):
        await Traced(slow, ears, clock)({"type": "http", "method": "GET", "path": path, "headers": []}, _nothing, _deaf)

    assert [(metric, round(value, 6), labels) for metric, value, labels in ears.observed] == [
        (Metric.REQUEST_DURATION, 0.3, ("other", "2xx"))
    ]
    assert sum(ears.counts.values()) == 2
