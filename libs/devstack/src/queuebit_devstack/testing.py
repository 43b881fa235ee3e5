"""Fixtures for tests that need real servers. Load with `pytest_plugins = ["queuebit_devstack.testing"]`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from queuebit_devstack.containers import container_servers
from queuebit_devstack.stack import Stack, start_stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack() -> AsyncIterator[Stack]:
    """Running Kafka and PostgreSQL for the whole session, by URL, from Docker, or embedded, in this order.

    The data lies in a temporary folder that is removed at the end, even when the run is killed.
    """
    async with container_servers(os.environ) as external:
        folder = Path(tempfile.mkdtemp(prefix="queuebit-test-"))
        async with await start_stack(folder, external=external, remove=True) as running:
            yield running
