"""The relay stands still: first behind a transaction that somebody left open, then because nobody leads."""

from __future__ import annotations

import asyncpg

from queuebit_operations.inspection.installation import WAITING_S
from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.scene import Scene

JOBS = 200
TERMINATE = "SELECT pg_terminate_backend"


async def stalled_relay(scene: Scene) -> None:
    """Both rows of the page, one after the other."""
    await scene.ask(JOBS)
    await scene.ended()
    await _held(scene)
    await _leaderless(scene)
    await scene.do(scene.page.blocks[-1])


async def _held(scene: Scene) -> None:
    scene.say("A load job in another database leaves its transaction open …")
    job = await _forgotten(scene, "a load job")
    waiting = await scene.ask(JOBS)
    await scene.told("control_plane", "horizon_held")

    async def wait_long_enough() -> bool:
        relay = (await scene.ops("status")).document["relay"]
        return (relay["held_age_s"] or 0.0) > WAITING_S

    await scene.until(wait_long_enough, "the events wait for as long as the page says")
    scene.variables["JOB"] = str(waiting[0])
    status, *_ = await scene.do(scene.page.blocks[0])
    holder = str(job.get_server_pid())
    if f"session {holder} of" not in status.out:
        raise DrillFailed(f"The page's first command does not name the session {holder}: {status.out}")
    (statement,) = {each for each in scene.page.spans if each.startswith(TERMINATE)}
    await _on_the_server(scene, statement.replace("(pid)", f"({holder})"))
    await scene.ended()
    await scene.healed()


async def _leaderless(scene: Scene) -> None:
    scene.say("The only control plane dies while events wait …")
    job = await _forgotten(scene, "another load job")
    try:
        waiting = await scene.ask(JOBS)

        async def are_stored() -> bool:
            return len(await scene.store.heads(waiting)) == len(waiting)

        await scene.until(are_stored, "the questions are stored")
        await scene.services.kill("control_plane")
    finally:
        await job.close()

    async def is_told() -> bool:
        return "nobody leads" in (await scene.reasons()).get("relay_stalled", "")

    await scene.until(is_told, "`queuebit ops status` says relay_stalled, nobody leads")
    scene.variables["JOB"] = str(waiting[0])
    await scene.do(scene.page.blocks[0])
    scene.say("Starting a control plane, as the page says")
    await scene.services.restart("control_plane")
    await scene.ended()
    await scene.healed()


async def _forgotten(scene: Scene, name: str) -> asyncpg.Connection[asyncpg.Record]:
    """A session with a transaction that has written and does not end."""
    url = scene.stack.postgres.rpartition("/")[0] + "/postgres"
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        url, server_settings={"application_name": name}
    )
    await connection.execute("BEGIN")
    await connection.fetchval("SELECT pg_current_xact_id()")
    return connection


async def _on_the_server(scene: Scene, statement: str) -> None:
    scene.say(f"postgres=# {statement}")
    session = await asyncpg.connect(scene.stack.postgres)
    try:
        await session.execute(statement)
    finally:
        await session.close()
