"""A process that stands still for sure: a signal is sent at once and takes effect when each of its threads next runs."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

WAIT_S = 30.0


async def freeze(pid: int, wait_s: float = WAIT_S) -> None:
    """Stop it by SIGSTOP, and return when every thread of it has stopped. Raises TimeoutError."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + wait_s
    while any(state != "T" for state in _states(pid)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"The process {pid} does not stop.")
        await asyncio.sleep(0.01)


def thaw(pid: int) -> None:
    """Let it go on."""
    os.kill(pid, signal.SIGCONT)


def _states(pid: int) -> list[str]:
    return [task.read_text().rpartition(")")[2].split()[0] for task in Path(f"/proc/{pid}/task").glob("*/stat")]
