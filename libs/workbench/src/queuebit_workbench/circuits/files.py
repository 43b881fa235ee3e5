"""Circuits from files and into files: OpenQASM 2 and 3, and QPY, which is read in a process that may be killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.text import to_qasm3
from queuebit_client.cli.files import BadFile
from queuebit_runtime.errors import PoolError, TaskFailed
from queuebit_runtime.processes.pool import Pool, ProcessPool
from queuebit_workbench.circuits.values import FILE_BYTES_MAX

CHILD = "queuebit_workbench.circuits.child"
MEMORY_MAX_MB = 2048
TIMEOUT_S = 60.0


Instead = Callable[[Any, PoolError], Any]


def in_process(task: str, argument: Any) -> Any:
    """Call a function of `child.py` in a process of its own, bounded in time and memory. Raises BadFile where it fails."""
    return in_processes(task, [argument])[0]


def in_processes(task: str, arguments: Sequence[Any], instead: Instead | None = None) -> list[Any]:
    """The same of several, one after the other. `instead`: what comes of one that fails; None: BadFile is raised."""

    async def one(pool: Pool, argument: Any) -> Any:
        try:
            return await pool.run(f"{CHILD}:{task}", argument, timeout_s=TIMEOUT_S)
        except PoolError as error:
            if instead is None:
                raise
            return instead(argument, error)

    async def work() -> list[Any]:
        pool: Pool = ProcessPool(1, MEMORY_MAX_MB, (CHILD,))
        try:
            return [await one(pool, argument) for argument in arguments]
        finally:
            await pool.close()

    try:
        return asyncio.run(work())
    except PoolError as error:
        said = error.detail if isinstance(error, TaskFailed) and error.detail else str(error)
        raise BadFile(said, remedy="Use another circuit, a smaller one, or another target.") from None


def read(path: str) -> Circuit:
    """The circuit in a file, by its ending: .qpy, else OpenQASM. Raises BadFile."""
    file = Path(path)
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror or error}.", remedy="Name a file that can be read.") from None
    if len(content) > FILE_BYTES_MAX:
        raise BadFile(f"{path} has more than {FILE_BYTES_MAX} bytes.", remedy="Use a smaller circuit.")
    if file.suffix == ".qpy":
        found: Circuit = in_process("read_qpy", content)
        return found
    try:
        return read_circuit(content.decode(), file_name=file.name)
    except UnicodeDecodeError:
        raise BadFile(f"{path} is no text.", remedy="Files of QPY end in .qpy, others hold OpenQASM 2 or 3.") from None
    except UnreadableCircuit as error:
        raise BadFile(str(error), remedy=getattr(error, "remedy", "")) from None


def write(circuit: Circuit, path: str, version: int) -> None:
    """Write a circuit by the ending of the file: .qpy, else OpenQASM in that version. Raises BadFile."""
    if path.endswith(".qpy"):
        content = in_process("write_qpy", circuit)
    elif version == 2:
        content = in_process("write_qasm2", circuit).encode()
    else:
        content = to_qasm3(circuit).encode()
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror or error}.", remedy="Name a place that can be written.") from None
