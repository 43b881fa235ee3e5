"""A scenario, run: all five services in this process, each problem under each arm with each seed, a line for each run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.errors import QueuebitError
from queuebit_operations.policies.files import read_document
from queuebit_operations.policies.register import PolicyRegister
from queuebit_workbench.experiments.files import Arm, NamedProblem, ProblemSet, Scenario
from queuebit_workbench.local import ended, one_world

FOLLOWED_S = 1.0
"""An activated policy decides everywhere by then."""
Run = dict[str, Any]


async def run_scenario(found: ProblemSet, scenario: Scenario, tell: Callable[[Run], None], *, beside: int) -> int:
    """Run the matrix; how many runs gave no accepted answer. `beside`: so many jobs at once. Raises BadArgument."""
    failed = 0
    for name, arm in scenario.arms.items():
        async with one_world(lambda *_: None) as (world, api_key):
            if arm.policy is not None:
                register = PolicyRegister(world.store(), world.clock)
                document = read_document(Path(arm.policy))
                version, _ = await register.publish(document, actor="scenario", reason="an arm of a scenario")
                await register.activate(version, actor="scenario", reason="an arm of a scenario")
                await world.clock.sleep(FOLLOWED_S)
            assert world.app is not None
            transport = httpx2.ASGITransport(world.app)
            async with AsyncQueuebit("http://queuebit.local", api_key, transport=transport) as client:
                turns = asyncio.Semaphore(beside)
                async with asyncio.TaskGroup() as group:
                    runs = [
                        group.create_task(_one(client, turns, tell, name, arm, problem, seed))
                        for problem in found.problems
                        for seed in scenario.seeds
                    ]
                failed += sum(not run.result() for run in runs)
    return failed


async def _one(
    client: AsyncQueuebit,
    turns: asyncio.Semaphore,
    tell: Callable[[Run], None],
    name: str,
    arm: Arm,
    problem: NamedProblem,
    seed: int,
) -> bool:
    """One run; whether its answer was accepted."""
    body: dict[str, Any] = {
        "problem": problem.problem.model_dump(mode="json"),
        "lane": arm.lane,
        "tier": problem.tier,
        "seed": seed,
        "params": arm.params,
    }
    if arm.budget_s is not None:
        body["budget_s"] = arm.budget_s
    run: Run = {"arm": name, "problem": problem.name, "kind": problem.problem.kind, "seed": seed}
    async with turns:
        try:
            run |= _numbers(await ended(client, body))
        except QueuebitError as error:
            run |= {"state": "refused", "verdict": None, "accepted": 0, "error": f"{error.code}: {error.detail}"}
    tell(run)
    return bool(run["verdict"] == "accepted")


def _numbers(document: Mapping[str, Any]) -> Run:
    """What runs are compared by."""
    ran, cost, usage = (document.get(name) or {} for name in ("ran", "cost", "usage"))
    return {
        "state": document["state"],
        "verdict": document["verdict"],
        "accepted": int(document["verdict"] == "accepted"),
        "objective": document.get("objective"),
        "bound": document.get("bound"),
        "gap": document.get("gap"),
        "confidence": document.get("confidence"),
        "elapsed_s": document.get("elapsed_s"),
        "wall_s": usage.get("wall_s"),
        "qpu_s": usage.get("qpu_s"),
        "shots": usage.get("shots"),
        "cost": None if cost.get("amount") is None else float(cost["amount"]),
        "currency": cost.get("currency"),
        "lane": ran.get("lane"),
        "method": ran.get("method"),
    }
