"""The database is lost with its files, and restored to its last moment from a backup and the log of what came after."""

from __future__ import annotations

from queuebit_devstack.backups import restore_backup, stream_wal, take_backup, wait_for_copies
from queuebit_workbench.drill.scene import Scene

JOBS = 200
STORE_USERS = ("gateway", "control_plane")


async def database_lost(scene: Scene) -> None:
    """Jobs before the backup, after it, in the middle of their work when it happens, and asked while nobody can store them."""
    folder = scene.stack.data_dir
    wal, backup = folder / "wal-copy", folder / "backup"
    await scene.ask(JOBS)
    await scene.ended()
    await stream_wal(scene.stack, wal)
    await take_backup(scene.stack, backup)
    await wait_for_copies(scene.stack)
    await scene.ask(JOBS)
    await scene.ended()
    scene.say(f"{JOBS} more are under way, and the database is gone with its files …")
    under_way = await scene.ask(JOBS)

    async def some_are_stored() -> bool:
        return bool(await scene.store.heads(under_way))

    await scene.until(some_are_stored, "some of them are stored")
    await scene.stack.kill("postgres")
    for service in STORE_USERS:
        await scene.told(service, "postgres_unavailable")
    await scene.ask(JOBS)
    await scene.do(scene.page.blocks[0])
    scene.say("Restoring to the last moment, as the page says; no service is stopped")
    await restore_backup(scene.stack, backup, wal=wal)
    await scene.ended()
    await scene.healed()
    await scene.do(scene.page.blocks[-1])
