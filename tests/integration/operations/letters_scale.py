"""`python -m tests.integration.operations.letters_scale`: what very many dead letters of a group cost whoever looks at them.

They are written as a group writes them, two a job. Then each verb runs as a process of its own, and a reader of the group
starts: each must be right, and stay within bounds of time and memory that hold for a million.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop

from queuebit_contracts.channels import EXECUTIONS
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.errors import InvalidData
from queuebit_contracts.events import JobStarted
from queuebit_devstack.stack import Stack
from queuebit_operations.connections.bus import kafka_access, namespace_of
from queuebit_operations.exit_codes import FOUND
from queuebit_runtime.bus.dead_letters.burial import DeadLetters, hear_dead_letters
from queuebit_runtime.bus.dead_letters.letter import Origin, dead_letter_of, parked
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.port import Outgoing, Record
from queuebit_runtime.clock import SystemClock
from tests.builders import NOW
from tests.integration.operations.scale import QUEUEBIT, Say, env_of, on_servers_of_its_own, say_line, world_of
from tests.integration.operations.world import World

GROUP = "control-plane"
NAMESPACE = "letters_scale"
TENANTS = 20
WAYS = 3
"""So many fingerprints there are, beside that of what waits behind another."""
BATCH = 2000
BYTES_A_LETTER = 6000
"""What one takes on the disk, with its share of the copies."""
SENT = 400
TIME_BAR_S, START_BAR_S, MEMORY_BAR_MB = 120.0, 15.0, 512.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process took and said."""

    name: str
    took_s: float
    used_s: float
    """Of processors: a busy machine makes it no longer."""
    memory_mb: float
    out: str
    time_bar_s: float

    @property
    def holds(self) -> bool:
        return self.took_s <= self.time_bar_s and self.memory_mb <= MEMORY_BAR_MB


async def prove(stack: Stack, letters: int, say: Say) -> bool:
    """Write the letters, then look at them by each verb."""
    async with world_of(stack, NAMESPACE) as world:
        await _fill(world, letters, say)
        env = env_of(stack, NAMESPACE)
        taken: list[Taken] = []

        async def run(name: str, command: Sequence[str], bar_s: float = TIME_BAR_S) -> Any:
            each = await asyncio.to_thread(_measured, name, command, env, bar_s)
            say(
                f"{each.name}: {each.took_s:.1f} s, {each.used_s:.1f} s of processors, {each.memory_mb:.0f} MB"
                + ("" if each.holds else ": TOO MUCH")
            )
            taken.append(each)
            return json.loads(each.out) if each.out else None

        async def ops(*words: str) -> Any:
            group = () if words[0] == "show" else ("--group", GROUP)
            return await run(" ".join(words[:2]), [QUEUEBIT, "ops", "dlq", *words[:1], *group, *words[1:], "--json"])

        module = "tests.integration.operations.letters_scale"
        start = await run("start of a reader", [sys.executable, "-m", module, "--start"], START_BAR_S)
        said = await ops("groups")
        listed = await ops("list", "--limit", "10")
        shown = await ops("show", f"{GROUP}:{listed['letters'][0]['id'].rpartition(':')[2]}")
        frozen = await ops("redrive", "--rate", "1000")
        acting = ("--apply", "--reason", "mended", "--limit", str(SENT))
        sent = await ops(
            "redrive", "--tenant", "t1", "--rate", "200", "--settle-s", "1", "--failures-max", "100000", *acting
        )
        dropped = await ops("drop", "--tenant", "t2", *acting)
        left = await ops("list", "--limit", "1")
    right = {
        "a reader knows all that is open": start["open"] == letters,
        "groups counts them all": sum(each["open"] for each in said["groups"]) == letters,
        "groups tells the ways apart": len(said["groups"]) == WAYS + 1,
        "list counts them all": listed["total"] == letters,
        "show finds one": shown["id"] == listed["letters"][0]["id"],
        "redrive freezes them all": frozen["targets"] == letters,
        "redrive sends so many": sent["outcomes"].get("redriven") == SENT,
        "drop settles so many": dropped["outcomes"].get("dropped") == SENT,
        "the others are left": left["total"] == letters - 2 * SENT,
    }
    for name, holds in right.items():
        if not holds:
            say(f"does not hold: {name}")
    return all(right.values()) and all(each.holds for each in taken)


