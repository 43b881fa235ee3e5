"""A run: the job is handed in, seven days pass with all that happens on them, the provider lets it run, all is looked at."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from queuebit_devstack.supervise import SERVICES
from queuebit_operations.records.kafka import opened_records
from queuebit_operations.scan.port import Selection
from queuebit_operations.scan.postgres import opened_scan
from queuebit_operations.verification.verify import Bounds, Verification
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task
from queuebit_store.postgres import PostgresSettings
from queuebit_workbench.chaos.observed import Observed, observe
from queuebit_workbench.week.errors import WeekFailed
from queuebit_workbench.week.judge import DAY_S, DAYS, Seen
from queuebit_workbench.week.looks import TIER, Watch
from queuebit_workbench.week.scene import Scene, opened_scene

Say = Callable[[str], None]
HOW = (signal.SIGTERM, signal.SIGKILL)
RESTARTS = [(name, how) for how in HOW for name in SERVICES]
"""One after another, over the whole week."""
PATIENCE_S = 1800.0
"""So long nothing at all may move before the run is given up: what was lost with its work order is noticed after five minutes
and the budget of its leg, and on a busy machine later. How long all of it takes is no matter.
"""
KILLING = (2, 4, 6)
"""On these days the worker processes of the adapter are killed."""
LOOK_S = 0.5
GRACE_S = 600.0
RING: dict[str, Any] = {
    "kind": "maxcut",
    "statement": {"nodes": 6, "edges": [[0, 1, 3], [1, 2, 1], [2, 3, 4], [3, 4, 1], [4, 5, 5], [5, 0, 9]]},
}
OTHER = {"problem": RING, "lane": "classical", "tier": "interactive"}
SIMULATED = {"problem": RING, "lane": "simulator", "tier": "batch"}


async def run_week(folder: Path, jobs: int, clock: Clock, say: Say) -> Seen:
    """Run it on fresh servers in `folder`, which is removed with them. Raises WeekFailed and what the stack raises."""
    say("Starting Kafka, PostgreSQL, a cloud on loopback and the services …")
    async with opened_scene(folder, clock) as scene:
        return await _Week(scene, jobs, say).run()


class _Week:
    def __init__(self, scene: Scene, jobs: int, say: Say) -> None:
        self._scene = scene
        self._jobs = jobs
        self._say = say
        self._watch = Watch(scene)
        self._asked: list[UUID] = []
        self._simulated: list[UUID] = []
        self._restarts: Counter[str] = Counter()
        self._killed = 0
        self._job_id = UUID(int=0)

    async def run(self) -> Seen:
        scene = self._scene
        await scene.desk.queue(DAYS * DAY_S)
        (job_id,) = await scene.ask(self._paid())
        self._job_id = job_id
        attempt_id = await self._handed_in()
        self._say(f"The provider has it, and says that it will take {DAYS} days.")
        stop = asyncio.Event()
        watching = asyncio.create_task(self._watch.run(attempt_id, stop))
        try:
            for day in range(1, DAYS + 1):
                await self._day(day)
            early = bool(await scene.ended([job_id]))
            passed, simulated = await scene.ended(self._asked), await scene.ended(self._simulated)
            stop.set()
            await watching
        finally:
            await end_task(watching)
        await scene.desk.queue(0.0)
        self._say("The provider lets it run …")
        await self._watch.hurry()
        await self._all_ended([job_id], "it ends")
        return await self._look(job_id, early=early, passed=passed, simulated=simulated)

    def _paid(self) -> dict[str, Any]:
        """On the quantum lane alone, with time for the week and more."""
        deadline = self._scene.clock.now() + timedelta(days=DAYS + 1)
        params = {"fallback": False, "layers": 1, "shots": 64}
        return {"problem": RING, "lane": "quantum", "tier": TIER, "params": params, "deadline": deadline.isoformat()}

    async def _handed_in(self) -> UUID:
        found: list[UUID] = []

        async def is_there() -> bool:
            attempt_id = await self._watch.handed_in()
            found.extend([] if attempt_id is None else [attempt_id])
            return bool(found)

        await self._until(is_there, "the provider has it, and its order is done with")
        return found[0]

    async def _day(self, day: int) -> None:
        """Others are asked, services restart in the middle of their work, all of them end; now and then the workers die."""
        scene, share = self._scene, self._jobs * day // DAYS - len(self._asked)
        self._asked += await scene.ask(OTHER, share)
        self._simulated += await scene.ask(SIMULATED)
        for name, how in RESTARTS[len(RESTARTS) * (day - 1) // DAYS : len(RESTARTS) * day // DAYS]:
            await scene.services.kill(name, how)
            await scene.services.restart(name)
            self._restarts[name] += 1
        await self._all_ended(self._asked + self._simulated, f"the jobs of day {day} end")
        if day in KILLING:
            self._killed += scene.kill_workers()
        left_s = (DAYS - day) * DAY_S + DAY_S / 2
        await scene.desk.queue(left_s)
        await self._until(
            lambda: self._watch.has_heard(left_s), f"what the provider says on day {day} is in the ledger"
        )
        if day in KILLING:
            await self._until(lambda: self._has_said(left_s), f"a sign of life tells of day {day}")
        self._say(f"Day {day}: {len(self._asked)} jobs have passed, {self._restarts.total()} restarts.")

    async def _has_said(self, left_s: float) -> bool:
        return any(abs(wait_s - left_s) < DAY_S / 2 for wait_s in await self._told())

    async def _told(self) -> list[float]:
        """How long the signs of life of the job said that it may take."""
        (events,) = (await self._scene.store.load([self._job_id])).values()
        told = [orjson.loads(event.data).get("wait_s") for event in events if event.type == "ExecutionProgressed"]
        return [wait_s for wait_s in told if wait_s is not None]

    async def _all_ended(self, job_ids: list[UUID], what: str) -> None:
        ended = 0

        async def have_all() -> bool:
            nonlocal ended
            ended = await self._scene.ended(job_ids)
            return ended == len(job_ids)

        await self._until(have_all, what, lambda: ended)

    async def _until(
        self, holds: Callable[[], Awaitable[bool]], what: str, moved: Callable[[], int] = lambda: 0
    ) -> None:
        """`moved`: how far it has come. Raises WeekFailed where that stays the same for too long."""
        clock = self._scene.clock
        far, since_s = moved(), clock.monotonic_s()
        while not await holds():
            if moved() != far:
                far, since_s = moved(), clock.monotonic_s()
            elif clock.monotonic_s() - since_s > PATIENCE_S:
                raise WeekFailed(f"Nothing has moved for {PATIENCE_S:g} s (so far: {far}): {what}.")
            await clock.sleep(LOOK_S)

    async def _look(self, job_id: UUID, *, early: bool, passed: int, simulated: int) -> Seen:
        stack = self._scene.stack
        async with AsyncExitStack() as opened:
            scan = await opened.enter_async_context(opened_scan(PostgresSettings(stack.postgres)))
            records = await opened.enter_async_context(opened_records(stack.access(), ""))
            seen = await observe(records)
            bounds = Bounds(grace_s=GRACE_S)
            verified = await Verification(scan, records, self._scene.clock, bounds, on_progress=lambda _: None).run(
                Selection()
            )
        (events,) = (await self._scene.store.load([job_id])).values()
        others = self._asked + self._simulated
        return Seen(
            asked=len(others),
            ends=tuple(_ends(seen, other) for other in others),
            passed=passed + simulated,
            own_ends=_ends(seen, job_id),
            ended_early=early,
            story=Counter(event.type for event in events),
            waits_s=tuple(await self._told()),
            accepted=await self._scene.desk.accepted(),
            looks=tuple(self._watch.looks),
            restarts=self._restarts,
            services=SERVICES,
            workers_killed=self._killed,
            simulated=simulated,
            findings=tuple(f"{each['check']}: {each['meaning']}" for each in verified.document()["findings"]),
            letters=tuple(seen.letters),
        )


def _ends(seen: Observed, job_id: UUID) -> tuple[str, ...]:
    return tuple(end.name for end in seen.ends[job_id].values()) if job_id in seen.ends else ()
