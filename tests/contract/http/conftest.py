"""A fresh gateway on the memory ports for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.http.running_gateway import RunningGateway, a_world
from tests.contract.http.served import served

__all__ = ["served"]


@pytest.fixture
async def world() -> AsyncIterator[RunningGateway]:
    async with a_world() as world:
        yield world
