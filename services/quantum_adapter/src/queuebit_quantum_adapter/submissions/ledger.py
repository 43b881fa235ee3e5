"""The ledger of this process: what is handed in and what waits for it, in PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Any, Protocol, TypeVar

from queuebit_quantum_adapter.errors import NoBackend
from queuebit_store.attempts.port import Attempts
from queuebit_store.errors import InvalidSettings
from queuebit_store.evidence.port import Evidence
from queuebit_store.gates.port import Gates, KillSwitches
from queuebit_store.postgres import PostgresStore, settings_from
from queuebit_store.submissions.port import Submissions

T = TypeVar("T")


class Ledger(Submissions, Attempts, Evidence, Gates, KillSwitches, Protocol):
    """Submissions with what was seen of them, the attempts that wait for them, and what is shared about their providers."""


OpenLedger = Callable[[], Awaitable[Ledger]]


class Loop:
    """An event loop in a thread of its own, for callers that know of none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="ledger", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for what the coroutine gives. A caller that is interrupted leaves it as it is: the ledger outlives both."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@cache
def ledger_loop() -> Loop:
    """The loop of this process."""
    return Loop()


def ledger_fault() -> str | None:
    """Why this process can have no ledger, with the remedy; None where one is configured."""
    try:
        settings_from(os.environ, service="quantum-adapter")
    except InvalidSettings as error:
        return f"{error.detail} {error.remedy}".strip()
    return None


_stores: dict[tuple[int, int], PostgresStore] = {}


async def open_ledger() -> Ledger:
    """The store of this process and this loop, on PostgreSQL, opened when it is first asked for. Raises NoBackend or
    StoreError.
    """
    place = os.getpid(), id(asyncio.get_running_loop())
    store = _stores.get(place)
    if store is None:
        try:
            settings = settings_from(os.environ, service="quantum-adapter")
        except InvalidSettings as error:
            raise NoBackend(
                "A provider that charges needs a ledger in PostgreSQL.", remedy=f"{error.detail} {error.remedy}"
            ) from error
        store = _stores[place] = await PostgresStore.open(settings)
    return store


async def close_ledger() -> None:
    """Close the store of this process and this loop, where it was opened."""
    store = _stores.pop((os.getpid(), id(asyncio.get_running_loop())), None)
    if store is not None:
        await store.close()
