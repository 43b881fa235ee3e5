"""The end of a run: the store comes back from a copy of before, Kafka is ahead, and the runbook is followed."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

from queuebit_devstack.processes import child_env
from queuebit_workbench.chaos.arena import Arena
from queuebit_workbench.chaos.errors import ChaosFailed
from queuebit_workbench.chaos.happenings import Did
from queuebit_workbench.faults import database

TOOL_TIMEOUT_S = 120.0
A_LITTLE = timedelta(seconds=5)
REASON = "restored from a copy"


async def restore(arena: Arena, chance: random.Random) -> tuple[Did, datetime]:
    """What was done, and when the services came back.

    Raises ChaosFailed where operators are not told that Kafka is ahead.
    """
    copied_at = arena.clock.now()
    copy = await database.back_up_database(arena.stack)
    await asyncio.sleep(chance.uniform(8.0, 12.0))
    await arena.end_keeping()
    for name in arena.services.names:
        if arena.services.is_alive(name):
            await arena.services.kill(name, signal.SIGTERM)
    await database.restore_database(arena.stack, copy)
    told = await _ops(arena, "status", "--json", good=1)
    if '"kafka_ahead"' not in told:
        raise ChaosFailed(f"Kafka is ahead of the restored store, and `queuebit ops status` does not say so: {told}")
    await _ops(arena, "new-epoch", "--apply", "--reason", REASON, good=0)
    to = (copied_at - A_LITTLE).strftime("%Y-%m-%dT%H:%M:%SZ")
    await _ops(arena, "replay", "rewind", "--to", to, "--apply", "--reason", REASON, good=0)
    back_at = arena.clock.now()
    for name in arena.crew:
        arena.services.launch(name)
    arena.begin_keeping()
    lost_s = (back_at - copied_at).total_seconds()
    return Did(f"the store lost {lost_s:.0f} s; operators were told, a new epoch began"), back_at


async def _ops(arena: Arena, *words: str, good: int) -> str:
    """One command of the page."""
    program = str(Path(sys.executable).with_name("queuebit"))
    child = await asyncio.create_subprocess_exec(
        *(program, "ops", *words),
        env=child_env(arena.stack.data_dir, {**arena.stack.env(), "QUEUEBIT_ACTOR": "chaos"}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(TOOL_TIMEOUT_S):
        out, err = await child.communicate()
    if child.returncode != good:
        raise ChaosFailed(
            f"`queuebit ops {' '.join(words)}` ended with {child.returncode}, not {good}: {(out + err).decode()[-1500:]}"
        )
    return out.decode()
