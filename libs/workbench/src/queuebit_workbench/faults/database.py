"""PostgreSQL that ends, is away, cuts sessions, or comes back as it was before."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path
from typing import Literal

import asyncpg

from queuebit_devstack.stack import Stack

Ending = Literal["fast", "immediate", "crash"]
SIGNALS: dict[Ending, signal.Signals] = {
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
    "crash": signal.SIGKILL,
}
NAME = "postgres"
_CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name LIKE 'queuebit-%' AND pid <> pg_backend_pid()
"""


async def restart_database(stack: Stack, ending: Ending, away_s: float = 0.0) -> None:
    """It ends so, is away for a while, and comes back with all that was committed."""
    await stack.kill(NAME, SIGNALS[ending])
    await asyncio.sleep(away_s)
    await stack.restart(NAME)


async def cut_sessions(stack: Stack) -> int:
    """Cut the session of every service of ours, whatever it does; how many that were."""
    session = await asyncpg.connect(stack.postgres, server_settings={"application_name": "faults"})
    try:
        return int(await session.fetchval(_CUT))
    finally:
        await session.close()


async def back_up_database(stack: Stack) -> Path:
    """A copy of all files, made while the server is stopped: what `restore_database` puts back."""
    files, copy = _files(stack), stack.data_dir / "postgres.backup"
    await stack.kill(NAME, SIGNALS["fast"])
    await asyncio.to_thread(shutil.rmtree, copy, ignore_errors=True)
    await asyncio.to_thread(_copy, files, copy)
    await stack.restart(NAME)
    return copy


async def restore_database(stack: Stack, copy: Path) -> None:
    """The server comes back as it was when the copy was made: all that was committed since is gone."""
    files = _files(stack)
    await stack.kill(NAME, SIGNALS["immediate"])
    await asyncio.to_thread(shutil.rmtree, files)
    await asyncio.to_thread(_copy, copy, files)
    await stack.restart(NAME)


def _files(stack: Stack) -> Path:
    return stack.data_dir / "postgres"


def _copy(here: Path, there: Path) -> None:
    """With owners: the server refuses files that are not its own."""
    shutil.copytree(here, there, copy_function=_copy_file, symlinks=True)
    for path in (here, *here.rglob("*")):
        stat = path.lstat()
        other = there / path.relative_to(here)
        shutil.chown(other, stat.st_uid, stat.st_gid)


def _copy_file(here: str, there: str) -> None:
    shutil.copy2(here, there, follow_symlinks=False)
