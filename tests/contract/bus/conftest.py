"""Both adapters behind one fixture; each test has a namespace of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from queuebit_devstack.stack import Stack
from queuebit_runtime.access.settings import KafkaAccess
from tests.contract.bus.bus_under_test import BusUnderTest, KafkaUnderTest, MemoryUnderTest


@pytest.fixture(params=["memory", "kafka"])
def access(request: pytest.FixtureRequest) -> KafkaAccess | None:
    """None for the bus in memory, whose leg needs no server. Not async: a fixture asked for by name may not be."""
    if request.param == "memory":
        return None
    stack: Stack = request.getfixturevalue("stack")
    return stack.access()


@pytest.fixture
async def world(access: KafkaAccess | None) -> AsyncIterator[BusUnderTest]:
    namespace = f"test-{uuid4().hex[:12]}"
    if access is None:
        memory = MemoryUnderTest(namespace)
        yield memory
        await memory.close()
        return
    kafka = KafkaUnderTest(access, namespace)
    await kafka.open()
    yield kafka
    await kafka.close()
