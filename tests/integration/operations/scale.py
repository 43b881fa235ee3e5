"""What measurements at scale share: servers in a folder with room for them, and a world in a namespace of its own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from queuebit_devstack.stack import Stack, start_stack
from queuebit_store.connections.migrations import migrate
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.integration.operations.world import World, a_world

QUEUEBIT = str(Path(sys.executable).with_name("queuebit"))
Say = Callable[[str], None]


async def on_servers_of_its_own(
    what: str, count: int, bytes_each: int, say: Say, measured: Callable[[Stack], Awaitable[bool]]
) -> bool:
    """What the measurement says; False where the disk is too small for so many."""
    with tempfile.TemporaryDirectory(prefix="queuebit-scale-") as folder:
        need, free = count * bytes_each, shutil.disk_usage(folder).free
        if free < need:
            say(f"{count:,} {what} take about {need / 1e9:.0f} GB below {folder}, where {free / 1e9:.0f} GB are free.")
            return False
        async with await start_stack(Path(folder)) as stack:
            return await measured(stack)


@asynccontextmanager
async def world_of(stack: Stack, namespace: str) -> AsyncIterator[World]:
    """Tables and topics, until the end of the block; both end with the servers."""
    settings = PostgresSettings(stack.postgres, namespace=namespace)
    await migrate(settings)
    admin = await asyncpg.connect(stack.postgres, server_settings={"search_path": f'"{namespace}"'})
    try:
        async with await PostgresStore.open(settings) as store, a_world(stack, store, admin, namespace) as world:
            yield world
    finally:
        await admin.close()


def env_of(stack: Stack, namespace: str) -> dict[str, str]:
    """What a process has to know to be asked there, and nothing of where this one runs."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    return {**env, **stack.env(), "QUEUEBIT_NAMESPACE": namespace}


def say_line(line: str) -> None:
    """For people, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
