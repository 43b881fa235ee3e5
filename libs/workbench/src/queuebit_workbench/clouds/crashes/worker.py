"""One process that acts on submissions, and dies or sleeps where chance has it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from queuebit_quantum_adapter.submissions.driver import Driver, terms_of
from queuebit_quantum_adapter.submissions.sweeping import Sweeping
from queuebit_store.errors import StoreUnavailable
from queuebit_store.gates.port import Breaker
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.submissions.port import SubmissionState
from queuebit_workbench.clouds.crashes.cancels import Fickle
from queuebit_workbench.clouds.crashes.clients import LAG_S, STRAY_S, Client, opened
from queuebit_workbench.clouds.crashes.ways import Way, in_the_way

LEASE_S = 3.0
PAUSE_S = 4.0
"""Longer than the lease, so that somebody takes over meanwhile."""
IDLE_S = 0.05
POLL_S = 0.05
LATE_LOOK_S = 5.0
SELDOM = {"sent, no answer": 4, "fence closed": 2, "looked up": 2, "cancelled": 10}
"""Places that few submissions come by: one dies there so many times more often."""
BREAKER = Breaker(failures_max=8, open_s=0.5, open_s_max=1.0, probe_s=LEASE_S)
"""As soon over as everything else here."""


CANCEL = "cancel: "
"""Before the place at which one was wanted, in the file where deaths are told."""


@dataclass(frozen=True, slots=True)
class Fate:
    """`kill`: how probable an end is at every place; `pause`: how probable a sleep is just before the send. `unwanted`: the
    keys that nobody wants any more from a place on.
    """

    kill: float
    pause: float
    unwanted: Mapping[UUID, str]


def work(postgres: PostgresSettings, client: Client, way: Way, seed: int, fate: Fate, grave: int) -> None:
    """Act on what is due until there is nothing left. Where it dies, and where somebody wanted one cancelled, is written into
    the file `grave`.
    """
    chance = random.Random(seed)

    def mark(place: str) -> None:
        if chance.random() < fate.kill * SELDOM.get(place, 1):
            os.write(grave, f"{place}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        if place == "before the send" and chance.random() < fate.pause:
            time.sleep(PAUSE_S)

    def cancelled(place: str) -> None:
        os.write(grave, f"{CANCEL}{place}\n".encode())

    wanting = partial(Fickle, unwanted=fate.unwanted, tell=cancelled)
    asyncio.run(_work(postgres, client, way, f"worker {seed}", mark, wanting))


async def _work(
    postgres: PostgresSettings,
    client: Client,
    way: Way,
    owner: str,
    mark: Callable[[str], None],
    wanting: Callable[[PostgresStore], Any],
) -> None:
    provider = in_the_way(opened(client), way, batched=client.batched)
    terms = replace(
        terms_of(provider, poll_s=POLL_S), retry_s=0.2, poll_max_s=0.5, late_look_s=LATE_LOOK_S, breaker=BREAKER
    )
    async with await PostgresStore.open(postgres) as store:
        driver = Driver(wanting(store), provider, terms, owner=owner, lease_s=LEASE_S, mark=mark)
        while True:
            try:
                if await driver.advance_due(client.backend):
                    continue
                if not await _left(store):
                    await _swept(provider, way)
                    return
            except StoreUnavailable:
                pass
            await asyncio.sleep(IDLE_S)


async def _swept(provider: Any, way: Way) -> None:
    """Close the fences that nobody heard of: the last may have been opened just now."""
    if way == "fence" and isinstance(provider, Sweeping):
        await asyncio.sleep(STRAY_S + LAG_S)
        provider.sweep()


async def _left(store: PostgresStore) -> bool:
    """Whether anything is still to be done, late looks too: all rows are read only where nothing is under way any more."""
    under_way = [state for state in SubmissionState if not state.final]
    if await store.list_submissions(under_way, limit=1):
        return True
    rows = await store.list_submissions(limit=100_000)
    return any(row.due_at is not None for row in rows)
