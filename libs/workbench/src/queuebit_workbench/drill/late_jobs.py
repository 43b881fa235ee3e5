"""Jobs are late: the only classical solver is gone, and work orders wait."""

from __future__ import annotations

from typing import Any

from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.scene import Scene

JOBS = 200
GONE = "classical_solver"


async def late_jobs(scene: Scene) -> None:
    """The first row of the page."""
    await scene.ask(JOBS)
    await scene.ended()
    scene.say("The only classical solver dies, and jobs go on coming …")
    await scene.services.kill(GONE)
    await scene.ask(JOBS)

    async def all_wait() -> bool:
        return _open((await scene.ops("backlog")).document) == JOBS

    await scene.until(all_wait, f"`queuebit ops backlog` shows {JOBS} open jobs")
    status = await scene.status()
    if status.code == 0 or GONE not in status.out:
        raise DrillFailed(f"`queuebit status` does not say that {GONE} is gone: {status.out}")
    _, backlog, listed = await scene.do(scene.page.blocks[0])
    if "classical" not in backlog.out or not listed.out.strip():
        raise DrillFailed(f"The page's commands do not show the lane and the jobs: {backlog.out}{listed.out}")
    scene.say(f"Starting a {GONE}, as the page says")
    await scene.services.restart(GONE)
    await scene.ended()
    await scene.healed()
    await scene.do(scene.page.blocks[-1])


def _open(backlog: dict[str, Any]) -> int:
    return sum(each["jobs"] for each in backlog["groups"] if each["lane"] == "classical")
