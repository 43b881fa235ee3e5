"""One platform for the whole folder: starting five processes takes seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from queuebit_devstack.stack import Stack
from tests.e2e.harness import Platform, platform


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def queuebit(stack: Stack) -> AsyncIterator[Platform]:
    """The running services."""
    async with platform(stack) as running:
        yield running
