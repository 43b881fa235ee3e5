"""The core, step by step: what is repeated, what is not, and how a stream is taken up again."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest

from queuebit_client.core import Core
from queuebit_client.errors import (
    ERRORS,
    BadAnswer,
    InvalidRequest,
    KeyReused,
    NotFound,
    QueuebitError,
    RateLimited,
    Unavailable,
    Unreachable,
    WaitTimeout,
)
from queuebit_client.models import Job
from queuebit_client.steps import Call, Connect, Emit, Hangup, NextLine, Pause, Reply
from queuebit_gateway.problem_types import PROBLEMS
from queuebit_gateway.read_model.models import Explanation as ExplanationView
from queuebit_gateway.read_model.models import JobView

JOB = {
    "id": "01890000-0000-7000-8000-000000000000", "tenant": "acme", "state": "submitted", "kind": "maxcut",
    "tier": "interactive", "lane": "auto", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    "version": 0,
}  # fmt: skip


class PausedCore:
    """A clock that pauses move, and no luck."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.core = Core(monotonic_s=lambda: self.now_s, uniform=lambda: 1.0)

    def play(self, steps: Generator[Any, Any, Any], script: list[Any]) -> tuple[Any, list[Any]]:
        """Drive the steps with the answers of a script; its result or what it emitted, and the steps seen."""
        seen: list[Any] = []
        emitted: list[Any] = []
        answer, left = None, list(script)
        error: Exception | None = None
        while True:
            try:
                step = steps.throw(error) if error is not None else steps.send(answer)
            except StopIteration as stop:
                assert not left, f"not used: {left}"
                return (stop.value if stop.value is not None else emitted), seen
            answer, error = None, None
            if isinstance(step, Emit):
                emitted.append(step.item)
                continue
            seen.append(step)
            if isinstance(step, Pause):
                self.now_s += step.delay_s
            elif not isinstance(step, Hangup):
                answer = left.pop(0)
                if isinstance(answer, Exception):
                    answer, error = None, answer


@pytest.fixture
def world() -> PausedCore:
    return PausedCore()


