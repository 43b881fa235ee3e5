"""Kafka frozen, PostgreSQL read only and away: every service says so, a caller gets an answer, nobody ends, all goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
import pytest_asyncio

from queuebit_contracts import events as ev
from queuebit_contracts.ids import uuid7
from queuebit_devstack.external import External
from queuebit_devstack.ready import ask_ready
from queuebit_devstack.stack import start_stack
from tests.builders import a_problem
from tests.e2e.harness import WAIT_S, Platform, assert_once_each, platform, trivial
from tests.freezing import freeze, thaw

KAFKA_USERS = ("gateway", "control_plane", "quantum_adapter", "classical_solver", "result_validation")
STORE_USERS = ("gateway", "control_plane")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def frail(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """Services on servers of their own, as those are stopped."""
    folder: Path = tmp_path_factory.mktemp("frail")
    async with (
        await start_stack(folder, external=External(), remove=True) as stack,
        platform(stack, env={"QUEUEBIT_SESSION_TIMEOUT_S": "6"}) as running,
    ):
        yield running


async def codes(running: Platform, service: str) -> tuple[str, ...]:
    """The codes of the reasons why no work can flow through the service now."""
    ready, reasons = await ask_ready(running.supervisor.health_port(service))
    found = tuple(each["code"] for each in reasons)
    assert ready is (not found)
    return found


async def told(running: Platform, services: tuple[str, ...], code: str | None) -> None:
    """Wait until each of the services gives this reason, or none."""
    deadline = time.monotonic() + WAIT_S
    for service in services:
        while not _says(found := await codes(running, service), code):
            assert time.monotonic() < deadline, f"{service} says {found}, never {code}"
            await asyncio.sleep(0.1)


def _says(found: tuple[str, ...], code: str | None) -> bool:
    return not found if code is None else code in found


def pids(running: Platform) -> dict[str, int]:
    return {
        name: running.supervisor.pid(name) for name in running.supervisor.names if running.supervisor.is_alive(name)
    }


async def submit(running: Platform, key: str) -> httpx2.Response:
    body: dict[str, Any] = {"problem": json.loads(a_problem().model_dump_json()), "lane": "classical"}
    headers = {"Authorization": f"Bearer {running.api_key}", "Idempotency-Key": key}
    async with httpx2.AsyncClient(timeout=WAIT_S) as client:
        return await client.post(f"{running.url}/v1/jobs", json=body, headers=headers)


async def test_while_kafka_is_frozen_a_caller_is_told_to_come_again_and_nobody_ends(frail: Platform) -> None:
    """Given a frozen broker, when a caller submits, then 503 with Retry-After; after the thaw the same request makes a job."""
    before = pids(frail)
    key = str(uuid7(1_700_000_000_000, 1))
    await freeze(frail.stack, "kafka-1")
    try:
        refused = await submit(frail, key)
        await told(frail, KAFKA_USERS, "kafka_down")
        again = await submit(frail, key)
    finally:
        thaw(frail.stack, "kafka-1")
    await told(frail, KAFKA_USERS, None)
    accepted = await submit(frail, key)
    job_ids = await frail.publish(trivial(10))
    outcomes = await frail.outcomes(job_ids)

    for answer in (refused, again):
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert accepted.status_code in (200, 202)
    assert {type(each) for each in outcomes} == {ev.JobCompleted}
    assert_once_each(await frail.settled(job_ids), job_ids)
    assert pids(frail) == before


async def test_a_database_that_takes_no_writes_or_is_gone_is_told_and_so_is_its_return(frail: Platform) -> None:
    before = pids(frail)
    await _set_read_only(frail, "on")
    await told(frail, STORE_USERS, "postgres_read_only")
    await _set_read_only(frail, "off")
    await told(frail, STORE_USERS, None)

    await frail.stack.kill("postgres")
    await told(frail, STORE_USERS, "postgres_unavailable")
    await frail.stack.restart("postgres")
    await told(frail, STORE_USERS, None)

    job_ids = await frail.publish(trivial(5))
    await frail.outcomes(job_ids)
    assert_once_each(await frail.settled(job_ids), job_ids)
    assert pids(frail) == before


async def _set_read_only(running: Platform, value: str) -> None:
    session = await asyncpg.connect(running.stack.postgres)
    try:
        await session.execute("SET default_transaction_read_only = off")
        await session.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        await session.execute("SELECT pg_reload_conf()")
    finally:
        await session.close()
