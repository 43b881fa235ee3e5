"""One of three brokers is lost, which nobody may notice; then all of them."""

from __future__ import annotations

from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.scene import Scene

JOBS = 200
LOST = "kafka-2"
SERVICES = ("gateway", "control_plane", "classical_solver")


async def broker_lost(scene: Scene) -> None:
    """The first and the third row of the page."""
    await scene.ask(JOBS)
    scene.say(f"{LOST} dies in the middle of their work …")
    await scene.stack.kill(LOST)

    async def is_told() -> bool:
        return "replicas_behind" in await scene.reasons()

    await scene.until(is_told, "`queuebit ops status` says replicas_behind")
    await scene.do(scene.page.blocks[0][:2])
    await scene.ask(JOBS)
    await scene.ended()
    scene.say("With one broker lost all jobs ended. Restarting it, as the page says")
    await scene.stack.restart(LOST)
    await scene.until(scene.well, "all replicas are in step")

    await scene.ask(JOBS)
    brokers = [each for each in scene.stack.servers if each.startswith("kafka-")]
    scene.say("All brokers die …")
    for broker in brokers:
        await scene.stack.kill(broker)
    for service in SERVICES:
        await scene.told(service, "kafka_down")
    status, *_ = await scene.do(scene.page.blocks[0])
    if "kafka_unavailable" not in status.out:
        raise DrillFailed(f"The page's first command does not say kafka_unavailable: {status.out}")
    await scene.stack.restart(*brokers)
    await scene.ended()
    await scene.healed()
    await scene.until(scene.well, "all replicas are in step")
    await scene.do(scene.page.blocks[-1])
