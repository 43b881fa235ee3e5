"""What a body costs before anything is promised: read in a process that can be ended, fair by tenant, refused with a remedy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from queuebit_contracts.channels import ADMITTED
from queuebit_contracts.envelope import decode
from queuebit_contracts.events import JobSubmitted
from queuebit_gateway.asker import Asker
from queuebit_gateway.http.admission import READ, Reader, read_in_process
from queuebit_problems.admission import QUICK_BYTES_MAX
from queuebit_runtime.errors import PoolCrashed, PoolError, PoolExhausted, PoolMemory, PoolTimeout
from queuebit_runtime.processes.bounded_work import BoundedWork, in_processes
from queuebit_runtime.processes.pool import InlinePool
from tests.contract.http.running_gateway import RunningGateway, a_body, a_world

CIRCUIT = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; c = measure q;'


def a_large_body(edges: int = 400) -> dict[str, Any]:
    statement = {"nodes": edges + 1, "edges": [[i, i + 1, 1] for i in range(edges)]}
    return a_body(problem={"kind": "maxcut", "statement": statement})


class HeldPool(InlinePool):
    """Runs a task when it is let; or ends with an error."""

    def __init__(self, error: PoolError | None = None) -> None:
        self.error = error
        self.open = asyncio.Event()
        self.open.set()
        self.tasks: list[Any] = []

    async def run(self, function_path: str, argument: Any, **how: Any) -> Any:
        self.tasks.append(argument)
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return await super().run(function_path, argument, **how)


@pytest.fixture
async def pool() -> HeldPool:
    return HeldPool()


@pytest.fixture
async def held(pool: HeldPool) -> AsyncIterator[RunningGateway]:
    async with a_world(work=BoundedWork(pool, pool)) as world:
        yield world


@pytest.mark.parametrize(
    ("body", "hops"),
    [
        (a_body(), 0),
        (a_large_body(), 1),
        (a_body(problem={"kind": "circuit_sampling", "statement": {"qasm": CIRCUIT}}), 1),
    ],
    ids=["small and linear", "large", "a circuit"],
)
async def test_only_what_takes_a_moment_is_read_on_the_loop(
    held: RunningGateway, pool: HeldPool, body: Any, hops: int
) -> None:
    answer = await held.submit(body=body)

    assert (answer.status_code, len(pool.tasks)) == (202, hops)
    (record,) = held.broker.records(ADMITTED)
    asked = decode(record.headers, record.value).data
    assert isinstance(asked, JobSubmitted)
    assert asked.admission is not None


async def test_a_question_is_the_same_whichever_way_it_was_read() -> None:
    body = orjson.dumps(a_large_body(100))
    assert len(body) < QUICK_BYTES_MAX
    direct = (await Reader(BoundedWork(HeldPool(), HeldPool())).read(body, Asker("acme"))).admitted
    elsewhere = read_in_process((body, Asker("acme")), lambda _: None)

    assert not isinstance(elsewhere, Exception)
    assert (elsewhere.admitted.fingerprint, elsewhere.admitted.admission) == (direct.fingerprint, direct.admission)


@pytest.mark.parametrize(
    ("error", "status", "code", "field"),
    [
        (PoolExhausted(), 422, "statement_too_costly", "/problem/statement"),
        (PoolMemory(), 422, "statement_too_costly", "/problem/statement"),
        (PoolTimeout(), 503, "service_unavailable", None),
        (PoolCrashed(), 503, "service_unavailable", None),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else None,
)
async def test_what_was_ended_is_refused(
    held: RunningGateway, pool: HeldPool, error: PoolError, status: int, code: str, field: str | None
) -> None:
    pool.error = error

    answer = await held.submit(body=a_large_body())

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert [each["pointer"] for each in problem["errors"]] == ([field] if field else [])
    assert ("retry-after" in answer.headers) == (status == 503)
    assert held.broker.records(ADMITTED) == []


async def test_a_refusal_comes_back_whole(held: RunningGateway) -> None:
    body = a_large_body()
    body["problem"]["statement"]["edges"][3] = [0, 5000, 1]

    answer = await held.submit(body=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_statement")
    assert answer.json()["errors"][0]["pointer"].startswith("/problem/statement/edges")


async def test_a_tenant_with_too_much_waiting_is_told_to_wait_and_others_are_not(
    held: RunningGateway, pool: HeldPool
) -> None:
    pool.open.clear()
    body = orjson.dumps(a_large_body())
    reader = held.parts.reader
    floods = [asyncio.create_task(reader.read(body, Asker("acme"))) for _ in range(66)]
    other = asyncio.create_task(reader.read(body, Asker("other")))
    await asyncio.sleep(0)

    answer = await held.submit(body=a_large_body())
    small = await held.submit(body=a_body())
    pool.open.set()
    await asyncio.gather(*floods, other)

    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer.headers["retry-after"]
    assert small.status_code == 202
    assert [asker.tenant for _, asker in pool.tasks].index("other") == 3


@pytest.mark.timeout(120)
async def test_a_statement_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a real process, which is killed; the next question has another one."""
    work = in_processes(("queuebit_gateway.http.admission",))
    reader = Reader(work)
    body = orjson.dumps(a_large_body())
    try:
        monkeypatch.setattr("queuebit_gateway.http.admission.READ", "tests.contract.pool.pool_tasks:spin")
        monkeypatch.setenv("PYTHONPATH", ".")
        with pytest.raises(Exception, match="takes more than 1 s to check"):
            await reader.read(body, Asker("acme"))
        monkeypatch.setattr("queuebit_gateway.http.admission.READ", READ)
        assert (await reader.read(body, Asker("acme"))).admitted.admission.size.variables == 401
    finally:
        await work.close()
