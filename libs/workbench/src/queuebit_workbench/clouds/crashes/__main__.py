"""`make provider-crash-matrix`: RUNS submissions through the unmodified client against the cloud on loopback, while processes
are killed and paused, answers are lost and the list lags. Afterwards the cloud is asked how many jobs it accepted for each.

Some are cancelled at every point of their way: what the ledger says to be cancelled is so at the cloud, and what was too late
is told. Exit 0: one each, nothing failed, in a long run somebody died at every step and cancels came at each, and the control
(which sends again without looking) shows duplicates. 1: otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import httpx2

from queuebit_devstack.stack import start_stack
from queuebit_quantum_adapter.submissions.codec import encode_request, hash_of
from queuebit_quantum_adapter.submissions.running import key_of
from queuebit_runtime.clock import SystemClock
from queuebit_store.connections.migrations import migrate
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.submissions.port import NewSubmission
from queuebit_workbench.clouds.crashes.cancels import HELD, PLACES, planned
from queuebit_workbench.clouds.crashes.clients import CLIENTS, Client
from queuebit_workbench.clouds.crashes.nursery import Plan
from queuebit_workbench.clouds.crashes.verdict import counted, fences_of, verdict
from queuebit_workbench.clouds.crashes.ways import OURS, Way

UNWANTED = 5
"""To so many submissions comes one that nobody wants any more."""


async def main(arguments: argparse.Namespace) -> int:
    client = CLIENTS[arguments.client]
    good = True
    with tempfile.TemporaryDirectory(prefix="queuebit-crashes-") as folder:
        async with await start_stack(Path(folder), kafka=False, remove=True) as stack:
            for way in client.ways:
                if arguments.way not in ("all", way):
                    continue
                runs = arguments.runs if way in OURS else min(arguments.runs, arguments.control_runs)
                told = await one_way(stack.postgres, client, way, runs, arguments)
                sys.stdout.write(json.dumps(told) + "\n")
                sys.stdout.flush()
                good = good and verdict(told)
    return 0 if good else 1


async def one_way(postgres: str, client: Client, way: Way, runs: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One ledger, one cloud, and processes that die; what became of it."""
    settings = PostgresSettings(postgres, namespace=f"crashes_{way}")
    await migrate(settings)
    unwanted = runs // UNWANTED if way in OURS else 0
    keys = [UUID(int=arguments.seed << 64 | number) for number in range(runs + unwanted)]
    chosen = random.Random(arguments.seed).sample(keys, unwanted)
    changed = planned([key_of(attempt_id, 0) for attempt_id in chosen])
    held = [key for key, place in changed.items() if place in HELD]
    clock = SystemClock()
    async with cloud(client) as env, await PostgresStore.open(settings) as store:
        for number, attempt_id in enumerate(keys):
            request = encode_request(client.request(number, number / len(keys)))
            key, backend = key_of(attempt_id, 0), client.backend
            new = NewSubmission(key, attempt_id, 0, backend, request, hash_of(request), attempt_id, patient=True)
            await store.intend(new)
            if changed.get(key) == PLACES[0]:
                await store.want_cancelled(attempt_id)
        url = f"{env[client.url].rstrip('/')}/_loopback"
        httpx2.put(url, json=client.orders(way, held), timeout=30).raise_for_status()
        plan = Plan(
            postgres,
            settings.namespace,
            arguments.client,
            way,
            arguments.seed,
            arguments.workers,
            kill=0.02,
            pause=0.03,
            kill_every_s=client.kill_every_s,
            deadline_s=arguments.deadline_s,
            unwanted={key.hex: place for key, place in changed.items()},
        )
        begun_s = clock.monotonic_s()
        deaths = await tended(plan, env)
        wall_s = clock.monotonic_s() - begun_s
        rows = await store.list_submissions(limit=len(keys))
        history = {str(row.key): [note.text for note in await store.submission_notes(row.key)] for row in rows}
        there = httpx2.get(url, timeout=30).json()
        told = counted(way, rows, client.accepted(there), history, held)
        fences = fences_of(there.get("sessions", ()), history)
        return {"client": arguments.client, **told, "fences": fences, "deaths": deaths, "wall_s": round(wall_s, 1)}


@asynccontextmanager
async def cloud(client: Client) -> AsyncIterator[dict[str, str]]:
    """The cloud of a client in a process of its own; what makes the client come to it."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *client.cloud, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def tended(plan: Plan, env: dict[str, str]) -> dict[str, Any]:
    """Let the workers work, in a process that forks them: no thread may run where one forks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "queuebit_workbench.clouds.crashes.nursery",
        plan.told(),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **env, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"},
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"The workers could not be kept: exit code {process.returncode}.")
    deaths: dict[str, Any] = json.loads(out.splitlines()[-1])
    return deaths


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.clouds.crashes", description=__doc__)
    parser.add_argument("--client", choices=tuple(CLIENTS), default="ibm")
    parser.add_argument("--runs", type=int, default=100, help="submissions as we do it")
    parser.add_argument("--control-runs", type=int, default=40, help="submissions of the other ways, at most")
    parser.add_argument("--way", choices=(*get_args(Way), "all"), default="all")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deadline-s", type=float, default=1800.0, help="for each way")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments_of(sys.argv[1:]))))
