"""A write transaction that somebody leaves open: jobs wait, and whoever asks is told why, and by whom."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg

from queuebit_devstack.ports import LOOPBACK
from tests.e2e.harness import WAIT_S, Platform, assert_once_each, trivial


async def reasons(platform: Platform, name: str) -> list[dict[str, Any]]:
    """Why no work can flow through the service, as it says itself."""
    reader, writer = await asyncio.open_connection(LOOPBACK, platform.supervisor.health_port(name))
    writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    found: list[dict[str, Any]] = json.loads(body)["reasons"]
    assert head.startswith(b"HTTP/1.1 503" if found else b"HTTP/1.1 200")
    return found


async def one_reason(platform: Platform, name: str) -> dict[str, Any]:
    """The first reason, as soon as there is one."""
    async with asyncio.timeout(WAIT_S):
        while not (found := await reasons(platform, name)):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
    return found[0]


async def test_a_transaction_left_open_in_another_database_is_named_until_it_ends(queuebit: Platform) -> None:
    neighbour = await asyncpg.connect(
        queuebit.stack.postgres.rpartition("/")[0] + "/postgres", server_settings={"application_name": "a backup"}
    )
    try:
        async with neighbour.transaction():
            await neighbour.fetchval("SELECT pg_current_xact_id()")
            job_ids = await queuebit.publish(trivial(5))
            reason = await one_reason(queuebit, "control_plane")
            ended_meanwhile = [job_id for job_id in job_ids if job_id in queuebit.ended]

        assert ended_meanwhile == []
        pid, user = neighbour.get_server_pid(), neighbour.get_settings().session_authorization
        assert reason["code"] == "horizon_held"
        assert f"process {pid} of user {user!r} in database 'postgres' (a backup)" in reason["detail"]
        assert (reason["about"]["holder"], reason["about"]["user"]) == (str(pid), user)
        assert reason["about"]["age_s"] >= reason["about"]["held_age_s"]
        assert "horizon_held" in queuebit.supervisor.log("control_plane").read_text()
    finally:
        await neighbour.close()
    await queuebit.outcomes(job_ids)
    assert_once_each(await queuebit.settled(job_ids), job_ids)
    await queuebit.supervisor.wait_ready("control_plane")


async def test_a_database_that_takes_no_writes_is_told_by_whoever_needs_it_and_work_goes_on_after_it(
    queuebit: Platform,
) -> None:
    admin = await asyncpg.connect(queuebit.stack.postgres)
    try:
        await admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await admin.execute("SELECT pg_reload_conf()")
        codes = [(await one_reason(queuebit, name))["code"] for name in ("gateway", "control_plane")]
        job_ids = await queuebit.publish(trivial(5))
    finally:
        await admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await admin.execute("SELECT pg_reload_conf()")
        await admin.close()

    assert codes == ["postgres_read_only"] * 2
    await queuebit.outcomes(job_ids)
    assert_once_each(await queuebit.settled(job_ids), job_ids)
    for name in ("gateway", "control_plane"):
        await queuebit.supervisor.wait_ready(name)
