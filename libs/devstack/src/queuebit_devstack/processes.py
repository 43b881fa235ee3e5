"""Start processes so that they can be found again, and end ours without ever touching a stranger."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from queuebit_devstack.errors import ToolFailed
from queuebit_devstack.private import private_opener
from queuebit_devstack.state import ProcessRecord

STACK_VARIABLE = "QUEUEBIT_STACK"
"""Every child carries the data folder under this name, so that even one that no file mentions is found."""

UNKNOWN_CODE = -1
"""Stands for the exit code of a process that was not our child."""

START_TOLERANCE_S = 2.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Observed:
    """What the operating system says about one process."""

    pid: int
    started_at: float
    command_line: tuple[str, ...]
    zombie: bool = False


def observe(pid: int) -> Observed | None:
    """Look at one process; none where there is none."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            return Observed(
                pid,
                process.create_time(),
                tuple(process.cmdline()),
                process.status() == psutil.STATUS_ZOMBIE,
            )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def is_ours(record: ProcessRecord, observed: Observed | None) -> bool:
    """Whether the process seen now is the living one that was recorded, not a stranger with its old pid.

    One that is just dying has lost its command line but may still hold ports and files: it counts until it is gone.
    """
    if observed is None or observed.zombie or observed.pid != record.pid:
        return False
    if abs(observed.started_at - record.started_at) > START_TOLERANCE_S:
        return False
    return not observed.command_line or any(record.marker in word for word in observed.command_line)


def is_alive(record: ProcessRecord) -> bool:
    """Whether the recorded process still runs."""
    return is_ours(record, observe(record.pid))


def own_record(name: str) -> ProcessRecord:
    """The record of the calling process itself."""
    observed = observe(os.getpid())
    assert observed is not None
    return ProcessRecord(name, observed.pid, observed.started_at, observed.command_line[0])


def child_env(data_dir: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: ours, the mark of the stack, and `extra`."""
    return {**os.environ, STACK_VARIABLE: str(data_dir), **extra}


class Child:
    """A process started by this one: its record, and the handle by which its end is noticed."""

    def __init__(self, record: ProcessRecord, popen: subprocess.Popen[bytes]) -> None:
        """Use `spawn`."""
        self.record = record
        self._popen = popen

    def exit_code(self) -> int | None:
        """The exit code, or none while it runs. Negative: the signal that ended it."""
        return self._popen.poll()


class Adopted:
    """A process that another one started: its end is noticed, its exit code is not known."""

    def __init__(self, record: ProcessRecord) -> None:
        self.record = record

    def exit_code(self) -> int | None:
        """None while it runs; UNKNOWN_CODE after."""
        return None if is_alive(self.record) else UNKNOWN_CODE


def spawn(
    name: str,
    argv: Sequence[str],
    *,
    marker: str,
    log: Path,
    env: Mapping[str, str],
    port: int | None = None,
    umask: int = -1,
) -> Child:
    """Start `argv` in a session of its own, with both outputs appended to `log` and no input. `umask`: ours, if negative."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(log, "ab", opener=private_opener) as output:
        popen = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
            umask=umask,
        )
    try:
        started_at = psutil.Process(popen.pid).create_time()
    except psutil.NoSuchProcess:
        started_at = 0.0
    return Child(ProcessRecord(name, popen.pid, started_at, marker, port, str(log)), popen)


async def run_tool(argv: Sequence[str], *, env: Mapping[str, str], timeout_s: float) -> str:
    """Run a helper program to its end and return what it printed. Raises `ToolFailed` with its last lines."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(env),
    )
    try:
        async with asyncio.timeout(timeout_s):
            output, _ = await process.communicate()
    except TimeoutError as error:
        raise ToolFailed(f"{Path(argv[0]).name} did not end within {timeout_s:g} s.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    if process.returncode != 0:
        last_lines = "\n".join(text.splitlines()[-20:])
        raise ToolFailed(f"{Path(argv[0]).name} ended with {process.returncode}:\n{last_lines}")
    return text


def end_processes(records: Iterable[ProcessRecord], *, ask: signal.Signals, grace_s: float) -> None:
    """Ask the processes to end, wait, and kill what is left together with its process group. Blocks.

    Only processes that `is_ours` confirms get a signal. Whoever is our own child is reaped.
    """
    waiting = [each for each in records if is_alive(each)]
    for each in waiting:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.pid, ask)
    waiting = _wait_gone(waiting, grace_s)
    for each in waiting:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(each.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGKILL)
    _wait_gone(waiting, grace_s)


def _wait_gone(records: list[ProcessRecord], timeout_s: float) -> list[ProcessRecord]:
    deadline = time.monotonic() + timeout_s
    while records and time.monotonic() < deadline:
        time.sleep(POLL_S)
        records = [each for each in records if is_alive(each)]
    return records


def find_marked(data_dir: Path) -> list[ProcessRecord]:
    """Processes of the stack in `data_dir` that no state file names: the window between a spawn and its record.

    They are known by the mark in their environment, or by a path inside the data folder as a word of their command
    line (the database overwrites its environment). The calling process and its ancestors are never among them.
    """
    spared = {os.getpid(), *(each.pid for each in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in spared:
            continue
        try:
            words = process.cmdline()
            if words and (_names_server(words, data_dir) or process.environ().get(STACK_VARIABLE) == str(data_dir)):
                found.append(ProcessRecord("unrecorded", process.pid, process.create_time(), words[0]))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess, OSError):
            continue
    return found


def _names_server(words: Sequence[str], data_dir: Path) -> bool:
    """Whether a command line is a server of ours: the database or the broker on files inside the data folder."""
    inside = f"{data_dir}{os.sep}"
    if "kafka.Kafka" in words:
        return words[-1].startswith(inside)
    return Path(words[0]).name == "postgres" and "-D" in words and words[words.index("-D") + 1].startswith(inside)


def tail(log: Path, lines_max: int = 20) -> str:
    """The last lines of a log file, at most 64 KiB of it; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 65_536))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines_max:])
    except FileNotFoundError:
        return ""
