"""`queuebit run` on a machine that has read nothing of the SDKs from its disk: loading them is no part of a job's budget."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_runtime.errors import PoolTimeout
from queuebit_runtime.processes.pool import InlinePool
from queuebit_workbench import local

LOADING_S = 60.0
SQUARE = {"nodes": 4, "edges": [[0, 1, 1], [1, 2, 1], [2, 3, 1], [3, 0, 1]]}


class ColdPool(InlinePool):
    """Its processes take a minute to load what a task of a worker needs: it has that time, or is ended."""

    def __init__(self, *_: Any) -> None:
        return

    async def run(self, function_path: str, argument: Any, *, timeout_s: float, **more: Any) -> Any:
        if (
            function_path.startswith(("queuebit_quantum_adapter", "queuebit_classical_solver"))
            and timeout_s < LOADING_S
        ):
            raise PoolTimeout(f"The task did not end within {timeout_s:g} s.")
        return await super().run(function_path, argument, timeout_s=timeout_s, **more)


async def lanes_of(budget_s: float) -> dict[str, str]:
    """What became of each attempt of a job that asks the simulator."""
    body = {
        "problem": {"kind": "maxcut", "statement": SQUARE},
        "lane": "simulator",
        "budget_s": budget_s,
        "seed": 1,
    }
    document = await local.run_locally(body, lambda _name, _data: None)
    return {each["lane"]: each["state"] for each in document["attempts"]}


async def test_the_simulators_leg_of_the_first_command_answers_however_long_its_sdk_takes_to_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "ProcessPool", ColdPool)

    assert await lanes_of(2.0) == {"simulator": "accepted"}


async def test_what_the_operator_sets_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "ProcessPool", ColdPool)
    monkeypatch.setenv("QUEUEBIT_QUANTUM_GRACE_S", "3")

    assert (await lanes_of(2.0))["simulator"] == "failed"
