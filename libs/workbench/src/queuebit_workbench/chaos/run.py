"""A run: load and faults until the time is over, then quiet, then everything is looked at."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_devstack.errors import DevstackError
from queuebit_devstack.supervise import is_ready
from queuebit_operations.records.kafka import opened_records
from queuebit_operations.scan.port import Selection
from queuebit_operations.scan.postgres import opened_scan
from queuebit_operations.verification.verify import Bounds, Verification
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.chaos.arena import Arena, opened_arena
from queuebit_workbench.chaos.errors import ChaosFailed
from queuebit_workbench.chaos.happenings import HAPPEN
from queuebit_workbench.chaos.judge import Happened, Judgement, Least, explained, judge
from queuebit_workbench.chaos.load import Load
from queuebit_workbench.chaos.observed import observe
from queuebit_workbench.chaos.plan import LAST, Fault, Step, steps
from queuebit_workbench.chaos.restoring import restore
from queuebit_workbench.chaos.witnessing import Testimony, opened_witnesses

Say = Callable[[str], None]
FAULT_S = 420.0
"""No fault lasts longer, recovery of servers included."""
TOOLS_FAIL_BY = (ChaosFailed, DevstackError, KafkaError, asyncpg.PostgresError, OSError)
"""What a fault ends with that could not be made, or from which something did not come back in time."""
SETTLE_S = 480.0
"""What was lost with its work order is noticed after five minutes and the budget of its leg."""
GRACE_S = 600.0
POLL_S = 1.0
LEAST_A_MINUTE = 60
ALLOWED_AFTER_RESTORE = {
    "kafka_ahead": "Kafka holds what the store lost",
    "not_committed": "Kafka holds what the store lost",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is made of."""

    seed: int
    minutes: float
    faults: tuple[Fault, ...]
    control_planes: int = 2
    interval_s: float = 0.25


@dataclass
class Run:
    """What a run came to."""

    settings: Settings
    happened: list[Happened] = field(default_factory=list)
    judgement: Judgement = field(default_factory=Judgement)
    verified: list[dict[str, Any]] = field(default_factory=list)
    ends_of_services: Counter[str] = field(default_factory=Counter)
    counts: dict[str, int] = field(default_factory=dict)
    testimony: Testimony = field(default_factory=Testimony)
    stopped: str | None = None
    """Why nothing more was broken, where that was before its time."""


async def run_chaos(folder: Path, settings: Settings, clock: Clock, say: Say) -> Run:
    """Run it on fresh servers in `folder`, which is removed with them. Raises ChaosFailed and what the stack raises."""
    say("Starting three brokers, PostgreSQL and the services …")
    async with opened_arena(folder, clock, control_planes=settings.control_planes) as arena:
        return await _Chaos(arena, settings, clock, say).run()


