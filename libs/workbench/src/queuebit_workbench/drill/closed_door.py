"""The door is closed: no gateway runs, and questions on Kafka go on."""

from __future__ import annotations

from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.scene import Scene

JOBS = 100
GONE = "gateway"


async def closed_door(scene: Scene) -> None:
    """The first row of the page."""
    await scene.ask(JOBS)
    scene.say("The only gateway dies among jobs on their way …")
    await scene.services.kill(GONE)
    await scene.ask(JOBS)
    await scene.ended()
    status, *_ = await scene.do(scene.page.blocks[0])
    if GONE not in status.out:
        raise DrillFailed(f"`queuebit status` does not name the {GONE}: {status.out}")
    scene.say("Every job from Kafka has ended meanwhile. Starting a gateway, as the page says")
    await scene.services.restart(GONE)
    await scene.healed()
    await scene.do(scene.page.blocks[-1])
