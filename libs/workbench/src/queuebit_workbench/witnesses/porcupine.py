"""Porcupine, a checker of linearizability: a small Go program of ours around it, built once and kept in the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from queuebit_devstack.errors import ToolFailed
from queuebit_workbench.witnesses.go_programs import GoSources
from queuebit_workbench.witnesses.history import Operation

NAME = "porcupine"
CHECK_TIMEOUT_S = 600.0
PROGRAM = GoSources(NAME, "queuebit_workbench.witnesses")


@dataclass(frozen=True, slots=True)
class Linearizability:
    """What it said. `illegal`: streams whose answers no order explains; `undecided`: those that it gave up."""

    operations: int
    streams: int
    illegal: tuple[str, ...]
    undecided: tuple[str, ...]


async def build_porcupine() -> Path:
    """The program. Raises WitnessMissing where there is no Go, or its module cannot be had."""
    return await PROGRAM.build()


async def check(program: Path, history: Iterable[Operation]) -> Linearizability:
    """Let it judge a history."""
    child = await asyncio.create_subprocess_exec(
        program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(CHECK_TIMEOUT_S):
        out, err = await child.communicate(b"\n".join(each.line() for each in history))
    if child.returncode != 0:
        raise ToolFailed(f"{NAME} ended with {child.returncode}: {err.decode()[-1000:]}")
    said = orjson.loads(out)
    return Linearizability(said["operations"], said["streams"], tuple(said["illegal"]), tuple(said["undecided"]))
