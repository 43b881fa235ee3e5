"""A server that stands still for sure: a signal is sent at once and takes effect when each thread next runs."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

from queuebit_devstack.stack import Stack

WAIT_S = 30.0


async def freeze(stack: Stack, server: str) -> None:
    """Stop it by SIGSTOP, and return when every thread of it has stopped."""
    stack.send(server, signal.SIGSTOP)
    deadline = time.monotonic() + WAIT_S
    while any(state != "T" for state in _states(stack.pid(server))):
        assert time.monotonic() < deadline, f"{server} does not stop"
        await asyncio.sleep(0.01)


def thaw(stack: Stack, server: str) -> None:
    """Let it go on."""
    stack.send(server, signal.SIGCONT)


def _states(pid: int) -> list[str]:
    return [task.read_text().rpartition(")")[2].split()[0] for task in Path(f"/proc/{pid}/task").glob("*/stat")]
