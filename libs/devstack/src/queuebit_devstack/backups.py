"""Backups of the database by PostgreSQL's own programs: its files, the log of what comes after, and the way back."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from queuebit_devstack.errors import ServerFailed
from queuebit_devstack.postgres import READY_TIMEOUT_S, PostgresServer, find_programs
from queuebit_devstack.processes import Child, child_env, run_tool, spawn
from queuebit_devstack.stack import Stack

SLOT = "queuebit_wal"
STREAMING = "wal_copy"
BACKUP_TIMEOUT_S = 120.0
_POLL_S = 0.05


async def take_backup(stack: Stack, folder: Path) -> None:
    """Copy the files of the database that runs into `folder`, which is new. Raises ToolFailed."""
    words = ("pg_basebackup", "-D", str(folder), "-X", "fetch", "--checkpoint=fast", "-d", _replication(stack.postgres))
    await run_tool(
        (str(find_programs() / words[0]), *words[1:]), env=child_env(stack.data_dir, {}), timeout_s=BACKUP_TIMEOUT_S
    )


async def stream_wal(stack: Stack, folder: Path) -> Child:
    """Copy the write-ahead log into `folder` as it is written, in a process that ends with the stack.

    Begin before the backup.
    """
    await asyncio.to_thread(folder.mkdir, parents=True)
    program = (str(find_programs() / "pg_receivewal"), "-d", _replication(stack.postgres, STREAMING), "--slot", SLOT)
    env = child_env(stack.data_dir, {})
    await run_tool((*program, "--create-slot"), env=env, timeout_s=BACKUP_TIMEOUT_S)
    log = stack.data_dir / "logs" / f"{STREAMING}.log"
    child = spawn(STREAMING, (*program, "-D", str(folder), "--synchronous"), marker=str(folder), log=log, env=env)
    stack.record(child.record)
    return child


async def wait_for_copies(stack: Stack, *, on: bool = True) -> None:
    """From now on nothing is acknowledged that the copy of the log lacks; not so with `on` false. Raises ServerFailed."""
    names = f"'{STREAMING}'" if on else "''"
    connection = await asyncpg.connect(stack.postgres)
    try:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while on and not await connection.fetchval(
            "SELECT count(*) FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'", STREAMING
        ):
            if time.monotonic() > deadline:
                raise ServerFailed("Nobody copies the write-ahead log.")
            await asyncio.sleep(_POLL_S)
        await connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = {names}")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


async def restore_backup(stack: Stack, backup: Path, *, wal: Path | None = None) -> None:
    """Put the backup in place of the database, which does not run, and start it: as it was when the backup ended, or, with
    the copy of the log, at the last moment. The lost files are gone. Raises the errors of the server.
    """
    database = stack.database
    await asyncio.to_thread(_put_back, database, backup, wal)
    await stack.restart("postgres")
    await _wait_writable(stack.postgres)


def _put_back(database: PostgresServer, backup: Path, wal: Path | None) -> None:
    shutil.rmtree(database.folder, ignore_errors=True)
    shutil.copytree(backup, database.folder)
    if wal is not None:
        with (database.folder / "postgresql.auto.conf").open("a") as settings:
            copy = f'cp "{wal}/%f" "%p" || cp "{wal}/%f.partial" "%p"'
            settings.write(f"restore_command = '{copy}'\n")
        (database.folder / "recovery.signal").touch()
        for path in (wal, *wal.iterdir()):
            database.own(path)
    for path in (database.folder, *database.folder.rglob("*")):
        database.own(path)
    database.folder.chmod(0o700)


async def _wait_writable(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while await connection.fetchval("SELECT pg_is_in_recovery()"):
            if time.monotonic() > deadline:
                raise ServerFailed(f"PostgreSQL still reads its log after {READY_TIMEOUT_S:g} s.")
            await asyncio.sleep(_POLL_S)
    finally:
        await connection.close()


def _replication(url: str, name: str = "backup") -> str:
    """Where the server is, for the programs that copy it."""
    return urlunsplit(urlsplit(url)._replace(query=f"application_name={name}"))
