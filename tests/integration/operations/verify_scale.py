"""`python -m tests.integration.operations.verify_scale`: verifies a large store beside its topics, as an operator does.

Jobs are told as the control plane tells them, and published by its relay. Then `queuebit ops verify`, as a process with its own
parallelism, must be quiet within the bar; and of corruptions that are planted after that, each must be found.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import uvloop

from queuebit_devstack.stack import Stack
from queuebit_operations.exit_codes import FOUND
from queuebit_operations.projections.running import keep_running
from queuebit_runtime.clock import SystemClock
from tests.fakes.histories import a_job_id, cancelled, tell_jobs
from tests.integration.operations.corruptions import ENDED_JOBS, Expected, found_by, plant_all
from tests.integration.operations.scale import QUEUEBIT, Say, env_of, on_servers_of_its_own, say_line, world_of
from tests.integration.operations.world import World

BAR_S = 60.0
"""For a million events."""
NAMESPACE = "verify_scale"
FIRST = 10_000
"""The numbers before belong to the corruptions."""
BATCH_JOBS = 500
EVENTS_A_JOB = 7
CANCELLED_EVERY = 10
"""So many batches come between two of which all jobs are withdrawn."""
BYTES_AN_EVENT = 6000
"""What an event takes on the disk: in the store, on its topics, and in the log of the server."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of it: how long the quiet run took, what it said, and which planted corruptions were not found."""

    events: int
    took_s: float
    quiet: Mapping[str, Any]
    planted: Mapping[str, Expected]
    missed: Mapping[str, Expected]

    @property
    def holds(self) -> bool:
        return self.quiet["ok"] and self.took_s <= BAR_S and not self.missed


async def prove(stack: Stack, events: int, say: Say) -> Proof:
    """Make the store, verify it, spoil it, verify it again."""
    async with world_of(stack, NAMESPACE) as world:
        ended = await tell_jobs(world.store, range(ENDED_JOBS))
        told = await _fill(world, events - ENDED_JOBS * EVENTS_A_JOB, say) + ENDED_JOBS * EVENTS_A_JOB
        began_s = time.perf_counter()
        await world.relay()
        say(f"published, {told / (time.perf_counter() - began_s):,.0f} events a second")
        began_s = time.perf_counter()
        await keep_running(world.store, SystemClock(), holder="verify-scale", once=True)
        say(f"projected, {told / (time.perf_counter() - began_s):,.0f} events a second")
        await world.admin.execute("ANALYZE")
        began_s, used_s = time.perf_counter(), _processor_s()
        quiet = await _verify(stack)
        took_s, used_s = time.perf_counter() - began_s, _processor_s() - used_s
        say(
            f"verified in {took_s:.1f} s, {used_s:.1f} s of processors: {quiet['checked']}, {len(quiet['findings'])} findings"
        )
        began_s = time.perf_counter()
        planted = await plant_all(world, ended)
        planted_s = time.perf_counter() - began_s
        found = found_by(await _verify(stack))
        again_s = time.perf_counter() - began_s - planted_s
    missed = {name: expected for name, expected in planted.items() if expected not in found}
    say(
        f"{len(planted) - len(missed)} of {len(planted)} planted corruptions found: all planted in {planted_s:.1f} s, "
        f"then verified once in {again_s:.1f} s"
    )
    return Proof(told, took_s, quiet, planted, missed)


async def _fill(world: World, events: int, say: Say) -> int:
    """Tell jobs of so many events or a few more: most are answered, some are withdrawn; how many they were."""
    told, batch, began_s, said_s = 0, 0, time.perf_counter(), 0.0
    while told < events:
        first = FIRST + batch * BATCH_JOBS
        numbers = range(first, first + min(BATCH_JOBS, -(-(events - told) // EVENTS_A_JOB)))
        then = cancelled(a_job_id(first)) if batch % CANCELLED_EVERY == CANCELLED_EVERY - 1 else None
        job_ids = await tell_jobs(world.store, numbers, then=then)
        told += await _count(world, job_ids)
        batch += 1
        took_s = time.perf_counter() - began_s
        if took_s - said_s >= 5 or told >= events:
            said_s = took_s
            say(f"{told:,} of {events:,} events, {told / took_s:,.0f} a second")
    return told


async def _count(world: World, job_ids: Sequence[UUID]) -> int:
    counted = await world.admin.fetchval("SELECT sum(version) FROM stream WHERE stream_id = ANY ($1)", job_ids)
    return int(counted)


async def _verify(stack: Stack) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        QUEUEBIT, "ops", "verify", "--json", "--events-max", "2000000",
        env=env_of(stack, NAMESPACE),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode in (0, FOUND), f"verify ended with {process.returncode}"
    document: dict[str, Any] = json.loads(said)
    return document


def _processor_s() -> float:
    """What processes that have ended used: a busy machine makes it no longer."""
    used = os.times()
    return used.children_user + used.children_system


async def run(events: int, say: Say) -> bool:
    """Whether it holds."""

    async def measured(stack: Stack) -> bool:
        proof = await prove(stack, events, say)
        for finding in proof.quiet["findings"]:
            say(f"found where all holds: {finding['check']}, {finding['count']} times: {finding['examples'][:2]}")
        for name, (check, subject) in proof.missed.items():
            say(f"not found: {name} ({check} of {subject})")
        say(f"{proof.events:,} events verified in {proof.took_s:.1f} s (bar: {BAR_S:.0f} s for a million)")
        return proof.holds

    return await on_servers_of_its_own("events", events, BYTES_AN_EVENT, say, measured)


def main(argv: Sequence[str]) -> int:
    """Exit 0 where the bar holds and everything planted is found."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.operations.verify_scale", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="of the store (default: %(default)s)")
    arguments = parser.parse_args(argv)
    return 0 if uvloop.run(run(arguments.events, say_line)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
