"""What the tests run in a pool."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Progress = Callable[[Any], None]


def double(argument: int, progress: Progress) -> int:
    progress("half way")
    print("this must not disturb the answers")  # noqa: T201
    return 2 * argument


def where(_: Any, __: Progress) -> tuple[int, str]:
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def variable(argument: str, progress: Progress) -> tuple[int, str | None]:
    progress("begun")
    return os.getpid(), os.environ.get(argument)


def fail(argument: str, _: Progress) -> None:
    raise ValueError(argument)


def die(_: Any, __: Progress) -> None:
    os._exit(3)


def say_and_spin(argument: str, _: Progress) -> None:
    """Write the process id to a file, then never return."""
    Path(argument).write_text(str(os.getpid()))
    while True:
        time.monotonic()


def put_away(argument: str, _: Progress) -> None:
    """Ask to be told, write the process id to a file, spin, and say in the file that the end was orderly."""

    def leave(_number: int, _frame: object) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, leave)
    Path(argument).write_text(str(os.getpid()))
    try:
        while True:
            time.monotonic()
    finally:
        Path(argument).with_suffix(".away").touch()


def spin(_: Any, __: Progress) -> None:
    while True:
        time.monotonic()


def grow(_: Any, __: Progress) -> None:
    kept = []
    while True:
        kept.append(bytearray(4_000_000))
        time.sleep(0.01)


def count(argument: int, progress: Progress) -> int:
    for each in range(argument):
        progress(each)
    return argument


def ask_too_much(_: Any, __: Progress) -> None:
    raise MemoryError


def no_data(_: Any, __: Progress) -> Any:
    """What no process can hand to another."""
    return lambda: None


def priority(_argument: object, _progress: Progress) -> tuple[int, int]:
    """How far this process stands back: its niceness, and its policy for the kernel."""
    return os.nice(0), os.sched_getscheduler(0)