class _Chaos:
    def __init__(self, arena: Arena, settings: Settings, clock: Clock, say: Say) -> None:
        self._arena = arena
        self._settings = settings
        self._clock = clock
        self._say = say
        self._run = Run(settings)
        self._load = Load(arena.producer, arena.client, clock, settings.seed, settings.interval_s)
        self._restored_at: datetime | None = None

    async def run(self) -> Run:
        watching = asyncio.create_task(self._watch())
        try:
            async with opened_witnesses(self._arena.stack, self._settings.seed) as witnesses:
                await self._under_load()
                self._run.testimony = await witnesses.hear()
            if LAST in self._settings.faults:
                await self._restore()
            await self._look()
        finally:
            await end_task(watching)
        return self._run

    async def _under_load(self) -> None:
        """Everything but the last, until all of it has come to its end."""
        stop = asyncio.Event()
        loading = asyncio.create_task(self._load.run(stop))
        try:
            await self._break_until_one_fails()
            stop.set()
            await self._settle(loading)
            await self._verify()
        finally:
            await end_task(loading)

    async def _break_until_one_fails(self) -> None:
        """What was broken until then is judged all the same: a fault of a tool hides no fault of ours."""
        try:
            await self._break()
        except TOOLS_FAIL_BY as error:
            self._run.stopped = f"The run was cut short: {error!r}"
            self._say(self._run.stopped)

    async def _break(self) -> None:
        """Each chosen fault once, however long that takes; then more until the time is over."""
        until_s = self._clock.monotonic_s() + self._settings.minutes * 60
        wanted = set(self._settings.faults) - {LAST}
        for step in steps(self._settings.seed, self._settings.faults):
            if not wanted and self._clock.monotonic_s() > until_s:
                return
            wanted.discard(step.fault)
            await asyncio.sleep(step.pause_s)
            await self._step(step)
        await asyncio.sleep(max(0.0, until_s - self._clock.monotonic_s()))

    async def _step(self, step: Step) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._happen(step.fault, random.Random(step.seed)))
                if step.beside is not None:
                    group.create_task(self._happen(step.beside, random.Random(step.seed + 1)))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _acknowledged(self, loading: asyncio.Task[None]) -> None:
        """What was begun to be asked is acknowledged in the end. Raises ChaosFailed."""
        try:
            async with asyncio.timeout(SETTLE_S):
                await loading
        except TimeoutError as error:
            raise ChaosFailed(f"What was asked is not acknowledged within {SETTLE_S:g} s of quiet.") from error

    async def _happen(self, fault: Fault, chance: random.Random) -> None:
        began_at = self._clock.now()
        try:
            async with asyncio.timeout(FAULT_S):
                did = await HAPPEN[fault](self._arena, chance)
        except TimeoutError as error:
            raise ChaosFailed(f"{fault} did not end within {FAULT_S:g} s.") from error
        self._note(Happened(fault, did.detail, did.count, began_at, self._clock.now(), did.marks))

    def _note(self, each: Happened) -> None:
        self._run.happened.append(each)
        took_s = (each.ended_at - each.began_at).total_seconds()
        self._say(
            f"{len(self._run.happened):>4} {each.fault}: {each.detail} ({took_s:.1f} s, {len(self._load.asked)} asked)"
        )

    async def _restore(self) -> None:
        """Under load of its own, after everything before it was found to be whole."""
        stop = asyncio.Event()
        loading = asyncio.create_task(self._load.run(stop))
        began_at = self._clock.now()
        try:
            did, self._restored_at = await restore(self._arena, random.Random(self._settings.seed))
            self._note(Happened(LAST, did.detail, did.count, began_at, self._clock.now()))
            stop.set()
            await self._settle(loading)
            await self._verify(ALLOWED_AFTER_RESTORE)
        finally:
            await end_task(loading)

    async def _settle(self, loading: asyncio.Task[None]) -> None:
        """Nothing breaks any more: what was asked is acknowledged, and all of it ends."""
        self._say("Quiet: everything must come to its end …")
        until_s = self._clock.monotonic_s() + SETTLE_S
        await self._acknowledged(loading)
        await self._all_ready(until_s)
        async with await PostgresStore.open(PostgresSettings(self._arena.stack.postgres)) as store:
            while True:
                states = await _states(store)
                still = sum(count for state, count in states.items() if state not in TERMINAL_STATES)
                missing = len(self._load.asked) - states.total()
                if (missing <= 0 and not still) or self._clock.monotonic_s() > until_s:
                    break
                await self._clock.sleep(POLL_S)
        self._say(f"     {dict(states)}")

    async def _all_ready(self, until_s: float) -> None:
        """The supervisor starts again what has just been killed. Raises ChaosFailed."""
        services = self._arena.services
        for name in self._arena.crew:
            while not await is_ready(services.health_port(name)):
                if self._clock.monotonic_s() > until_s:
                    raise ChaosFailed(f"{name} does not come back: {services.last_lines(name)}")
                await self._clock.sleep(POLL_S)

    async def _verify(self, allowed: dict[str, str] | None = None) -> None:
        """What `queuebit ops verify` says of the store and of Kafka."""
        stack = self._arena.stack
        async with AsyncExitStack() as opened:
            scan = await opened.enter_async_context(opened_scan(PostgresSettings(stack.postgres)))
            records = await opened.enter_async_context(opened_records(stack.access(), ""))
            verification = Verification(scan, records, self._clock, Bounds(grace_s=GRACE_S), on_progress=lambda _: None)
            document = (await verification.run(Selection())).document()
        self._run.verified.append(document)
        self._run.judgement.violations += explained(document["findings"], allowed or {})

    async def _look(self) -> None:
        async with opened_records(self._arena.stack.access(), "") as records:
            seen = await observe(records)
        settings, before = self._settings, self._run.judgement.violations
        self._run.judgement = judge(
            self._load.asked,
            seen,
            self._run.happened,
            settings.faults,
            Least(int(LEAST_A_MINUTE * settings.minutes)),
            restored_at=self._restored_at,
        )
        self._run.judgement.violations[:0] = [*before, *self._run.testimony.violations]
        self._run.judgement.too_little += self._run.testimony.too_little
        self._run.judgement.too_little += [self._run.stopped] if self._run.stopped else []
        self._run.counts = {
            "asked": len(self._load.asked),
            "retries": self._load.retries,
            "cancels": self._load.cancels,
            "records": seen.records,
            "events published": len(seen.contents),
            "poison set aside": len(seen.marks),
            **self._run.testimony.counts,
        }

    async def _watch(self) -> None:
        """Count how services end, whoever ended them."""
        services, known = self._arena.services, set[int]()
        while True:
            for name in services.dead():
                if (pid := services.pid(name)) not in known:
                    known.add(pid)
                    self._run.ends_of_services[f"{name} ended with {services.exit_code(name)}"] += 1
            await self._clock.sleep(0.05)


async def _states(store: PostgresStore) -> Counter[str]:
    states: Counter[str] = Counter()
    after = None
    while page := await store.walk_heads(after, limit=5000):
        states.update(row.head.state for row in page)
        after = page[-1].stream_id
    return states
