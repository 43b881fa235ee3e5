"""What tests of Kafka's locks share."""

from __future__ import annotations

from uuid import uuid4

import pytest

from queuebit_devstack.stack import Stack
from tests.integration.runtime.locked_kafka import Locked


@pytest.fixture(scope="module")
async def locked(stack: Stack) -> Locked:
    if stack.passwords_file is None:
        pytest.skip("The Kafka that was given by URL has users of its own.")
    found = Locked(stack, f"test-{uuid4().hex[:12]}")
    await found.open()
    return found
