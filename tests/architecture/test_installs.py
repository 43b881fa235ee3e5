"""Each service installs alone, with only its own dependencies, and its entry module imports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"qiskit", "qiskit_aer", "ortools", "numpy", "fastapi", "faststream", "asyncpg", "httpx2", "typer"}
LIBS = {
    "gateway": ("contracts", "domain", "circuits", "problems", "runtime", "store"),
    "control_plane": ("contracts", "domain", "circuits", "problems", "runtime", "store"),
    "quantum_adapter": ("contracts", "circuits", "problems", "runtime", "store"),
    "classical_solver": ("contracts", "circuits", "problems", "runtime", "store"),
    "result_validation": ("contracts", "circuits", "problems", "runtime", "store"),
    "client": ("contracts",),
    "operations": ("contracts", "domain", "runtime", "store", "client"),
}
HAS = {
    "gateway": {"fastapi", "asyncpg", "httpx2"},
    "control_plane": {"asyncpg"},
    "quantum_adapter": {"qiskit", "qiskit_aer", "numpy", "asyncpg"},
    "classical_solver": {"ortools", "numpy", "asyncpg"},
    "result_validation": {"numpy", "asyncpg"},
    "client": {"httpx2", "typer"},
    "operations": {"httpx2", "typer", "asyncpg"},
}
ENTRIES = {"client": ".cli.main", "operations": ".plugin"}
PROBE = """
import importlib.util, sys
import queuebit_{name}{entry}
print(" ".join(sorted(each for each in {heavy!r} if importlib.util.find_spec(each))))
"""


def _uv(*arguments: str) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert uv is not None, "uv is part of the development environment: run `make setup`"
    done = subprocess.run([uv, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", LIBS)
def test_it_installs_alone_with_only_what_it_declares(name: str, tmp_path: Path) -> None:
    python = tmp_path / "env" / "bin" / "python"
    _uv("venv", "-q", "--python", sys.executable, str(tmp_path / "env"))
    here = f"./libs/{name}" if (ROOT / "libs" / name).exists() else f"./services/{name}"
    wanted = [*(f"./libs/{lib}" for lib in LIBS[name]), here]
    _uv("pip", "install", "-q", "--python", str(python), "-c", "constraints.txt", *wanted)

    probe = PROBE.format(name=name, entry=ENTRIES.get(name, ".main"), heavy=HEAVY)
    done = subprocess.run([python, "-I", "-c", probe], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == HAS[name]


def test_the_gateway_brings_the_console_along(tmp_path: Path) -> None:
    _uv("build", "-q", "--wheel", "--out-dir", str(tmp_path), "services/gateway")
    (wheel,) = tmp_path.glob("*.whl")
    root = ROOT / "services" / "gateway" / "src"
    with zipfile.ZipFile(wheel) as shipped:
        names = {name for name in shipped.namelist() if "/console/web/" in name and not name.endswith("/")}

    here = {
        path.relative_to(root).as_posix()
        for path in (root / "queuebit_gateway/console/web").rglob("*")
        if path.is_file()
    }
    assert len(here) > 30
    assert names == here
