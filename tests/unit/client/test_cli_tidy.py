"""The command line starts quickly, and no exit code gets lost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CLI = Path(__file__).parents[3] / "libs/client/src/queuebit_client"
HEAVY = {
    "httpx2",
    "rich",
    "pydantic",
    "asyncio",
    "queuebit_problems",
    "queuebit_contracts",
    "numpy",
    "qiskit",
    "ortools",
}


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from queuebit_client.cli import main\n"
        "main.entry_points = lambda group: ()\n"
        "code = main.run(['--help'])\n"
        "sys.stderr.write(' '.join(sorted({name.split('.')[0] for name in sys.modules})))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "submit" in done.stdout
    assert HEAVY & set(done.stderr.split()) == set()


@pytest.mark.parametrize("path", sorted(CLI.rglob("*.py")), ids=lambda path: path.name)
def test_no_exit_is_returned(path: Path) -> None:
    """`return typer.Exit(3)` would end with 0."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Return) and node.value is not None:
            assert "typer.Exit" not in ast.unparse(node.value), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", sorted((CLI / "cli").glob("*.py")), ids=lambda path: path.name)
def test_heavy_packages_are_imported_late(path: Path) -> None:
    allowed = {"rich"} if path.name == "render.py" else set()
    found = {
        name.split(".")[0]
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert found & {"httpx2", "rich", "qiskit", "ortools", "queuebit_problems"} <= allowed
