"""The other end of `ProcessPool`: `python -m queuebit_runtime.processes.child PARENT MEMORY_BYTES NICENESS MODULE…`.

It reads tasks from its standard input and writes answers to its standard output, which nothing else may use. It ends when its
parent does: by the kernel's word where there is one, else when its input ends.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import pickle
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO

from queuebit_runtime.processes.pool import IDLE_NICENESS, resolve
from queuebit_runtime.processes.pool_worker import LENGTH_BYTES

_PR_SET_PDEATHSIG = 1
_ADDRESS_HEADROOM_BYTES = 4 * 1024**3


def main(argv: list[str]) -> None:
    parent, memory_max_bytes, niceness, modules = int(argv[0]), int(argv[1]), int(argv[2]), argv[3:]
    _end_with(parent)
    _stand_back(niceness)
    _limit_memory(memory_max_bytes)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    tasks: queue.SimpleQueue[tuple[str, Any, float | None]] = queue.SimpleQueue()
    threading.Thread(target=_read_tasks, args=(sys.stdin.buffer, tasks), daemon=True).start()
    try:
        for module in modules:
            importlib.import_module(module)
    except Exception as error:
        _write(answers, ("failed", type(error).__name__, str(error)))
        return
    _write(answers, ("ready",))
    while True:
        path, argument, cpu_max_s = tasks.get()
        _write(answers, _answer(path, argument, cpu_max_s, answers))


def _stand_back(niceness: int) -> None:
    """A nice process still ends its slice before others run, milliseconds at each hop of each job; an idle one makes way."""
    if niceness:
        os.nice(niceness)
    if niceness >= IDLE_NICENESS and hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _answer(path: str, argument: Any, cpu_max_s: float | None, answers: BinaryIO) -> tuple[Any, ...]:
    if cpu_max_s is not None:
        # Nobody handles the signal, so the kernel ends the process, whatever it is doing.
        signal.setitimer(signal.ITIMER_PROF, cpu_max_s)
    try:
        return ("done", resolve(path)(argument, lambda progress: _write(answers, ("progress", progress))))
    except MemoryError:
        return ("memory",)
    except Exception as error:
        return ("failed", type(error).__name__, str(error))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _write(answers: BinaryIO, message: tuple[Any, ...]) -> None:
    try:
        data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        data = pickle.dumps(("failed", type(error).__name__, "The result cannot be pickled."))
    answers.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)
    answers.flush()


def _read_tasks(source: BinaryIO, tasks: queue.SimpleQueue[tuple[str, Any, float | None]]) -> None:
    while True:
        head = source.read(LENGTH_BYTES)
        if len(head) < LENGTH_BYTES:
            os._exit(0)
        tasks.put(pickle.loads(source.read(int.from_bytes(head, "big"))))  # noqa: S301


def _end_with(parent: int) -> None:
    """Ask Linux for a SIGKILL when the parent ends; it may have ended before we asked."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _limit_memory(memory_max_bytes: int) -> None:
    """A wide limit on the address space: the parent watches the resident memory, this stops what is faster than it looks."""
    if sys.platform == "linux":
        import resource

        limit = 2 * memory_max_bytes + _ADDRESS_HEADROOM_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main(sys.argv[1:])
