"""The example of the README, as it stands there, with the logins that `queuebit status` names."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from queuebit_devstack.processes import run_tool
from queuebit_devstack.up import client_files
from tests.e2e.harness import Platform

ROOT = Path(__file__).parents[2]


async def test_a_stock_client_asks_as_upstream_and_acts_as_downstream(queuebit: Platform, tmp_path: Path) -> None:
    """Given the stack's data folder where the example looks for it, then it prints the checked answer of its job."""
    stack = queuebit.stack
    named = client_files(stack.state, stack.data_dir)
    if not named:
        pytest.skip("The Kafka that was given by URL has users of its own.")
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / ".queuebit").symlink_to(stack.data_dir)
    example = tmp_path / "example.py"
    example.write_text(f"import os; os.chdir({str(tmp_path)!r})\n{code}")

    said = await asyncio.wait_for(run_tool([sys.executable, str(example)], env={}, timeout_s=90), 120)

    verdict, objective, _ = said.split(maxsplit=2)
    assert (verdict, float(objective)) == ("accepted", 4)
    assert set(named) == {"upstream", "downstream"}
    for path in map(Path, named.values()):
        assert path.stat().st_mode & 0o077 == 0
