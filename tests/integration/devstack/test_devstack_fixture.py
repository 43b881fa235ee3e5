"""The fixture `stack`, as other tests use it, in a run of pytest of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

INNER = """
import asyncio
import asyncpg

async def test_it(stack):
    connection = await asyncpg.connect(stack.postgres)
    print("STACK", stack.data_dir, stack.kafka, await connection.fetchval("SELECT 1"), flush=True)
    await connection.close()
    await asyncio.sleep({pause_s})
"""


def run_inner(folder: Path, pause_s: float) -> subprocess.Popen[str]:
    (folder / "test_inner.py").write_text(INNER.format(pause_s=pause_s))
    others = ("QUEUEBIT_KAFKA", "QUEUEBIT_POSTGRES", "PYTEST_ADDOPTS")
    environ = {name: value for name, value in os.environ.items() if name not in others}
    words = ["-p", "queuebit_devstack.testing", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "-s", "-q"]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *words, "--rootdir", str(folder), "test_inner.py"],
        cwd=folder,
        env=environ | {"QUEUEBIT_SERVERS": "embedded", "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_fixture_yields_servers_and_removes_their_data(tmp_path: Path) -> None:
    run = run_inner(tmp_path, 0)
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 0, output
    line = next(line for line in output.splitlines() if line.startswith("STACK"))
    assert line.startswith(f"STACK {tmp_path}/queuebit-test-")
    assert line.endswith(" 1")
    assert [each.name for each in tmp_path.glob("queuebit-test-*")] == []


def test_a_killed_run_leaves_nothing(tmp_path: Path) -> None:
    run = run_inner(tmp_path, 600)
    assert run.stdout is not None
    with run.stdout:
        line = next(line for line in run.stdout if line.startswith("STACK"))
        run.kill()
        run.wait()
    folder = Path(line.split()[1])
    deadline = time.monotonic() + 60
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
