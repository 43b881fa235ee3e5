"""The shadow of validator and solver: the same code says the same of what is recorded, and a change in it is found out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from queuebit_classical_solver.shell import shadow
from queuebit_classical_solver.shell.task import Meter, Task, Unsolved
from queuebit_contracts import events as ev
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Problem
from queuebit_domain.job.codec import read_event
from queuebit_operations.errors import NotThere
from queuebit_operations.replaying.answers import Answered, answered_again
from queuebit_operations.replaying.running import run_shadow
from queuebit_operations.replaying.services import ADAPTER, SOLVER, VALIDATION, installed_handlers
from queuebit_operations.replaying.shadow import Divergence
from queuebit_operations.scan.port import Selection, Stream
from queuebit_result_validation import compare
from queuebit_result_validation.history import Track
from queuebit_result_validation.shadow import verdict_again
from queuebit_result_validation.validate import validate
from queuebit_store.memory import MemoryStore
from tests.builders import NOW, a_problem, a_success
from tests.fakes.histories import LEG, a_job_id, as_rows, tell_jobs

JOB = a_job_id(1)
DECIMALS = Problem(
    kind="qubo", statement={"variables": 3, "terms": [[0, 0, -0.1], [1, 1, -0.2], [0, 1, 0.05], [2, 2, 0.3]]}
)
NEARLY = -0.25 * (1 + 1e-12)
"""The least energy is -0.25: within the tolerance, and not the same number."""
ANSWER: dict[str, Any] = {"answer": {"x": [1, 1, 0]}, "objective": NEARLY, "bound": NEARLY}


async def a_stream(problem: Problem, **answer: Any) -> Stream:
    """A job whose answer was checked by the validator as it is."""
    answer = {"problem": problem, "attempt_id": attempt_id_of(JOB, LEG, 1), **answer}
    execution = a_success(**answer)
    started = ev.JobStarted(attempt_id=execution.attempt_id, leg=LEG, worker="w1", started_at=NOW)
    store = MemoryStore()
    await tell_jobs(store, [1], then=[started, execution, validate(execution, NOW)], problem=problem)
    return Stream(JOB, None, as_rows((await store.load([JOB]))[JOB]))


def validation(stream: Stream) -> Answered:
    return answered_again(stream, installed_handlers([VALIDATION]))


async def test_the_same_code_says_the_same() -> None:
    for stream in (await a_stream(a_problem()), await a_stream(DECIMALS, **ANSWER)):
        result = answered_again(stream, installed_handlers([VALIDATION, SOLVER]))

        assert result.divergences == []
        assert result.handled == {VALIDATION: 1, SOLVER: 1}


async def test_a_search_is_made_again_with_the_seed_that_ran_whosever_that_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an answer of the job's own run, and one that another job's run gave to both."""
    seeds: list[int] = []

    def searched(task: Task, _: object) -> Unsolved:
        seeds.append(task.limits.seed)
        return Unsolved(FailureCode.NO_ANSWER_FOUND, "", Meter(0.0, 0.0))

    monkeypatch.setattr(shadow, "solve", searched)
    for evidence in ({}, {"from_attempt": "another"}):
        stream = await a_stream(a_problem(), provenance={"seed": 4711}, evidence=evidence)
        answered_again(stream, installed_handlers([SOLVER]))

    order = next(event for event in map(read_event, stream.events) if isinstance(event, ev.JobQueued))
    assert seeds == [order.seed, 4711]


async def test_another_tolerance_of_the_validator_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await a_stream(DECIMALS, **ANSWER)
    monkeypatch.setattr(compare, "TOLERANCE", 1e-15)

    (found,) = validation(stream).divergences

    assert (found.service, found.kind, found.name) == (VALIDATION, "verdict", "ResultValidated")
    assert (found.recorded, found.candidate) == ("accepted", "ResultRejected: objective_mismatch")


async def test_another_bound_and_other_words_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await a_stream(DECIMALS, **ANSWER)

    def another(asked: Any, recorded: ev.ResultValidated, at: Any) -> ev.ResultValidated:
        return recorded.model_copy(update={"bound": -0.5, "proven_optimal": False, "reasons": ("another",)})

    found = answered_again(stream, {VALIDATION: another}).divergences

    assert {(each.path, each.kind) for each in found} == {
        ("/bound", "value"), ("/proven_optimal", "proof"), ("/reasons", "words"),
    }  # fmt: skip


async def test_a_handler_that_fails_or_lacks_something_says_so() -> None:
    stream = await a_stream(a_problem())

    def broken(asked: Any, recorded: Any, at: Any) -> Any:
        raise ZeroDivisionError("in the candidate")

    failed = answered_again(stream, {VALIDATION: broken})
    lacking = answered_again(stream, {VALIDATION: lambda *_: None})

    version = stream.events[-2].version
    said = "ZeroDivisionError: in the candidate"
    assert failed.divergences == [
        Divergence(str(JOB), version, "ResultValidated", "", "answered", said, VALIDATION, "failed")
    ]
    assert (lacking.divergences, lacking.not_comparable) == ([], {VALIDATION: 1})


