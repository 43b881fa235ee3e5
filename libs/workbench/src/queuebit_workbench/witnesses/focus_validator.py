"""focus-validator, which says whether a file is FOCUS: it wants older versions of packages that we use, so that it stands in an
environment of its own, made once and kept in the cache.

Usage: python -m queuebit_workbench.witnesses.focus_validator
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from queuebit_devstack.errors import ToolFailed
from queuebit_devstack.jars import cache_dir
from queuebit_devstack.private import private_folder
from queuebit_devstack.processes import run_tool
from queuebit_workbench.witnesses.errors import WitnessMissing

VERSION = "1.0.0"
NEEDS = (f"focus-validator=={VERSION}", "multimethod<1.12")
"""A later multimethod reads annotations in a way that pandera 0.17 does not survive."""
INSTALL_TIMEOUT_S = 600.0
CHECK_TIMEOUT_S = 120.0
SPECIFICATION = "1.0"


def folder() -> Path:
    """Where it is kept."""
    return cache_dir() / f"focus-validator-{VERSION}"


def found() -> Path:
    """The program. Raises WitnessMissing, which says how to have it."""
    program = folder() / "bin" / "focus-validator"
    if not program.exists():
        raise WitnessMissing("focus-validator is not here; `make focus` fetches it from the package index.")
    return program


async def install() -> Path:
    """Make its environment. Raises WitnessMissing where uv or the packages cannot be had."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise WitnessMissing("focus-validator: there is no uv; `make setup` brings it.")
    private_folder(folder())
    python = str(folder() / "bin" / "python")
    try:
        for argv in (
            ["venv", "-q", "--clear", "--python", sys.executable, str(folder())],
            ["pip", "install", "-q", "--python", python, *NEEDS],
        ):
            await run_tool([uv, *argv], env=os.environ, timeout_s=INSTALL_TIMEOUT_S)
    except ToolFailed as error:
        raise WitnessMissing(f"focus-validator cannot be had: {error.message}") from error
    return found()


def complaints(program: Path, file: Path) -> str:
    """What it says against a file, empty where it accepts it. Raises ToolFailed where it says nothing to the point."""
    site = next((program.parent.parent / "lib").glob("python*/site-packages"))
    argv = [str(program), "--data-file", str(file.resolve()), "--validate-version", SPECIFICATION]
    # It looks for its list of currencies from where it is called.
    done = subprocess.run(argv, cwd=site, capture_output=True, text=True, timeout=CHECK_TIMEOUT_S, check=False)
    said = done.stdout + done.stderr
    if "Validation succeeded" in said and done.returncode == 0:
        return ""
    if "Validation failed" not in said and "Failed" not in said:
        raise ToolFailed(f"focus-validator: {said[-2000:]}")
    return said


def main() -> int:
    """Make it, and say where it is."""
    try:
        sys.stdout.write(f"{asyncio.run(install())}\n")
    except WitnessMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