def reply(status: int, body: Any, **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


def problem(code: str, **headers: str) -> Reply:
    item = PROBLEMS[code]
    return reply(
        item.status, {"code": code, "detail": "d", "remedy": "r", "retry": item.retry, "errors": []}, **headers
    )


def pauses(seen: list[Any]) -> list[float]:
    return [step.delay_s for step in seen if isinstance(step, Pause)]


def test_submits_with_a_fresh_uuid7_key(world: PausedCore) -> None:
    job, seen = world.play(world.core.submit({"problem": {}}, None, None), [reply(202, JOB)])
    (call,) = seen
    assert (call.method, call.path, call.body) == ("POST", "/v1/jobs", b'{"problem":{}}')
    assert call.headers["Idempotency-Key"][14] == "7"
    assert isinstance(job, Job)


def test_repeats_with_the_same_key_and_full_jitter(world: PausedCore) -> None:
    script = [Unreachable(), problem("service_unavailable"), reply(502, "bad gateway"), reply(202, JOB)]
    _, seen = world.play(world.core.submit({}, None, None), script)
    calls = [step for step in seen if isinstance(step, Call)]
    assert len({call.headers["Idempotency-Key"] for call in calls}) == 1
    assert pauses(seen) == [0.4, 0.8, 1.6]


def test_gives_up_after_four_attempts(world: PausedCore) -> None:
    with pytest.raises(Unavailable):
        world.play(world.core.get("x", ()), [problem("service_unavailable")] * 4)
    assert world.now_s == pytest.approx(0.4 + 0.8 + 1.6)


def test_waits_as_long_as_the_server_asks_but_not_past_the_deadline(world: PausedCore) -> None:
    _, seen = world.play(world.core.get("x", ()), [problem("rate_limited", retry_after="7"), reply(200, JOB)])
    assert pauses(seen) == [7.0]
    with pytest.raises(RateLimited) as caught:
        world.play(world.core.get("x", ()), [problem("rate_limited", retry_after="3600")])
    assert caught.value.retry_after_s == 3600


@pytest.mark.parametrize(
    ("code", "kind"),
    [("job_not_found", NotFound), ("invalid_statement", InvalidRequest), ("idempotency_key_reused", KeyReused)],
)
def test_does_not_repeat_what_cannot_help(world: PausedCore, code: str, kind: type[QueuebitError]) -> None:
    with pytest.raises(kind) as caught:
        world.play(world.core.submit({}, "k", None), [problem(code)])
    assert (caught.value.code, caught.value.detail, caught.value.remedy) == (code, "d", "r")


def test_every_code_of_the_server_has_an_exception_that_agrees_on_retrying() -> None:
    assert ERRORS.keys() == PROBLEMS.keys()
    disagreeing = {code for code, item in PROBLEMS.items() if ERRORS[code].transient != (item.retry == "same_request")}
    assert disagreeing == set()


def test_shows_everything_that_the_server_shows() -> None:
    from queuebit_client.reads import Explanation

    assert JobView.model_fields.keys() - Job.model_fields.keys() == {"object"}
    assert ExplanationView.model_fields.keys() - Explanation.model_fields.keys() == {"object"}


def test_refuses_an_answer_that_is_not_ours(world: PausedCore) -> None:
    with pytest.raises(BadAnswer):
        world.play(world.core.get("x", ()), [reply(200, {"hello": "world"})])


def test_refuses_numbers_that_json_lacks(world: PausedCore) -> None:
    with pytest.raises(InvalidRequest, match="NaN"):
        world.play(world.core.submit({"budget_s": float("nan")}, None, None), [])


def test_waits_in_rounds_and_gives_up_in_time(world: PausedCore) -> None:
    done = {**JOB, "state": "completed"}
    job, seen = world.play(world.core.wait("x", None), [reply(200, JOB), reply(200, done)])
    assert job.ended
    assert [step.headers["Prefer"] for step in seen] == ["wait=25", "wait=25"]

    def late() -> Reply:
        world.now_s += 25
        return reply(200, JOB)

    steps = world.core.wait("x", 25.0)
    steps.send(None)
    with pytest.raises(WaitTimeout) as caught:
        steps.send(late())
    assert caught.value.job_id == JOB["id"]


def test_lists_page_after_page(world: PausedCore) -> None:
    line = {name: JOB[name] for name in ("id", "state", "kind", "tier", "lane", "created_at", "updated_at", "version")}
    pages = [
        reply(200, {"data": [line] * 100, "has_more": True, "next_cursor": "c"}),
        reply(200, {"data": [line] * 50, "has_more": True, "next_cursor": "d"}),
    ]
    found, seen = world.play(world.core.list({"state": ["failed"]}, 150), pages)
    assert len(found) == 150
    assert [call.path for call in seen] == [
        "/v1/jobs?state=failed&limit=100",
        "/v1/jobs?state=failed&limit=50&cursor=c",
    ]


def _event(version: int, name: str) -> list[str]:
    data = json.dumps({"time": "2026-01-01T00:00:00Z", "data": {}})
    return [f"event: {name}", f"data: {data}", f"id: {version}", ""]


def test_takes_a_broken_stream_up_where_it_broke(world: PausedCore) -> None:
    open_stream = Reply(200, {})
    script = [
        open_stream, "id: 0", "retry: 2000", "", *_event(1, "JobSubmitted"), ": ping", "", *_event(2, "JobPlanned"), None,
        Unreachable(),
        open_stream, *_event(2, "JobPlanned"), *_event(3, "JobQueued"), Unreachable(),
        open_stream, *_event(4, "JobCompleted"),
    ]  # fmt: skip
    found, seen = world.play(world.core.watch("x", 0, compact=True), script)

    assert [(event.version, event.name) for event in found] == [
        (1, "JobSubmitted"), (2, "JobPlanned"), (3, "JobQueued"), (4, "JobCompleted"),
    ]  # fmt: skip
    assert [step.headers["Last-Event-ID"] for step in seen if isinstance(step, Connect)] == ["0", "2", "2", "3"]
    assert seen[-1] == Hangup()
    assert NextLine() in seen


def test_ends_where_everything_was_seen(world: PausedCore) -> None:
    found, _ = world.play(world.core.watch("x", 8, compact=True), [Reply(204, {})])
    assert found == []


def test_stops_watching_what_is_not_there(world: PausedCore) -> None:
    with pytest.raises(NotFound):
        world.play(world.core.watch("x", 0, compact=True), [problem("job_not_found")])
    with pytest.raises(Unreachable):
        world.play(world.core.watch("x", 0, compact=True), [Unreachable()] * 4)
