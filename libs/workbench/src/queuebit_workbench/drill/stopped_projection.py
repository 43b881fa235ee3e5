"""A projection stands still: an event was damaged on the disk after its job had ended, and before the figures held it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from queuebit_contracts.streams import PUBLISHED
from queuebit_devstack.ready import ask_ready
from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.scene import Scene
from queuebit_workbench.drill.told import metric_of

JOBS = 100
STOPPED = "queuebit_projection_stopped"
SLOW_DOWN = "LOCK TABLE projection IN EXCLUSIVE MODE"
"""As a maintenance session does that nobody expected: figures wait behind it, jobs do not."""
WAITING = "SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"
DAMAGE = "UPDATE event SET data = '{}' WHERE stream_id = $1 AND version = 1"
WHOLE = "SELECT data::text FROM event WHERE stream_id = $1 AND version = 1"
RESTORE = "UPDATE event SET data = $2::json WHERE stream_id = $1 AND version = 1"


async def stopped_projection(scene: Scene) -> None:
    """Jobs go on and end while the figures stand still; once the event is restored they hold every job once."""
    await scene.ask(JOBS)
    await scene.ended()
    await _counted(scene)
    async with _session(scene) as session:
        job_id, whole = await _damaged(scene, session)
        await _told(scene)
        scene.say("No job waits for the figures …")
        await scene.ask(JOBS)
        await scene.ended()
        scene.variables["JOB"] = str(job_id)
        status, *_ = await scene.do(scene.page.blocks[0])
        if str(job_id) not in status.out:
            raise DrillFailed(f"The page's first command does not name the job {job_id}: {status.out}")
        scene.say("The event is restored from a backup, as the page says …")
        await session.execute(RESTORE, job_id, whole)
    await scene.do(scene.page.blocks[-1])
    await scene.healed()
    listed = await scene.ops("usage", "--days", "2")
    submitted = sum(day["jobs"]["submitted"] for day in listed.document["days"])
    if submitted != len(scene.asked):
        raise DrillFailed(f"The usage tells of {submitted} jobs, and {len(scene.asked)} were asked.")


async def _damaged(scene: Scene, session: asyncpg.Connection[asyncpg.Record]) -> tuple[UUID, str]:
    """A job that has ended, whose first event is damaged before any projection has read it, and how the event was."""
    scene.say(
        "A maintenance session holds up the figures; meanwhile the disk damages an event of a job that has ended …"
    )
    async with _session(scene) as maintenance, maintenance.transaction():
        await maintenance.execute(SLOW_DOWN)
        job_id, *_ = await scene.ask(JOBS)
        await scene.ended()
        whole = str(await session.fetchval(WHOLE, job_id))
        await session.execute(DAMAGE, job_id)

        async def they_wait() -> bool:
            return bool(await session.fetch(WAITING, maintenance.get_server_pid()))

        await scene.until(they_wait, "the projections wait behind the maintenance session")
        # What they have read before is read once more: it may be from before the damage.
        for row in await session.fetch(WAITING, maintenance.get_server_pid()):
            await session.execute("SELECT pg_cancel_backend($1)", row["pid"])
    return job_id, whole


async def _told(scene: Scene) -> None:
    """Wait until the command line and the metrics say it, and the service says that it is ready all the same."""
    port = scene.services.health_port("control_plane")

    async def all_say() -> bool:
        return await metric_of(port, STOPPED) > 0 and "projection_stopped" in await scene.reasons()

    await scene.until(all_say, "the control plane says projection_stopped")
    ready, reasons = await ask_ready(port)
    if not ready:
        raise DrillFailed(f"The control plane takes no work because of it: {reasons}")
    scene.say("Metrics and `queuebit ops status` say projection_stopped; the control plane is ready.")


async def _counted(scene: Scene) -> None:
    """Wait until every projection has seen everything."""

    async def all_have() -> bool:
        builds = await scene.store.builds()
        waits = [(await scene.store.backlog(each.lease, categories=PUBLISHED)).count for each in builds]
        return bool(waits) and not any(waits)

    await scene.until(all_have, "the projections have read everything")


@asynccontextmanager
async def _session(scene: Scene) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    session: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(scene.stack.postgres)
    try:
        yield session
    finally:
        await session.close()
