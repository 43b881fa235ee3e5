"""POST /v1/batches: many jobs in one call, each with a fate of its own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from queuebit_contracts.channels import ADMITTED
from queuebit_contracts.ids import job_id_of, time_ordered_key
from queuebit_gateway.access.rate_limits import RATES, Rate
from queuebit_gateway.http.admission import READ_SMALL, SPLIT
from queuebit_problems.kinds.circuits.circuit_sampling import KIND
from queuebit_runtime.errors import PoolCrashed, PoolError, PoolExhausted
from queuebit_runtime.processes.bounded_work import inline
from tests.contract.http.running_gateway import RunningGateway, a_body, a_world


def _job(world: RunningGateway, **changes: Any) -> dict[str, Any]:
    return {**a_body(), "idempotency_key": str(world.parts.ids.mint()), **changes}


async def _batch(world: RunningGateway, jobs: Any, role: str = "submitter") -> Any:
    return await world.http.post("/v1/batches", json={"jobs": jobs}, headers=await world.headers("acme", role))


async def test_a_thousand_jobs_are_taken_by_one_statement(world: RunningGateway) -> None:
    calls: list[str] = []

    async def count(operation: str) -> None:
        calls.append(operation)

    world.store.hooks.before = count
    jobs = [_job(world, seed=nth) for nth in range(1000)]
    answer = await _batch(world, jobs)

    found = answer.json()
    assert (answer.status_code, found["object"], found["taken"], found["refused"]) == (200, "batch", 1000, 0)
    keys = [time_ordered_key(job["idempotency_key"]) for job in jobs]
    assert [line["job"]["id"] for line in found["data"]] == [str(job_id_of("acme", key)) for key in keys if key]
    assert calls.count("reserve") == 1
    assert len(world.broker.records(ADMITTED)) == 1000


async def test_each_job_has_a_fate_of_its_own(world: RunningGateway) -> None:
    good, wrong, kind, late = _job(world), _job(world, budget_s=-1), _job(world), _job(world)
    kind["problem"] = {"kind": "riddles", "statement": {}}
    late["deadline"] = "2001-01-01T00:00:00Z"
    keyless = a_body()
    twice = {**good, "seed": 7}

    answer = await _batch(world, [good, wrong, kind, late, keyless, "job", good, twice])

    lines = answer.json()["data"]
    assert [line["status"] for line in lines] == [202, 422, 422, 422, 400, 422, 202, 422]
    assert [line["problem"] and line["problem"]["code"] for line in lines] == [
        None, "invalid_request", "unknown_kind", "deadline_past", "idempotency_key_required", "invalid_request", None,
        "idempotency_key_reused",
    ]  # fmt: skip
    assert lines[1]["problem"]["errors"][0]["pointer"] == "/budget_s"
    assert (lines[0]["replayed"], lines[6]["replayed"]) == (False, True)
    assert lines[0]["job"]["id"] == lines[6]["job"]["id"] == lines[7]["problem"]["job_id"]
    assert len(world.broker.records(ADMITTED)) == 1


async def test_a_batch_sent_again_shows_the_jobs_as_they_are_now(world: RunningGateway) -> None:
    jobs = [_job(world) for _ in range(3)]
    first = (await _batch(world, jobs)).json()["data"]
    headers = await world.headers(Prefer="wait=5")
    for line in first:
        await world.http.get(f"/v1/jobs/{line['job']['id']}", headers=headers)

    again = (await _batch(world, jobs)).json()["data"]

    assert [line["job"]["id"] for line in again] == [line["job"]["id"] for line in first]
    assert [(line["replayed"], line["job"]["state"]) for line in again] == [(True, "completed")] * 3
    assert len(world.broker.records(ADMITTED)) == 3


async def test_a_batch_whose_publication_failed_is_sent_again_and_makes_each_job_once(world: RunningGateway) -> None:
    jobs = [_job(world) for _ in range(20)]
    world.broker.fail_publishes(1)

    failed = await _batch(world, jobs)
    again = await _batch(world, jobs)

    assert (failed.status_code, failed.json()["code"]) == (503, "service_unavailable")
    assert (again.status_code, again.json()["taken"]) == (200, 20)
    sent = {record.key for record in world.broker.records(ADMITTED)}
    assert len(sent) == 20


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ("{}", 422, "invalid_request", "/jobs"),
        ('{"jobs": []}', 422, "invalid_request", "/jobs"),
        ('{"jobs": {}}', 422, "invalid_request", "/jobs"),
        ('{"jobs": [], "more": 1}', 422, "invalid_request", "/more"),
        ('{"jobs": [1], "jobs": [2]}', 400, "malformed_json", None),
        ("[]", 422, "invalid_request", ""),
        ("{", 400, "malformed_json", None),
        (json.dumps({"jobs": [{}] * 1001}), 422, "invalid_request", "/jobs"),
    ],
)
async def test_refuses_what_is_no_batch(
    world: RunningGateway, body: str, status: int, code: str, pointer: str | None
) -> None:
    answer = await world.http.post(
        "/v1/batches", content=body, headers=await world.headers(**{"Content-Type": "application/json"})
    )

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert [each["pointer"] for each in problem.get("errors", [])][:1] == ([] if pointer is None else [pointer])
    assert world.broker.records(ADMITTED) == []


async def test_integers_beyond_64_bits_stay_exact_in_statements(world: RunningGateway) -> None:
    """Given a statement with one, then its kind decides, as it does for a job alone."""
    job = _job(world)
    job["problem"]["statement"]["edges"][0][2] = 10**30

    alone = await world.submit(body={name: value for name, value in job.items() if name != "idempotency_key"})
    (line,) = (await _batch(world, [job])).json()["data"]

    assert line["status"] == alone.status_code
    told = {name: line["problem"][name] for name in ("code", "detail", "errors")} if line["problem"] else None
    assert told == ({name: alone.json()[name] for name in told} if told else None)


async def test_each_job_counts_as_one_submission_of_the_rate() -> None:
    async with a_world(rates={**RATES, "submit": Rate(per_s=0.001, burst=10)}) as world:
        first = await _batch(world, [_job(world) for _ in range(8)])
        over = await _batch(world, [_job(world) for _ in range(3)])

        assert first.status_code == 200
        assert first.headers["ratelimit"].startswith('"submit";r=2;')
        assert (over.status_code, over.json()["code"]) == (429, "rate_limited")
        assert int(over.headers["retry-after"]) >= 1
        assert len(world.broker.records(ADMITTED)) == 8


async def test_a_batch_is_charged_before_any_of_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a batch beyond the rate, then not even what is wrong in it is looked for."""
    read: list[str] = []

    work = inline()
    run = work.run

    async def watched(task: str, argument: Any, *, tenant: str, size_bytes: int) -> Any:
        read.append(task)
        return await run(task, argument, tenant=tenant, size_bytes=size_bytes)

    monkeypatch.setattr(work, "run", watched)
    async with a_world(rates={**RATES, "submit": Rate(per_s=0.05, burst=500)}, work=work) as world:
        assert (await _batch(world, [_job(world) for _ in range(300)])).status_code == 200
        assert read == [SPLIT, READ_SMALL, READ_SMALL, READ_SMALL]
        read.clear()
        over = await _batch(world, [_job(world, budget_s=-1) for _ in range(300)])

    assert (over.status_code, read) == (429, [SPLIT])


