"""A fresh gateway on the memory ports for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.http.http_world import World, a_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as world:
        yield world
