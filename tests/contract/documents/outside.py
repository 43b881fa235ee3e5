"""Where the documents are, and the tools of package.json."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SCHEMAS = ROOT / "schemas"
TOOLS = ROOT / ".venv" / "contract-tools"


PYTHON = TOOLS / "python" / "bin" / "python"
GENERATOR = "openapi-python-client==0.29.1"
"""In an environment of its own: it wants other versions than ours of what both use."""


def install_generator() -> Path:
    """The Python of the environment of the generator, made once. Skips, by name, where it cannot be had."""
    mark = PYTHON.parents[1] / GENERATOR
    if not mark.exists():
        shutil.rmtree(PYTHON.parents[1], ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(PYTHON.parents[1])], check=True, timeout=120)
        done = subprocess.run([str(PYTHON), "-m", "pip", "install", "-q", GENERATOR], capture_output=True, timeout=300)
        if done.returncode != 0:
            pytest.skip(f"{GENERATOR} cannot be installed here")
        mark.touch()
    return PYTHON


class NodeTools:
    """Runs a tool by its name, in the folder of its settings."""

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = TOOLS / "node_modules" / ".bin" / name
        return subprocess.run([str(path), *arguments], cwd=HERE, capture_output=True, text=True, timeout=300)

    def script(self, path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a script of ours that uses a library among the tools."""
        environment = {**os.environ, "NODE_PATH": str(TOOLS / "node_modules")}
        return subprocess.run(
            ["node", str(path), *arguments], env=environment, capture_output=True, text=True, timeout=300, check=True
        )


def install_tools() -> NodeTools:
    """Install what package.json names, once. Skips, by name, where there is no Node."""
    if shutil.which("npm") is None:
        pytest.skip(
            "npm is missing: install Node 20 or newer to run the tools of tests/contract/documents/package.json"
        )
    TOOLS.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    installed = TOOLS / "package.json"
    if not (TOOLS / "node_modules").is_dir() or not installed.exists() or installed.read_text() != wanted:
        installed.write_text(wanted)
        command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=TOOLS, check=True, timeout=600)
    return NodeTools()
