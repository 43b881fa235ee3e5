"""The examples in `infra/examples`, built once each and run as programs of their own."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "infra" / "examples"
BUILT = ROOT / ".venv" / "examples"
BUILD_TIMEOUT_S = 600
LANGUAGES = ("python", "node", "java")
_NEEDS = {"python": (), "node": ("node", "npm"), "java": ("java", "mvn")}
_NPM = ("npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
_MVN = ("mvn", "-q", "-B", "package", "dependency:copy-dependencies")


@dataclass(frozen=True)
class Example:
    """The programs of one language."""

    language: str
    folder: Path

    def command(self, program: str, *arguments: str) -> list[str]:
        """`program`: publish or consume."""
        match self.language:
            case "python":
                return [sys.executable, str(self.folder / f"{program}.py"), *arguments]
            case "node":
                return ["node", str(self.folder / f"{program}.js"), *arguments]
            case _:
                path = f"{self.folder / 'target/classes'}:{self.folder / 'target/dependency'}/*"
                return ["java", "-cp", path, f"example.{program.capitalize()}", *arguments]

    async def run(self, program: str, *arguments: str, timeout_s: float = 120.0) -> str:
        """What it printed, once it ended well."""
        async with self.running(program, *arguments) as process:
            output, _ = await asyncio.wait_for(process.communicate(), timeout_s)
        assert process.returncode == 0, output.decode()
        return output.decode()

    @asynccontextmanager
    async def running(self, program: str, *arguments: str) -> AsyncIterator[Process]:
        """The process, which is killed in the end, as a crash would."""
        process = await asyncio.create_subprocess_exec(
            *self.command(program, *arguments), cwd=self.folder, stdout=PIPE, stderr=STDOUT
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def built(language: str) -> Example:
    """The example, ready to run. Skips, by name, where its runtime is missing."""
    missing = [program for program in _NEEDS[language] if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: the example in {language} does not run here")
    if language == "python":
        return Example(language, SOURCES / language)
    folder = BUILT / language
    shutil.copytree(SOURCES / language, folder, dirs_exist_ok=True)
    command = _NPM if language == "node" else _MVN
    subprocess.run(command, cwd=folder, check=True, timeout=BUILD_TIMEOUT_S)
    return Example(language, folder)


def lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file of JSON."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def ids(found: Sequence[dict[str, Any]]) -> list[str]:
    return [line["id"] for line in found]
