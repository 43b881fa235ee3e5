"""One run: the five services on the memory ports, the plan and the faults of a seed, then calm until everything has ended."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import entry_points
from random import Random
from typing import assert_never
from unittest.mock import patch

from fastapi import FastAPI

from queuebit_contracts.channels import CONTROL, EXECUTIONS
from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_contracts.streams import PUBLISHED
from queuebit_control_plane.relay.large_path import LargePath
from queuebit_control_plane.relay.relay import CURSOR
from queuebit_gateway.http import app as gateway
from queuebit_gateway.http.parts import Parts
from queuebit_quantum_adapter.backends import discovery
from queuebit_runtime.bus.dead_letters import burial
from queuebit_runtime.errors import ShellError
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.processes.hops import directly
from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import MemoryStore
from queuebit_workbench.world import SERVICES, Ports, World
from tests.simulation.clients import Clients
from tests.simulation.faults import Fault, draw_faults, with_redrives
from tests.simulation.history import GROUPS, History, Start
from tests.simulation.operators import Operator
from tests.simulation.plan import LARGE_EVERY, draw_plan, size_of
from tests.simulation.policies import Policies
from tests.simulation.process import Killed, Process
from tests.simulation.sagas import with_sagas
from tests.simulation.virtual import SkewedClock, VirtualClock, run_virtual
from tests.simulation.weather import Chances, SimulatedPool, Weather, WeatheredBus

DRAIN_S = 120.0
LARGE_BYTES = (65_536, 900, 200)
"""How large events are that take the relay's path for large ones: none here, those that hold a problem, and most."""
COPIED_EVERY = (1, 3, 5_000)
"""After how many records the topics of dead letters get a copy of what is open: a start reads four times as many, and goes
farther back where there is none among them.
"""
CIRCUIT_SEEDS = 8 * LARGE_EVERY
"""One seed in so many runs real circuits, which take real time."""


def run_simulation(seed: int) -> History:
    """Run this seed to its end. The same seed gives the same history."""
    _forget_circuits()
    large = LARGE_BYTES[seed % len(LARGE_BYTES)]
    copied = _letters_copied_every(COPIED_EVERY[seed % len(COPIED_EVERY)])
    with _quiet() as errors, _machine_time_stands_still(), _large_from(large), _built_once(), copied:
        history = run_virtual(_Simulation(seed).run())
    history.errors.extend(errors)
    return history


