"""The paths of the installation, as an operator reaches them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from queuebit_operations.connections.clock import store_time
from queuebit_operations.connections.store import opened_store
from queuebit_operations.paths.store import Paths


@asynccontextmanager
async def opened_paths() -> AsyncIterator[tuple[Paths, datetime]]:
    """The paths, and the time by the clock of the store."""
    async with opened_store(os.environ) as store:
        clock = await store_time(store)
        yield Paths(store, clock), clock.now()
