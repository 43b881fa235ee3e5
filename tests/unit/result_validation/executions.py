"""Executions for the tests of the validator: honest ones, to be spoiled in one place each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from queuebit_contracts.events import ExecutionSucceeded
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import Problem, Ran

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JOB_ID = uuid7(int(NOW.timestamp() * 1000), 7)

RING = Problem(
    kind="maxcut", statement={"nodes": 6, "edges": [[0, 1, 1], [1, 2, 1], [2, 3, 1], [3, 4, 1], [4, 5, 1], [0, 5, 1]]}
)
"""Six nodes in a ring: the best cut is 6, and 4 can be reached by a worse one."""
BEST = {"side": [0, 1, 0, 1, 0, 1]}
WORSE = {"side": [0, 1, 0, 1, 1, 1]}

PACK = Problem(kind="knapsack", statement={"capacity": 10, "profits": [10, 15, 7, 22], "weights": [5, 4, 3, 6]})
"""The second and the fourth item weigh exactly the capacity and are worth 37, which is best."""

DECIMALS = Problem(
    kind="qubo", statement={"variables": 3, "terms": [[0, 0, -0.1], [1, 1, -0.2], [0, 1, 0.05], [2, 2, 0.3]]}
)
"""The least energy is -0.25, at x = 1, 1, 0."""


def long_ring(nodes: int = 40) -> Problem:
    """Too many nodes for the validator to try them all; with an even number the bound that needs no search is reached."""
    return Problem(kind="maxcut", statement={"nodes": nodes, "edges": [[i, (i + 1) % nodes, 1] for i in range(nodes)]})


def odd_ring() -> Problem:
    """One edge stays uncut at best: the bound that needs no search, 41, is one too high."""
    return long_ring(41)


def alternating(nodes: int) -> dict[str, Any]:
    return {"side": [i % 2 for i in range(nodes)]}


def an_execution(problem: Problem | None = RING, **changes: Any) -> ExecutionSucceeded:
    """The best answer to the ring, with its proof."""
    values: dict[str, Any] = {
        "attempt_id": attempt_id_of(JOB_ID, "classical", 1),
        "leg": "classical",
        "lane": "classical",
        "ran": Ran(lane="classical", method="enumeration", backend="queuebit-problems"),
        "answer": BEST,
        "objective": 6,
        "bound": 6,
        "proven_optimal": True,
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=1),
        "problem": problem,
        **changes,
    }
    return ExecutionSucceeded(**values)


def unproved(problem: Problem | None = RING, **changes: Any) -> ExecutionSucceeded:
    """The same without a bound or a proof."""
    return an_execution(problem, **{"bound": None, "proven_optimal": False, **changes})
