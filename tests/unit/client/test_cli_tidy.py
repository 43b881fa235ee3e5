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


@pytest.mark.parametrize(
    ("arguments", "code"), [(["check", "p.txt", "a.json"], 1), (["run", "bad.txt"], 2), (["kinds", "list"], 0)]
)
def test_what_needs_no_solver_and_no_server_loads_none(tmp_path: Path, arguments: list[str], code: int) -> None:
    """A bad file is refused before anything heavy is imported, even by `run`."""
    (tmp_path / "p.txt").write_text("2\n0 1\n")
    (tmp_path / "a.json").write_text('{"side": []}')
    (tmp_path / "bad.txt").write_text("2\n0 5\n")
    program = (
        "import sys\n"
        "from queuebit_client.cli import main\n"
        f"code = main.run({arguments!r})\n"
        "sys.stderr.write('loaded ' + ' '.join({name.split('.')[0] for name in sys.modules}))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == code, done.stderr
    loaded = set(done.stderr.rpartition("loaded ")[2].split())
    assert loaded & {"httpx2", "rich", "asyncio", "numpy", "qiskit", "ortools", "fastapi", "queuebit_gateway"} == set()


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
