"""`python -m queuebit_workbench.crash.victim POINT MARK MODULE`: a service that is killed at a point, and says so in a file.

The service runs as it is: the call that makes something durable is replaced in its class by one that counts and kills.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from queuebit_workbench.crash.points import CALLS, Point, point_of


def arm(point: Point, die: Callable[[], None]) -> None:
    """From now on the process dies at the point."""
    module, owner, method = CALLS[point.seam]
    cls = getattr(import_module(module), owner)
    setattr(cls, method, _counted(getattr(cls, method), point, die))


def _counted(
    call: Callable[..., Awaitable[Any]], point: Point, die: Callable[[], None]
) -> Callable[..., Awaitable[Any]]:
    count = 0

    @wraps(call)
    async def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        now = count == point.nth
        if now and point.when == "before":
            die()
        answer = await call(*arguments, **named)
        if now and point.when == "after":
            die()
        return answer

    return counted


def main(name: str, mark: str, module: str) -> None:
    """Run the module as a program, with the point armed."""

    def die() -> None:
        Path(mark).write_text(f"{name}\n")
        os.kill(os.getpid(), signal.SIGKILL)

    arm(point_of(name), die)
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