@asynccontextmanager
async def _reading(settings: KafkaSettings) -> AsyncIterator[tuple[KafkaBus, DeadLetters]]:
    bus = KafkaBus(settings)
    letters = DeadLetters(bus, group=GROUP, consumer="control-plane", clock=SystemClock())
    hear_dead_letters(bus, [letters], GROUP)
    await bus.start()
    try:
        yield bus, letters
    finally:
        await bus.stop(0)


async def _fill(world: World, letters: int, say: Say) -> None:
    """Write so many, beside a reader that keeps copies of what is open, as those who set records aside do."""
    began_s, said_s = time.perf_counter(), 0.0
    async with _reading(KafkaSettings(world.stack.access(), namespace=NAMESPACE)) as (bus, reader):
        await reader.wait_known()
        reader.total = 1
        for first in range(0, letters, BATCH):
            after = min(first + BATCH, letters)
            await bus.publish([_letter(number) for number in range(first, after)])
            took_s = time.perf_counter() - began_s
            if took_s - said_s >= 5 or after == letters:
                said_s = took_s
                say(f"{after:,} of {letters:,} letters, {after / took_s:,.0f} a second")


def _letter(number: int) -> Outgoing:
    """Each second one waits behind that before it, of the same job."""
    job, first = number // 2, number % 2 == 0
    job_id = UUID(int=job)
    data = JobStarted(attempt_id=UUID(int=number), leg="classical", worker="w", started_at=NOW)
    envelope = Envelope(UUID(int=number), "/test", str(job_id), NOW, data, f"t{job % TENANTS}")
    record = Record(
        EXECUTIONS, 0, number, str(job_id).encode(), encode_data(data)[:-1], tuple(encode_headers(envelope)), 1
    )
    if not first:
        return parked(record, Origin(EXECUTIONS, 0, number - 1), "control-plane", GROUP, NOW)
    error = _WAYS[job % WAYS]("The data cannot be read.", remedy="Write JSON.")
    return dead_letter_of(record, error, "control-plane", GROUP, NOW)


_WAYS = [type(f"Invalid{name}", (InvalidData,), {}) for name in ("Data", "Field", "Number")]


def _measured(name: str, command: Sequence[str], env: dict[str, str], bar_s: float) -> Taken:
    with tempfile.TemporaryFile() as out:
        began_s = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out)
        highest = 0.0
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            highest = max(highest, _peak_mb(process.pid))
            time.sleep(0.05)
        took_s = time.perf_counter() - began_s
        out.seek(0)
        said = out.read().decode()
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    assert process.returncode in (0, FOUND), f"{name} ended with {process.returncode}: {said[:500]}"
    return Taken(name, took_s, ended[2].ru_utime + ended[2].ru_stime, highest, said, bar_s)


def _peak_mb(pid: int) -> float:
    """The most that it ever held."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


async def _start() -> None:
    """A reader of the group starts in this process: when it knows what waits, and how much is open."""
    began_s = time.perf_counter()
    settings = KafkaSettings(kafka_access(os.environ), namespace=namespace_of(os.environ))
    async with _reading(settings) as (_, letters):
        await letters.wait_known()
        known_s = time.perf_counter() - began_s
    sys.stdout.write(json.dumps({"known_s": known_s, "open": letters.open}))


async def run(letters: int, say: Say) -> bool:
    """Whether it holds."""
    return await on_servers_of_its_own(
        "letters", letters, BYTES_A_LETTER, say, lambda stack: prove(stack, letters, say)
    )


def main(argv: Sequence[str]) -> int:
    """Exit 0 where all is right and the bars hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.operations.letters_scale", description=__doc__)
    parser.add_argument("--letters", type=int, default=1_000_000, help="of the group (default: %(default)s)")
    parser.add_argument("--start", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.start:
        uvloop.run(_start())
        return 0
    return 0 if uvloop.run(run(arguments.letters, say_line)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
