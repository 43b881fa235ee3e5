"""The faults of a run, each with its numbers drawn from its seed. Each says what it did, and how often."""

from __future__ import annotations

import asyncio
import random
import re
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from queuebit_contracts import channels
from queuebit_contracts.jobs import TIERS
from queuebit_workbench.chaos.arena import SPARE, Arena
from queuebit_workbench.chaos.errors import ChaosFailed
from queuebit_workbench.chaos.plan import Fault
from queuebit_workbench.faults import brokers, database, groups, poison, services

STORMY: Mapping[str, tuple[str, ...]] = {
    "control-plane": (channels.EXECUTIONS, channels.VALIDATIONS, channels.SUBMITTED),
    "result-validation": (channels.EXECUTIONS,),
    "classical-solver.interactive": (channels.queued("classical", "interactive"),),
}
HOUR = timedelta(hours=1)
TOLD_WITHIN_S = 60.0
"""Whoever comes back joins its group first, which takes long where everything is busy."""
_GONE = re.compile(r"(\d+) records of \S+ are gone before group")
EATEN = tuple((channels.queued("classical", tier), f"classical-solver.{tier}") for tier in TIERS[:2])


@dataclass(frozen=True, slots=True)
class Did:
    """What was done: for people, and how many times something broke."""

    detail: str
    count: int = 1
    marks: tuple[str, ...] = ()
    """Of the poison that was put."""


Happen = Callable[[Arena, random.Random], Awaitable[Did]]


async def kill_service(arena: Arena, chance: random.Random) -> Did:
    name = chance.choice(arena.crew)
    if not arena.services.is_alive(name):
        return _down(arena, name)
    await arena.services.kill(name)
    return Did(name)


async def freeze_service(arena: Arena, chance: random.Random) -> Did:
    """For longer than a lease lasts, now and then for longer than a member may be silent."""
    name, for_s = chance.choice(arena.crew), chance.choice((2.0, 4.0, 8.0))
    if not arena.services.is_alive(name):
        return _down(arena, name)
    await services.freeze_service(arena.services, name, for_s)
    return Did(f"{name} for {for_s:g} s")


def _down(arena: Arena, name: str) -> Did:
    """Nothing to do; how it had ended says whether anything of the run did that."""
    return Did(f"{name} was down already, ended with {arena.services.exit_code(name)}", 0)


async def restart_database(arena: Arena, chance: random.Random) -> Did:
    ending: database.Ending = chance.choice(get_args(database.Ending))
    await database.restart_database(arena.stack, ending)
    return Did(ending)


async def database_outage(arena: Arena, chance: random.Random) -> Did:
    away_s = chance.uniform(4.0, 10.0)
    await database.restart_database(arena.stack, "immediate", away_s)
    return Did(f"{away_s:.1f} s")


async def cut_sessions(arena: Arena, chance: random.Random) -> Did:
    """A second long, again and again."""
    cut = 0
    for _ in range(chance.randrange(5, 15)):
        cut += await database.cut_sessions(arena.stack)
        await asyncio.sleep(0.1)
    return Did(f"{cut} sessions", cut)


async def kill_broker(arena: Arena, chance: random.Random) -> Did:
    """Long enough for its partitions to be led by others."""
    broker, away_s = _broker(chance), chance.uniform(8.0, 11.0)
    before = await brokers.leaders(arena.stack, [each.topic for each in channels.CHANNELS])
    await brokers.kill_broker(arena.stack, broker, away_s)
    return Did(f"{broker} for {away_s:.1f} s, {await _moved(arena, before)} leaders moved")


async def freeze_broker(arena: Arena, chance: random.Random) -> Did:
    broker, for_s = _broker(chance), chance.uniform(7.0, 10.0)
    before = await brokers.leaders(arena.stack, [each.topic for each in channels.CHANNELS])
    await brokers.freeze_broker(arena.stack, broker, for_s)
    return Did(f"{broker} for {for_s:.1f} s, {await _moved(arena, before)} leaders moved")