@pytest.mark.parametrize(
    ("recorded", "again", "kinds"),
    [
        ({"objective": 4, "bound": 6, "proven_optimal": False}, {"objective": 4, "answer": {"side": [1]}}, []),
        ({"objective": 4, "bound": 6, "proven_optimal": False}, {"objective": 5}, ["better"]),
        ({"objective": 4, "bound": 6, "proven_optimal": False}, {"objective": 3}, ["worse"]),
        ({"objective": 4, "bound": 2, "proven_optimal": False}, {"objective": 3}, ["better"]),
        ({"objective": 4, "bound": None, "proven_optimal": False}, {"objective": 3}, ["value"]),
        ({"objective": 6}, {"objective": 7}, ["worse"]),
        ({"objective": 6}, {"proven_optimal": False}, ["proof lost"]),
        ({"objective": 6, "proven_optimal": False}, {"proven_optimal": True}, ["proof found"]),
    ],
)
async def test_answers_are_compared_by_how_good_they_are(
    recorded: dict[str, Any], again: dict[str, Any], kinds: list[str]
) -> None:
    stream = await a_stream(a_problem(), **recorded)

    result = answered_again(stream, {SOLVER: lambda _, said, at: said.model_copy(update=again)})

    assert [each.kind for each in result.divergences] == kinds


def test_what_the_validator_remembered_and_when_it_looked_come_from_the_record() -> None:
    evidence = {"shots": 1000, "feasible_fraction": 0.5, "calibrated_at": (NOW - timedelta(hours=3)).isoformat()}
    simulated = a_success("primary-simulator", objective=6, bound=None, proven_optimal=False, evidence=evidence)
    for track in (Track(), Track(12, 9), Track(60, 40, 20, 3)):
        recorded = validate(simulated, NOW, track)

        assert verdict_again(simulated, recorded, NOW + timedelta(seconds=20)) == recorded


class Pages:
    """A scan of some streams."""

    def __init__(self, *streams: Stream) -> None:
        self._streams = streams

    async def streams(self, selection: Selection) -> AsyncIterator[list[Stream]]:
        yield list(self._streams)


@pytest.mark.parametrize("decide", [True, False])
async def test_the_report_counts_by_service_and_kind(monkeypatch: pytest.MonkeyPatch, decide: bool) -> None:
    scan: Any = Pages(await a_stream(DECIMALS, **ANSWER))
    monkeypatch.setattr(compare, "TOLERANCE", 1e-15)
    store, handlers = MemoryStore(), installed_handlers([VALIDATION])

    report = await run_shadow(
        scan, Selection(), store, None, "replay_1", handlers, decide=decide, limit=9, on_progress=lambda _: None
    )

    document = report.document()
    assert (document["jobs"], document["differing"], document["differences"]) == (1, 1, 1)
    assert document["by_kind"] == {"result-validation: verdict": 1}
    assert document["by_place"] == {"ResultValidated": 1}
    assert document["services"] == {VALIDATION: {"handled": 1, "not_comparable": 0}}
    assert (document["recorded"] > 0, bool(await store.load([JOB]))) == (decide, decide)
    assert document["shown"][0]["candidate"] == "ResultRejected: objective_mismatch"


async def test_who_is_interrupted_waits_for_one_job_and_not_for_a_page() -> None:
    stream, begun, go, asked = await a_stream(a_problem()), threading.Event(), threading.Event(), list[Any]()
    scan: Any = Pages(stream, stream, stream)

    def slow(question: Any, recorded: Any, at: Any) -> Any:
        asked.append(question)
        begun.set()
        go.wait(60)
        return recorded

    handlers: Any = {SOLVER: slow}
    shadow = run_shadow(
        scan, Selection(), MemoryStore(), None, "replay_1", handlers, decide=False, limit=9, on_progress=lambda _: None
    )
    loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor()
    loop.set_default_executor(threads)
    try:
        running = asyncio.create_task(shadow)
        await asyncio.to_thread(begun.wait, 60)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    finally:
        go.set()
        loop.set_default_executor(ThreadPoolExecutor())
    threads.shutdown()

    assert len(asked) == 1


def test_a_service_that_is_not_installed_is_named_with_those_that_are() -> None:
    assert set(installed_handlers([])) == {VALIDATION, ADAPTER}
    assert set(installed_handlers(["control-plane"])) == set()
    with pytest.raises(NotThere, match="'another-service'"):
        installed_handlers([VALIDATION, "another-service"])