async def test_many_and_few_small_and_dear_have_the_same_fates(world: RunningGateway) -> None:
    """Given questions that are read in groups, and such as are read each for itself, then order and words are the same."""
    dear = _job(world)
    dear["problem"] = {
        "kind": "circuit_sampling",
        "statement": {"qasm": "OPENQASM 3.0; qubit[1] q; bit[1] c; c = measure q;"},
    }
    some = [_job(world), _job(world, budget_s=-1), dear, "job", {**_job(world), "idempotency_key": 7}]
    alone = [(await _batch(world, [each])).json()["data"][0] for each in some]
    many = (await _batch(world, [*some, *(_job(world) for _ in range(40))])).json()["data"]

    told = [(line["status"], line["problem"] and line["problem"]["errors"]) for line in many[:5]]
    assert told == [(line["status"], line["problem"] and line["problem"]["errors"]) for line in alone]


def _circuits(world: RunningGateway, count: int) -> list[Any]:
    circuit = {"kind": "circuit_sampling", "statement": {"qasm": "OPENQASM 3.0; qubit[1] q; bit[1] c; c = measure q;"}}
    return [{**_job(world), "problem": circuit} for _ in range(count)]


async def test_small_circuits_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    work, read = inline(), list[str]()
    run = work.run

    async def watched(task: str, argument: Any, **how: Any) -> Any:
        read.append(task)
        return await run(task, argument, **how)

    monkeypatch.setattr(work, "run", watched)
    async with a_world(work=work) as world:
        answer = await _batch(world, _circuits(world, 100))

    assert {line["status"] for line in answer.json()["data"]} == {202}
    assert read == [SPLIT, READ_SMALL]


@pytest.mark.parametrize("error", [PoolExhausted(), PoolCrashed()])
async def test_one_that_takes_too_much_is_no_harm_to_those_beside_it(
    monkeypatch: pytest.MonkeyPatch, error: PoolError
) -> None:
    work = inline()
    run = work.run

    async def fails_together(task: str, argument: Any, **how: Any) -> Any:
        if task == READ_SMALL:
            raise error
        return await run(task, argument, **how)

    monkeypatch.setattr(work, "run", fails_together)
    async with a_world(work=work) as world:
        answer = await _batch(world, _circuits(world, 20))

    assert [line["status"] for line in answer.json()["data"]] == [202] * 20


@pytest.mark.parametrize("count", [3, 20])
async def test_one_that_breaks_its_kind_is_no_harm_to_those_beside_it(
    world: RunningGateway, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    parse = type(KIND).parse

    def breaks(self: Any, data: Any) -> Any:
        if data["shots"] == 77:
            raise RecursionError
        return parse(self, data)

    monkeypatch.setattr(type(KIND), "parse", breaks)
    jobs = _circuits(world, count)
    for nth, job in enumerate(jobs):
        job["problem"] = {
            **job["problem"],
            "statement": {**job["problem"]["statement"], "shots": 77 if nth == 1 else 78},
        }

    answer = await _batch(world, jobs)

    assert [line["status"] for line in answer.json()["data"]] == [202, 500] + [202] * (count - 2)
    assert answer.json()["data"][1]["problem"]["code"] == "internal"


async def test_a_viewer_may_not(world: RunningGateway) -> None:
    answer = await _batch(world, [_job(world)], "viewer")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")


async def test_many_small_jobs_give_the_loop_back(world: RunningGateway) -> None:
    """Given a batch of hundreds, then others are served between its jobs."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    other = asyncio.create_task(tick())
    try:
        await _batch(world, [_job(world) for _ in range(200)])
    finally:
        other.cancel()
    assert ticks >= 6
