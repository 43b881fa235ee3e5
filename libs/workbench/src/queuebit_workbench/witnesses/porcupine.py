"""Porcupine, a checker of linearizability: a small Go program of ours around it, built once and kept in the cache."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import orjson

from queuebit_devstack.errors import ToolFailed
from queuebit_devstack.jars import cache_dir
from queuebit_devstack.private import private_folder
from queuebit_devstack.processes import run_tool
from queuebit_workbench.witnesses.errors import WitnessMissing
from queuebit_workbench.witnesses.history import Operation

NAME = "porcupine"
BUILD_TIMEOUT_S = 300.0
CHECK_TIMEOUT_S = 600.0
SOURCES = ("main.go", "go.mod", "go.sum")


@dataclass(frozen=True, slots=True)
class Linearizability:
    """What it said. `illegal`: streams whose answers no order explains; `undecided`: those that it gave up."""

    operations: int
    streams: int
    illegal: tuple[str, ...]
    undecided: tuple[str, ...]


async def build_porcupine() -> Path:
    """The program. Raises WitnessMissing where there is no Go, or its module cannot be had."""
    go = shutil.which("go")
    if go is None:
        raise WitnessMissing(f"{NAME}: there is no Go toolchain on PATH.")
    here = resources.files("queuebit_workbench.witnesses") / NAME
    texts = {name: (here / name).read_bytes() for name in SOURCES}
    digest = hashlib.sha256(b"".join(texts.values())).hexdigest()[:12]
    folder = cache_dir() / f"{NAME}-{digest}"
    program = folder / NAME
    if not program.exists():
        private_folder(folder)
        for name, text in texts.items():
            (folder / name).write_bytes(text)
        try:
            await run_tool(
                [go, "build", "-C", str(folder), "-o", str(program), "."],
                env={**os.environ, "GOFLAGS": "-mod=readonly"},
                timeout_s=BUILD_TIMEOUT_S,
            )
        except ToolFailed as error:
            raise WitnessMissing(f"{NAME}: its Go module cannot be built: {error.message}") from error
    return program


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
