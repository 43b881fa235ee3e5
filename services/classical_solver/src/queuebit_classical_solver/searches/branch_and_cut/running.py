"""One run of HiGHS in a process of its own, from its start to its end."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Stop

PROCESS = "queuebit_classical_solver.searches.branch_and_cut.highs"
POLL_S = 0.05
READ_BYTES = 1 << 16


class Run:
    """`offer` hears the values of each better answer. It is killed where it is told to stop, or goes on past `ends_s`."""

    def __init__(self, offer: Callable[[Sequence[float]], None], stop: Stop, ends_s: float) -> None:
        self._offer, self._stop, self._ends_s = offer, stop, ends_s
        self.cut_off_by: Literal["stop", "time"] | None = None

    def ended(self, told: dict[str, Any]) -> dict[str, Any]:
        """What the process said last; nothing where it was killed. Raises NothingFound where it failed."""
        process = subprocess.Popen(
            [sys.executable, "-m", PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            last = self._heard(process, json.dumps(told).encode())
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None and not pipe.closed:
                    pipe.close()
        if last is None and self.cut_off_by is None:
            raise NothingFound(f"HiGHS ended without an answer, with code {process.returncode}.")
        return last or {}

    def _heard(self, process: subprocess.Popen[bytes], told: bytes) -> dict[str, Any] | None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(told)
            process.stdin.close()
        except BrokenPipeError:
            return None
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                if self._stop() or time.perf_counter() >= self._ends_s:
                    self.cut_off_by = "stop" if self._stop() else "time"
                    return None
                if not selector.select(POLL_S):
                    continue
                more = os.read(process.stdout.fileno(), READ_BYTES)
                if not more:
                    return None
                *lines, rest = (rest + more).split(b"\n")
                for line in lines:
                    said: dict[str, Any] = json.loads(line)
                    self._offer(said["values"])
                    if "status" in said:
                        return said
