"""The database is lost, and the backup is older: Kafka holds what the restored store does not know."""

from __future__ import annotations

from datetime import timedelta

from queuebit_devstack.backups import restore_backup, take_backup
from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.scene import Scene

JOBS = 200
BEFORE = timedelta(seconds=5)


async def kafka_ahead(scene: Scene) -> None:
    """Jobs that ended before the backup, that were under way then, and that were asked and answered after it."""
    await scene.ask(JOBS)
    await scene.ended()
    await scene.ask(JOBS)
    began_at = scene.clock.now()
    backup = scene.stack.data_dir / "backup"
    await take_backup(scene.stack, backup)
    await scene.ask(JOBS)
    await scene.ended()
    scene.say("Outcomes were told that the backup does not have; now the database is lost with its files …")
    await scene.stack.kill("postgres")
    scene.say("Stopping every service, as the page says, and restoring")
    await scene.services.stop()
    await restore_backup(scene.stack, backup)
    scene.variables["RESTORED_TO"] = (began_at - BEFORE).strftime("%Y-%m-%dT%H:%M:%SZ")
    first, act, afterwards = scene.page.blocks
    status, *_ = await scene.do(first)
    if "kafka_ahead" not in status.out:
        raise DrillFailed(f"The page's first command does not say kafka_ahead: {status.out}")
    await scene.do(act)
    scene.epochs += 1
    await scene.services.start()
    await scene.ended()
    await scene.healed()
    await scene.do(afterwards)
    found = {each["check"] for each in (await scene.ops("verify")).document["findings"]}
    if beyond := found - {"kafka_ahead", "not_committed"}:
        raise DrillFailed(f"`queuebit ops verify` finds what the page does not explain: {beyond}")
    scene.say(f"`queuebit ops verify` as a whole finds {', '.join(sorted(found)) or 'nothing'}.")
