"""Keeps workers alive by forking new ones from a process that has everything loaded, and kills some of them by the clock.

Called with one JSON document; it ends when a worker finds that nothing is left, and prints how many died, and where.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from uuid import UUID

from queuebit_runtime.clock import SystemClock
from queuebit_store.postgres import PostgresSettings
from queuebit_workbench.clouds.crashes.clients import CLIENTS, Name
from queuebit_workbench.clouds.crashes.ways import Way
from queuebit_workbench.clouds.crashes.worker import CANCEL, Fate, work

LOOK_S = 0.02
FAILED_MAX = 50
"""So many workers that end with an error are no accident any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to how many workers. `kill_every_s`: how often one is killed by the clock, on average."""

    postgres: str
    namespace: str
    client: Name
    way: Way
    seed: int
    workers: int
    kill: float
    pause: float
    kill_every_s: float
    deadline_s: float
    unwanted: dict[str, str]
    """The keys that nobody wants any more from a place on, in hexadecimal."""

    def told(self) -> str:
        return json.dumps(asdict(self))


@dataclass(slots=True)
class Deaths:
    """How the workers ended. `at`: how many were killed at which place; the others were killed by the clock. `cancels`: where
    somebody wanted how many submissions cancelled.
    """

    killed: int = 0
    failed: int = 0
    ended: int = 0
    at: dict[str, int] = field(default_factory=dict)
    cancels: dict[str, int] = field(default_factory=dict)


def tend(plan: Plan) -> Deaths:
    """Keep the workers going until one finds that nothing is left."""
    importlib.import_module(CLIENTS[plan.client].provider.partition(":")[0])  # once, for all that are forked
    chance, clock, deaths = random.Random(plan.seed), SystemClock(), Deaths()
    begun_s, born = clock.monotonic_s(), 0
    next_kill_s = begun_s + chance.expovariate(1 / plan.kill_every_s)
    alive: set[int] = set()
    with tempfile.TemporaryFile() as grave:
        while not deaths.ended and deaths.failed < FAILED_MAX and clock.monotonic_s() - begun_s < plan.deadline_s:
            while len(alive) < plan.workers:
                born += 1
                alive.add(_forked(plan, born, grave.fileno()))
            if clock.monotonic_s() >= next_kill_s:
                os.kill(chance.choice(sorted(alive)), signal.SIGKILL)
                next_kill_s += chance.expovariate(1 / plan.kill_every_s)
            _reap(alive, deaths)
            time.sleep(LOOK_S)
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        grave.seek(0)
        told = Counter(grave.read().decode().splitlines())
        deaths.at = {place: told[place] for place in sorted(told) if not place.startswith(CANCEL)}
        deaths.cancels = {place.removeprefix(CANCEL): told[place] for place in sorted(told) if place.startswith(CANCEL)}
    return deaths


def _forked(plan: Plan, number: int, grave: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        settings, seed = PostgresSettings(plan.postgres, namespace=plan.namespace), plan.seed * 100_003 + number
        fate = Fate(plan.kill, plan.pause, {UUID(key): place for key, place in plan.unwanted.items()})
        work(settings, CLIENTS[plan.client], plan.way, seed, fate, grave)
        code = 0
    finally:
        os._exit(code)


def _reap(alive: set[int], deaths: Deaths) -> None:
    for pid in tuple(alive):
        found, status = os.waitpid(pid, os.WNOHANG)
        if not found:
            continue
        alive.discard(pid)
        if os.WIFSIGNALED(status):
            deaths.killed += 1
        elif os.WEXITSTATUS(status):
            deaths.failed += 1
        else:
            deaths.ended += 1


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(tend(Plan(**json.loads(sys.argv[1]))))) + "\n")
