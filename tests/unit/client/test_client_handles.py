"""A job in the hand: awaited, shown as it goes on at a bounded pace, withdrawn; in both clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from queuebit_client import AsyncHandle, Handle, Result, Verdict
from queuebit_client import handles as h
from queuebit_client.models import Job
from tests.unit.client.shown_jobs import HOSTILE, a_job

RUNNING = {"state": "running", "answer": None, "verdict": None, "version": 3}


class Told:
    """In the place of a client: a job that is seen at these versions, and `events` of which it is told."""

    def __init__(self, *seen: Job, events: int = 3) -> None:
        self.seen = list(seen)
        self.calls: list[Any] = []
        self._events = events

    def _next(self, *call: Any) -> Job:
        self.calls.append(call)
        return self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]


class Sync(Told):
    def get(self, job_id: Any) -> Job:
        return self._next("get")

    def wait(self, job_id: Any, *, timeout_s: float | None = None) -> Job:
        return self._next("wait", timeout_s)

    def cancel(self, job_id: Any, *, reason: str) -> Job:
        return self._next("cancel", reason)

    def watch(self, job_id: Any, *, after: int) -> Iterator[int]:
        self.calls.append(("watch", after))
        return iter(range(self._events))


class Async(Told):
    async def get(self, job_id: Any) -> Job:
        return self._next("get")

    async def wait(self, job_id: Any, *, timeout_s: float | None = None) -> Job:
        return self._next("wait", timeout_s)

    async def cancel(self, job_id: Any, *, reason: str) -> Job:
        return self._next("cancel", reason)

    async def watch(self, job_id: Any, *, after: int) -> AsyncIterator[int]:
        self.calls.append(("watch", after))
        for nth in range(self._events):
            yield nth


def held(client: Any, job: Job) -> Any:
    return (AsyncHandle if isinstance(client, Async) else Handle)(client, job)


async def awaited(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value


async def test_awaiting_a_handle_gives_the_job_at_its_end_and_asks_once() -> None:
    client = Async(a_job())
    handle = AsyncHandle(client, a_job(**RUNNING))  # type: ignore[arg-type]

    first, again = await handle, await handle

    assert (first, again) == (a_job(), a_job())
    assert client.calls == [("wait", None)]
    assert handle.id == first.id


@pytest.mark.parametrize("kind", [Sync, Async])
async def test_it_is_shown_as_it_goes_on_and_at_its_end(monkeypatch: pytest.MonkeyPatch, kind: type[Told]) -> None:
    monkeypatch.setattr(h, "PACE_S", 0.0)
    progress = {
        "attempt_id": a_job().id,
        "leg": "x",
        "at": "2026-01-01T00:00:00Z",
        "elapsed_s": 1.5,
        "objective": 9,
        "gap": 0.5,
    }
    later = a_job(**RUNNING, progress=progress)
    client, shown = kind(later, later, later, a_job()), list[Job]()

    ended = await awaited(held(client, a_job(**RUNNING)).show(shown.append))

    assert [each.state for each in shown] == ["running", "running", "running", "running", "completed"]
    assert ended == a_job()
    assert client.calls[0] == ("watch", 3)
    assert "so far          objective 9, gap 0.5 after 1.5 s" in shown[1]._repr_mimebundle_()["text/plain"]
    assert "so far" not in ended._repr_mimebundle_()["text/plain"]


@pytest.mark.parametrize("kind", [Sync, Async])
async def test_however_much_happens_it_is_read_no_more_often_than_its_pace(kind: type[Told]) -> None:
    client, shown = kind(a_job(), events=10_000), list[Job]()

    await awaited(held(client, a_job(**RUNNING)).show(shown.append))

    assert client.calls.count(("get",)) < 100
    assert shown[-1].state == "completed"


@pytest.mark.parametrize("kind", [Sync, Async])
async def test_what_has_ended_is_shown_and_given_without_asking_and_elsewhere_than_in_a_notebook_nothing_is_shown(
    kind: type[Told], capsys: pytest.CaptureFixture[str]
) -> None:
    client = kind(a_job())
    handle = held(client, a_job())

    assert await awaited(handle.show()) == await awaited(handle.result()) == a_job()
    assert client.calls == []
    assert capsys.readouterr().out == ""
    assert handle._repr_mimebundle_() == a_job()._repr_mimebundle_()


@pytest.mark.parametrize("kind", [Sync, Async])
async def test_it_is_withdrawn_with_a_reason_and_waited_for_no_longer_than_asked(kind: type[Told]) -> None:
    client = kind(a_job(**RUNNING))
    handle = held(client, a_job(**RUNNING))

    await awaited(handle.result(timeout_s=2.0))
    await awaited(handle.cancel("enough"))

    assert client.calls == [("wait", 2.0), ("cancel", "enough")]


def test_an_answer_and_a_verdict_show_themselves_and_nothing_of_them_is_code() -> None:
    job = a_job(answer={"side": [0, 1], HOSTILE: 1}, reasons=[HOSTILE, "proved"])
    result, verdict = Result.of_job(job), Verdict.of_job(job)
    assert result is not None
    assert verdict is not None

    assert verdict._repr_mimebundle_()["text/plain"].splitlines() == [
        f"Verdict on {job.id}: accepted",
        "  objective       2",
        "  bound           2",
        "  gap             0",
        "  proved optimal  True",
        "  confidence      1",
        "  · optimality    1, weight 4",
        f"  why             {HOSTILE}",
        "  why             proved",
    ]
    assert result.answer == job.answer
    assert "  side                       [0, 1]" in result._repr_mimebundle_()["text/plain"]
    for shown in (result, verdict):
        html = shown._repr_mimebundle_()["text/html"]
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_where_there_is_no_answer_there_is_neither() -> None:
    assert (Result.of_job(a_job(answer=None)), Verdict.of_job(a_job(verdict=None))) == (None, None)
