"""The quota of upstream services on a real broker."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any
from uuid import uuid4

import pytest
from kafka.protocol.admin import DescribeClientQuotasRequest  # type: ignore[import-untyped]

from queuebit_devstack.processes import child_env, run_tool
from queuebit_devstack.stack import Stack
from queuebit_devstack.supervise import UPSTREAM_BYTES_PER_S
from queuebit_runtime.access.admin import PRODUCE_QUOTA, _admin, limit_upstream

_EXACTLY, _DEFAULT = 0, 1


def quotas_of(stack: Stack, user: str) -> dict[str, float]:
    """What each client of the user is held to, as the broker has it."""
    request = DescribeClientQuotasRequest(
        components=[("user", _EXACTLY, user), ("client-id", _DEFAULT, None)], strict=True
    )
    with _admin(stack.access()) as admin:
        answer: Any = admin._manager.run(admin._manager.send, request)
    return {value.key: value.value for entry in answer.entries or () for value in entry.values}


async def held_to(stack: Stack, user: str, expected: dict[str, float]) -> None:
    """Return when the broker has it so: it learns of it a moment after the controller has said yes."""
    deadline = time.monotonic() + 60.0
    while (found := await asyncio.to_thread(quotas_of, stack, user)) != expected:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)


async def test_each_client_of_a_user_gets_its_quota_and_loses_it(stack: Stack) -> None:
    user = f"upstream-{uuid4().hex[:8]}"
    assert await asyncio.to_thread(quotas_of, stack, user) == {}

    for rate in (2_000_000, 5_000_000):
        await asyncio.to_thread(limit_upstream, stack.access(), user, rate)
        await held_to(stack, user, {PRODUCE_QUOTA: float(rate)})

    await asyncio.to_thread(limit_upstream, stack.access(), user, None)
    await held_to(stack, user, {})


async def test_the_command_names_the_user_that_the_role_has_here(stack: Stack) -> None:
    if stack.passwords_file is None:
        pytest.skip("The Kafka that was given by URL has quotas of its own.")
    user = f"orders-{uuid4().hex[:8]}"
    argv = [sys.executable, "-m", "queuebit_runtime", "topics", "--principal", f"upstream={user}"]
    env = child_env(stack.data_dir, {**stack.env(), "QUEUEBIT_NAMESPACE": f"test-{uuid4().hex[:8]}"})

    said = await run_tool([*argv, "--upstream-bytes-per-s", str(UPSTREAM_BYTES_PER_S)], env=env, timeout_s=60)
    assert said.splitlines()[-1] == f"{user}: 2000000 bytes a second for each client"
    await held_to(stack, user, {PRODUCE_QUOTA: 2_000_000.0})

    said = await run_tool([*argv, "--upstream-bytes-per-s", "0"], env=env, timeout_s=60)
    assert said.splitlines()[-1] == f"{user}: no limit of bytes a second"
    await held_to(stack, user, {})
