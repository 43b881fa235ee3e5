"""A rolling deploy to a release with a new version of an event, and the way back: both run side by side, nothing is lost."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.errors import HistoryUnreadable
from queuebit_devstack.credentials import gateway_env
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.stack import Stack
from queuebit_devstack.supervise import ServiceSpec, Supervisor
from tests.e2e.harness import Platform, assert_once_each, platform, trivial
from tests.e2e.scraped import families, total

ROOT = Path(__file__).parents[2]
NAMESPACE = "rolling"
ENV = {"QUEUEBIT_NAMESPACE": NAMESPACE, "QUEUEBIT_SESSION_TIMEOUT_S": "6"}
JOBS = 40


@asynccontextmanager
async def next_release(running: Platform, *, write_as: str = "") -> AsyncIterator[tuple[Supervisor, str]]:
    """A control plane and a gateway of the next release beside what runs; gives the gateway's URL too."""
    stack = running.stack
    http, *health = free_ports(3)
    env = {**gateway_env(stack.data_dir), **ENV, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    own = ({"QUEUEBIT_CONTROL_PLANE_WRITE_AS": write_as}, {"QUEUEBIT_HTTP_PORT": str(http)})
    specs = [
        ServiceSpec(
            f"{name}-next",
            (sys.executable, "-m", "tests.e2e.next_release", f"queuebit_{name}"),
            port,
            {**env, **more, "QUEUEBIT_GROUP_INSTANCE": f"{name}-next"},
        )
        for name, port, more in zip(("control_plane", "gateway"), health, own, strict=True)
    ]
    async with Supervisor(stack, specs, log_dir=stack.data_dir / "logs" / NAMESPACE) as supervisor:
        yield supervisor, f"http://{LOOPBACK}:{http}"


async def done(running: Platform, count: int = JOBS) -> list[UUID]:
    """So many jobs, each ended once."""
    job_ids = await running.publish(trivial(count))
    await running.outcomes(job_ids)
    assert_once_each(await running.settled(job_ids), job_ids)
    return job_ids


async def versions(running: Platform, job_ids: Sequence[UUID]) -> set[int]:
    """In which versions the plans of the jobs are stored."""
    stored = await running.store.load(job_ids)
    return {event.schema_version for events in stored.values() for event in events if event.type == "JobPlanned"}


async def shown(running: Platform, url: str, job_ids: Sequence[UUID]) -> set[str]:
    """The states in which a gateway shows jobs."""
    async with AsyncQueuebit(url, running.api_key) as client:
        return {(await client.get(job_id)).state for job_id in job_ids}


async def ended_by(running: Platform, name: str) -> float:
    """How many jobs a control plane has ended."""
    family = (await families(running, name)).get("queuebit_jobs_ended")
    return 0.0 if family is None else total(family, queuebit_job_state="completed")


async def done_by_both(running: Platform, beside: Supervisor) -> list[UUID]:
    """Jobs until the control planes of both releases have ended some of them."""
    both = replace(running, supervisor=beside)
    before = await ended_by(running, "control_plane")
    job_ids: list[UUID] = []
    while await ended_by(running, "control_plane") == before or not await ended_by(both, "control_plane-next"):
        assert len(job_ids) < 20 * JOBS, "one of the control planes takes no part"
        job_ids += await done(running)
    return job_ids


async def test_a_new_version_of_an_event_is_rolled_out_and_back(stack: Stack) -> None:
    async with platform(stack, namespace=NAMESPACE, env={"QUEUEBIT_SESSION_TIMEOUT_S": "6"}) as running:
        before = await done(running)

        # Side by side, the new one writing as the old: each reads what the other wrote, and both decide.
        async with next_release(running, write_as="JobPlanned.v1") as (supervisor, url):
            beside = await done_by_both(running, supervisor)
            assert await versions(running, beside) == {1}
            for gateway in (running.url, url):
                assert await shown(running, gateway, [before[0], *beside[:5]]) == {"completed"}

        # The way back: the old release goes on alone, also with what the new one wrote.
        again = await done(running)
        assert await shown(running, running.url, [*beside[-5:], *again[:5]]) == {"completed"}

        # For good: the old control plane ends, the new one writes its own version, and reads every one before.
        await running.supervisor.kill("control_plane", signal.SIGTERM)
        async with next_release(running) as (_, url):
            after = await done(running)
            assert await versions(running, after) == {2}
            assert await shown(running, url, [before[0], beside[0], *after[:5]]) == {"completed"}

            # A gateway of the release before says what it cannot read, and goes on with all else.
            with pytest.raises(HistoryUnreadable):
                await shown(running, running.url, after[:1])
            assert await shown(running, running.url, before[:1]) == {"completed"}

        # Back once more, with the new version in the store: the old release takes new work as ever.
        await running.supervisor.restart("control_plane")
        last = await done(running)
        assert await versions(running, last) == {1}
        assert await shown(running, running.url, last[:1]) == {"completed"}
        assert not any(running.letters.values())