class _Simulation:
    def __init__(self, seed: int) -> None:
        random = Random(f"simulation {seed}")
        circuits = random.randint(1, 3) if seed % CIRCUIT_SEEDS == 0 else 0
        size = size_of(seed)
        plan = with_sagas(Random(f"sagas {seed}"), draw_plan(random, size, circuits=circuits))
        faults = draw_faults(random, random.choice(size.faults), size.faults_s)
        faults = with_redrives(Random(f"redrives {seed}"), faults, size.faults_s)
        self._members = (*SERVICES, *random.choice(((), ("control-plane/2",), ("control-plane/2", "control-plane/3"))))
        self._random = Random(f"faults {seed}")
        self._clock = VirtualClock()
        self._clocks: dict[str, SkewedClock] = {}
        self._weather = Weather(self._clock, Random(f"weather {seed}"), Chances.drawn(random))
        self._pool = SimulatedPool(self._weather)
        self._world = World(
            self._clock,
            SeededIds(self._clock, seed),
            self._pool,
            seed=seed,
            hop=directly,
            ports=self._ports,
            poll_interval_s=0.05,
        )
        self._processes: dict[str, Process] = {}
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._history = History(seed, plan, faults, self._world.database, self._world.broker)
        self._world.database.cursors = self._history.cursors
        self._clients = Clients(self._world, self._weather, self._processes, self._history)
        self._policies = Policies(seed, self._world.database, self._clock)
        self._operator = Operator(self._world, self._clock, Random(f"operator {seed}"))

    async def run(self) -> History:
        await self._clients.prepare()
        await self._policies.activate()
        for member in self._members:
            await self._start(member)
        clients = [*self._clients.begin(), asyncio.create_task(self._policies.roll_back())]
        async with asyncio.timeout(self._history.plan.size.faults_s + DRAIN_S):
            await asyncio.gather(*(self._at(fault) for fault in self._history.faults))
        self._weather.calm()
        async with asyncio.timeout(DRAIN_S):
            await asyncio.gather(*clients)
        await self._drain()
        await self._clients.pry()
        for member in self._world.running:
            await self._stop(member)
        self._history.fired.update(self._weather.fired)
        self._history.took_s = self._clock.monotonic_s()
        return self._history

    def _ports(self, world: World, member: str) -> Ports:
        process = self._processes[member]
        clock = self._clocks.setdefault(member, SkewedClock(self._clock))
        clock.moving = process.moving
        store = MemoryStore(world.database, hooks=self._weather.hooks(process))
        return Ports(WeatheredBus(world.broker, self._weather, process), store, clock)

    async def _start(self, member: str) -> None:
        process = self._processes[member] = Process(member)
        if any(start.member == member for start in self._history.starts) and self._random.random() < 0.5:
            self._replay_to(member)
        before = [tuple(map(len, self._world.broker.log(topic))) for topic in (CONTROL, EXECUTIONS)]
        self._history.starts.append(Start(member, *before))
        try:
            await process.run(self._world.start(member))
        except Killed:
            return

    async def _kill(self, member: str) -> None:
        await self._processes[member].kill()
        if member in self._world.running:
            await self._world.crash(member)

    async def _stop(self, member: str) -> None:
        """What a dependency that is away raises at the end of a service is no fault of the service."""
        try:
            await self._processes[member].run(self._world.stop(member))
        except (Killed, StoreUnavailable, ShellError):
            return

    async def _at(self, fault: Fault) -> None:
        await self._clock.sleep(fault.at_s)
        await self._strike(fault)
        self._history.fired[fault.name] += 1

    async def _strike(self, fault: Fault) -> None:
        match fault.name:
            case "crash":
                async with self._busy[fault.member]:
                    await self._kill(fault.member)
                    await self._clock.sleep(fault.for_s)
                    await self._start(fault.member)
            case "stop":
                async with self._busy[fault.member]:
                    await self._stop(fault.member)
                    await self._clock.sleep(fault.for_s)
                    await self._start(fault.member)
            case "crash_while_starting":
                async with self._busy[fault.member]:
                    await self._kill(fault.member)
                    await self._kill_during(fault, self._start(fault.member))
                    await self._start(fault.member)
            case "crash_while_stopping":
                async with self._busy[fault.member]:
                    await self._kill_during(fault, self._stop(fault.member))
                    await self._start(fault.member)
            case "second_member_stops" | "second_member_crashes":
                await self._second_member(fault)
            case "rebalance_storm":
                await self._rebalance_storm(fault)
            case "all_restored":
                await self._restore_all(fault.for_s)
            case "lead_lost":
                self._lose_lead()
            case "leader_frozen":
                await self._freeze(self._leaders(), 1.0 + fault.for_s)
            case "member_frozen":
                await self._freeze([fault.member], 1.0 + fault.for_s)
            case "horizon_held":
                with self._world.database.open_transaction():
                    await self._clock.sleep(1.0 + fault.for_s)
            case "redelivery":
                self._redeliver()
            case "clock_jump":
                self._clock.offset_s += fault.size * 8.0
            case "skewed_clock":
                self._clocks[fault.member].skew_s = fault.size * 4.0
            case "store_outage":
                self._weather.store_down_until_s = self._clock.monotonic_s() + fault.for_s
            case "bus_outage":
                self._weather.bus_down_until_s = self._clock.monotonic_s() + fault.for_s
            case "operator_holds" | "operator_eases":
                await self._operator.hold_for(1.0 + fault.for_s, eases=fault.name == "operator_eases")
            case "operator_invalidates":
                await self._operator.invalidate(dies=fault.size > 0)
            case "operator_redrives":
                self._history.fired["letters_sent_again"] += await self._operator.redrive(fault.for_s)
            case _:
                assert_never(fault.name)

    async def _kill_during(self, fault: Fault, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        await self._clock.sleep(abs(fault.size) * 0.05)
        await self._kill(fault.member)
        await task

    async def _second_member(self, fault: Fault) -> None:
        """A second one of a service joins for a while, and then ends in one way or the other."""
        service = "control-plane" if fault.member == "gateway" else fault.member
        member = f"{service}/{2 + len(self._processes)}"
        await self._start(member)
        await self._clock.sleep(1.0 + fault.for_s)
        await (self._stop(member) if fault.name == "second_member_stops" else self._kill(member))

    async def _rebalance_storm(self, fault: Fault) -> None:
        """Members join and leave again before anybody has come to rest."""
        for _ in range(3):
            await self._second_member(replace(fault, for_s=-0.8))

    async def _restore_all(self, for_s: float) -> None:
        """Everything is stopped, the database is written out and read in again, which begins a new epoch, and all goes on. Who
        is about to stop or to start does so first: nobody has a session that outlives the restore.
        """
        locks = [self._busy[member] for member in self._members]
        for lock in locks:
            await lock.acquire()
        try:
            for member in self._world.running:
                await self._kill(member)
            while self._world.database.open_xids:
                await self._clock.sleep(0.01)
            self._world.database.new_epoch()
            await self._clock.sleep(for_s)
            for member in self._members:
                await self._start(member)
        finally:
            for lock in locks:
                lock.release()

    def _lose_lead(self) -> None:
        """The leader's time is over for the store, and it does not know it yet."""
        leases = self._world.database.leases
        leases.update({name: replace(row, expires_at_s=self._clock.monotonic_s()) for name, row in leases.items()})

    def _leaders(self) -> list[str]:
        return sorted({row.holder.rpartition("/")[0] for row in self._world.database.leases.values()})

    async def _freeze(self, members: Sequence[str], for_s: float) -> None:
        """They stop in the middle of what they do, and go on some time later, after another has taken the lead or not."""
        frozen = [self._processes[member] for member in members if member in self._processes]
        for process in frozen:
            process.freeze()
        await self._clock.sleep(for_s)
        for process in frozen:
            process.thaw()

    def _replay_to(self, member: str) -> None:
        """The groups of a service read all of their topics again."""
        for group, topic in GROUPS:
            if group.partition(".")[0] == member.partition("/")[0]:
                for partition in range(len(self._world.broker.log(topic))):
                    self._world.broker.redeliver(group, topic, partition, 0)

    def _redeliver(self) -> None:
        """Some group reads one of its partitions again from an earlier offset."""
        broker = self._world.broker
        group, topic = self._random.choice(GROUPS)
        for partition in range(len(broker.log(topic))):
            offset = self._random.randint(0, broker.committed(group, topic, partition))
            broker.redeliver(group, topic, partition, offset)

    async def _drain(self) -> None:
        """Wait until nothing is left to do, at most `DRAIN_S`."""
        deadline_s = self._clock.monotonic_s() + DRAIN_S
        while (left := self._left()) and self._clock.monotonic_s() < deadline_s:
            await self._clock.sleep(0.5)
        self._history.unfinished = left

    def _left(self) -> tuple[str, ...]:
        """What is not done yet."""
        database, broker = self._world.database, self._world.broker
        jobs = self._history.jobs().values()
        open_jobs = [row for row in jobs if row.head.state not in TERMINAL_STATES]
        lags = {f"{group} on {topic}": broker.lag(group, topic) for group, topic in GROUPS}
        ends = [log.events[-1].position for name, log in database.logs.items() if log.events and name in PUBLISHED]
        relayed = database.cursors.get(CURSOR) == max(ends) if ends else True
        return (
            *(f"job {row.stream_id} is {row.head.state}" for row in open_jobs),
            *(f"{name} lags by {lag}" for name, lag in lags.items() if lag),
            *([] if relayed else ["the relay has not reached the end"]),
            *([f"{len(database.timers)} timers wait"] if database.timers else []),
        )


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Warnings are expected by the hundred and not even made; errors are kept."""
    errors: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith("queuebit"):
                cause = record.exc_info[1] if record.exc_info else None
                errors.append(f"{record.name}: {record.getMessage()} {cause!r}")

    keep = Keep()
    logging.getLogger().addHandler(keep)
    logging.disable(logging.WARNING)
    try:
        yield errors
    finally:
        logging.disable(logging.NOTSET)
        logging.getLogger().removeHandler(keep)


@contextmanager
def _machine_time_stands_still() -> Iterator[None]:
    """What a worker reports as used is the same in every run."""
    with patch.multiple(time, perf_counter=_zero, process_time=_zero, thread_time=_zero):
        yield


@contextmanager
def _large_from(size: int) -> Iterator[None]:
    with patch.object(LargePath, "_is_large", lambda _, event: len(event.data) > size):
        yield


@contextmanager
def _letters_copied_every(count: int) -> Iterator[None]:
    with patch.multiple(burial, KEPT_EVERY=count, READ_LAST=(4 * count, 20 * count)):
        yield


@contextmanager
def _built_once() -> Iterator[None]:
    """What each start makes the same again, and what takes more time than a small run: the list of what is installed, and the
    routes of the gateway.
    """
    with (
        patch.object(discovery, "entry_points", _entry_points),
        patch.object(gateway, "create_api", _api_over),
        patch.dict(sys.modules, {"sniffio": None}),
    ):
        yield


_entry_points = cache(entry_points)
_api = cache(partial(gateway.create_api, None))


def _api_over(parts: Parts) -> FastAPI:
    api = _api()
    api.state.parts = parts
    return api


def _forget_circuits() -> None:
    """Nothing is left of the runs before: a template that is still known is told of in the provenance."""
    aer = sys.modules.get("queuebit_quantum_adapter.providers.aer.ideal")
    if aer is not None:
        aer.open_provider.cache_clear()


def _zero() -> float:
    return 0.0