async def rebalance_storm(arena: Arena, chance: random.Random) -> Did:
    """Strangers that take partitions and leave, and workers of ours that come and go beside them."""
    group = chance.choice(sorted(STORMY))
    came, _ = await asyncio.gather(
        groups.storm(arena.stack, group, STORMY[group], chance.randrange(5, 9), chance), _spare_comes_and_goes(arena)
    )
    return Did(f"{group}, {came} strangers, {len(SPARE)} of ours", came)


async def _spare_comes_and_goes(arena: Arena) -> None:
    for name in SPARE:
        if not arena.services.is_alive(name):
            arena.services.launch(name)
    for name in SPARE:
        await arena.services.wait_ready(name)
    await asyncio.sleep(1.0)
    for name in SPARE:
        await arena.services.kill(name, signal.SIGTERM)


async def put_poison(arena: Arena, chance: random.Random) -> Did:
    marks = [
        mark for topic in poison.READ_BY for mark in await poison.put_poison(arena.admin, arena.clock, topic, chance)
    ]
    return Did(f"{len(marks)} records on {len(poison.READ_BY)} topics", len(marks), tuple(marks))


async def clock_jump(arena: Arena, chance: random.Random) -> Did:
    """An hour ahead or back, and right again."""
    name, ahead = chance.choice(arena.crew), chance.choice((HOUR, -HOUR))
    services.set_clock(arena.stack.data_dir, name, ahead)
    await asyncio.sleep(chance.uniform(3.0, 6.0))
    services.set_clock(arena.stack.data_dir, name, timedelta(0))
    return Did(f"{name} by {ahead.total_seconds() / 3600:+g} h")


async def retention(arena: Arena, chance: random.Random) -> Did:
    """Work orders pile up while no solver runs, and are gone before one comes back."""
    workers = [name for name in arena.services.names if name.startswith("classical_solver") and name not in SPARE]
    gone = 0
    for _, group in EATEN:
        while not await brokers.has_read(arena.stack, group):
            await arena.clock.sleep(0.5)
    async with arena.without(workers):
        await asyncio.sleep(chance.uniform(3.0, 5.0))
        for topic, group in EATEN:
            gone += sum((await brokers.eat_unread(arena.stack, topic, group)).values())
    told = await _told_gone(arena, workers, gone) if gone else 0
    if told != gone:
        raise ChaosFailed(f"Retention took {gone} work orders that nobody had read; the log tells of {told}.")
    return Did(f"{gone} work orders, told", gone)


async def _told_gone(arena: Arena, names: Sequence[str], expected: int) -> int:
    """How many records the services say that they missed, once they have looked."""
    for name in names:
        await arena.services.wait_ready(name)
    until_s, told = arena.clock.monotonic_s() + TOLD_WITHIN_S, 0
    while told < expected and arena.clock.monotonic_s() < until_s:
        await arena.clock.sleep(0.25)
        texts = [arena.services.log(name).read_text(errors="replace") for name in names]
        told = sum(int(found) for text in texts for found in _GONE.findall(text))
    return told


def _broker(chance: random.Random) -> str:
    return f"kafka-{chance.randrange(1, 4)}"


async def _moved(arena: Arena, before: brokers.Leaders) -> int:
    after = await brokers.leaders(arena.stack, [each.topic for each in channels.CHANNELS])
    return sum(before[place] != leader for place, leader in after.items() if place in before)


HAPPEN: Mapping[Fault, Happen] = {
    "kill_service": kill_service,
    "freeze_service": freeze_service,
    "restart_database": restart_database,
    "database_outage": database_outage,
    "cut_sessions": cut_sessions,
    "kill_broker": kill_broker,
    "freeze_broker": freeze_broker,
    "rebalance_storm": rebalance_storm,
    "poison": put_poison,
    "clock_jump": clock_jump,
    "retention": retention,
}
"""All but the last, which ends a run."""
