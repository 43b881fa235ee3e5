"""`python -m queuebit_workbench.bench.reserving`: what setting money aside adds to an append, side by side in one run.

Batches of new jobs are appended in turn without and with a reservation each, which locks and charges the three accounts above a
job in the same statement. The bar: the p99 of the batches with it stays within 15 % of those without.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import uvloop
from rich.console import Console

from queuebit_contracts.ids import attempt_id_of, derive_id, uuid7
from queuebit_devstack.stack import start_stack
from queuebit_devstack.supervise import prepare
from queuebit_runtime.clock import SystemClock
from queuebit_store.budgets.port import Budget, Charge
from queuebit_store.ports import Append, Head, NewEvent
from queuebit_store.postgres import PostgresSettings, PostgresStore

BAR = 1.15
TENANT, LEG = "acme", "primary-quantum"
EVENTS_A_JOB = 4
WARM_UP = 50
BUDGETS = tuple(
    Budget(name, "production", "USD", "total", Decimal(10**9)) for name in (TENANT, f"{TENANT}/-", f"{TENANT}/-/-")
)
ATTRIBUTES = {"kind": "maxcut", "tier": "batch", "lane": "quantum", "fingerprint": "f" * 64}


async def measure(store: PostgresStore, batches: int, jobs: int, seed: int) -> tuple[list[float], list[float]]:
    """Seconds of each append without and with reservations, one after the other in changing order."""
    chance = random.Random(seed)
    now = SystemClock().now()
    accounts = [(await store.grant(each, now, actor="bench", reason="measured")).account for each in BUDGETS]
    plain: list[float] = []
    reserving: list[float] = []
    for nth in range(WARM_UP + batches):
        turns = [(plain, False), (reserving, True)]
        for took, reserves in turns if nth % 2 else reversed(turns):
            batch = [_append(chance, now, accounts if reserves else ()) for _ in range(jobs)]
            began_s = time.perf_counter()
            assert all(await store.append(batch)), "nobody else appends here, and there is money enough"
            if nth >= WARM_UP:
                took.append(time.perf_counter() - began_s)
    return plain, reserving


def _append(chance: random.Random, now: datetime, accounts: Sequence[str]) -> Append:
    stream_id = uuid7(round(now.timestamp() * 1000), chance.getrandbits(74))
    events = tuple(
        NewEvent(derive_id(stream_id, f"event:{version}"), "JobPlanned", 1, f'{{"x":"{"y" * 500}"}}', now)
        for version in range(1, EVENTS_A_JOB + 1)
    )
    charges = tuple(_reserve(stream_id, each) for each in accounts)
    return Append(stream_id, TENANT, 0, events, Head("queued", None, ATTRIBUTES), charges=charges)


def _reserve(job_id: UUID, account: str) -> Charge:
    attempt_id = attempt_id_of(job_id, LEG, 1)
    return Charge(derive_id(attempt_id, f"RESERVE:{account}"), account, "RESERVE", Decimal("1.324"), attempt_id, LEG)


def p99(took_s: Sequence[float]) -> float:
    """The 99th percentile."""
    return quantiles(took_s, n=100)[-1]


async def run(batches: int, jobs: int, seed: int, console: Console) -> bool:
    """On a fresh server that goes with it; whether the bar is kept."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="queuebit-reserving-"))
    async with await start_stack(folder, remove=True) as stack:
        await prepare(stack)
        async with await PostgresStore.open(PostgresSettings(stack.postgres)) as store:
            plain, reserving = await measure(store, batches, jobs, seed)
    ratio = p99(reserving) / p99(plain)
    console.print(
        f"{batches} batches of {jobs} jobs: without, median {median(plain) * 1000:.2f} ms, p99 {p99(plain) * 1000:.2f} ms;"
        f" with a reservation each on {len(BUDGETS)} accounts, median {median(reserving) * 1000:.2f} ms,"
        f" p99 {p99(reserving) * 1000:.2f} ms; {ratio:.3f} times (bar {BAR:g})"
    )
    return ratio <= BAR


def main(argv: Sequence[str]) -> int:
    """Run it; the exit status says whether the bar was kept."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.reserving", description=__doc__)
    parser.add_argument("--batches", type=int, default=2000, help="appends of either sort")
    parser.add_argument("--jobs", type=int, default=20, help="jobs in a batch, as the control plane appends them")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    console = Console(soft_wrap=True, highlight=False)
    return 0 if uvloop.run(run(given.batches, given.jobs, given.seed, console)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
