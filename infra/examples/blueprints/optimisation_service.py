"""An optimisation service: every morning's deliveries become routes, once, checked, and always in time.

Put a file `DAY.json` into the folder `inbox` (depot, stops, demands, capacity); its routes come to `plans/DAY.json`. Whatever
happens there is a plan: where Queuebit has no answer in time, each stop gets a tour of its own. Start it again as often as you
like: a day is asked once, whoever asks again gets the same job.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

from reach import arguments, opened

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.errors import QueuebitError
from queuebit_client.models import Job
from queuebit_problems.kinds.routing.cvrp import KIND as CVRP

BUDGET_S = 3.0
WAIT_S = 60.0
BESIDE_MAX = 4


def statement_of(day: dict[str, Any]) -> dict[str, Any]:
    """The question: node 1 is the depot, distances are straight lines, rounded as TSPLIB does."""
    points = [day["depot"], *(stop["at"] for stop in day["stops"])]
    return {
        "coordinates": points,
        "metric": "EUC_2D",
        "demands": [0, *(stop["demand"] for stop in day["stops"])],
        "capacity": day["capacity"],
    }


async def planned(client: AsyncQueuebit, name: str, day: dict[str, Any]) -> dict[str, Any]:
    """The plan of a day. The key is made of what is asked: a corrected day is another question."""
    statement = statement_of(day)
    digest = hashlib.sha256(json.dumps(statement, sort_keys=True).encode()).hexdigest()[:16]
    try:
        job = await client.submit(
            {"kind": "cvrp", "statement": statement},
            budget_s=BUDGET_S,
            labels={"day": name},
            key=f"routes-{name}-{digest}",
        )
        job = await client.wait(job.id, timeout_s=WAIT_S)
        routes = trusted_routes(job, statement)
        if routes is not None:
            return plan_of(day, routes, by=str(job.ran.method if job.ran else ""), job=job)
        reason = job.verdict or job.state
    except QueuebitError as error:
        reason = error.code
    alone = [[node] for node in range(2, len(day["stops"]) + 2)]
    return plan_of(day, alone, by=f"each stop alone: {reason}", job=None)


def trusted_routes(job: Job, statement: dict[str, Any]) -> list[list[int]] | None:
    """The routes where they were accepted; looked at once more, since trucks leave by them. None for everything else."""
    if job.verdict != "accepted" or job.answer is None:
        return None
    parsed = CVRP.parse(statement)
    right = not CVRP.answer_errors(parsed, job.answer) and not CVRP.violations(parsed, job.answer)
    return job.answer["routes"] if right and CVRP.objective(parsed, job.answer) == job.objective else None


def plan_of(day: dict[str, Any], routes: list[list[int]], *, by: str, job: Job | None) -> dict[str, Any]:
    """Names in place of nodes, the length, and how good it is known to be."""
    names = {node: stop["name"] for node, stop in enumerate(day["stops"], start=2)}
    length = CVRP.objective(CVRP.parse(statement_of(day)), {"routes": routes})
    return {
        "routes": [[names[node] for node in route] for route in routes],
        "length": length,
        "by": by,
        "job": None if job is None else str(job.id),
        "at_most_above_the_best": None if job is None else job.gap,
    }


def day_of(path: Path) -> dict[str, Any]:
    day: dict[str, Any] = json.loads(path.read_text())
    return day


def keep(path: Path, plan: dict[str, Any]) -> None:
    """Write a plan in one step: what is there is whole."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(plan, indent=1) + "\n")
    part.replace(path)


async def serve(client: AsyncQueuebit, folder: Path) -> int:
    """Plan every day that has no plan yet; how many were planned."""
    plans = folder / "plans"
    plans.mkdir(parents=True, exist_ok=True)
    turns = asyncio.Semaphore(BESIDE_MAX)

    async def one(path: Path) -> None:
        async with turns:
            plan = await planned(client, path.stem, day_of(path))
        keep(plans / path.name, plan)
        print(f"{path.stem}: {len(plan['routes'])} routes, length {plan['length']}, by {plan['by']}")

    waiting = [path for path in sorted((folder / "inbox").glob("*.json")) if not (plans / path.name).exists()]
    async with asyncio.TaskGroup() as group:
        for path in waiting:
            group.create_task(one(path))
    return len(waiting)


async def main() -> None:
    parser = arguments(str(__doc__).partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where inbox/ and plans/ are")
    options = parser.parse_args()
    async with opened(here=options.here) as client:
        print(f"{await serve(client, options.folder)} days planned")


if __name__ == "__main__":
    asyncio.run(main())
