"""`queuebit ops verify` and `status` beside services at work: what is on its way is nothing wrong."""

from __future__ import annotations

import asyncio
import os
from uuid import UUID

from queuebit_devstack.stack import Stack
from tests.e2e.harness import platform, trivial
from tests.integration.operations.conftest import Ops

NAMESPACE = "beside"
JOBS = 150
ROUNDS = 3


async def test_nothing_is_found_while_jobs_are_on_their_way(stack: Stack) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    ops = Ops({**env, **stack.env(), "QUEUEBIT_NAMESPACE": NAMESPACE})
    async with platform(stack, namespace=NAMESPACE) as running:
        asked: list[UUID] = []
        found = []
        for _ in range(ROUNDS):
            asked += await running.publish(trivial(JOBS))
            found.append(await ops("verify", "--json"))
        await running.outcomes(asked)
        status, after = await asyncio.gather(ops.process("status", "--json"), ops.process("verify", "--json"))

    assert [(said.code, said.document["findings"]) for said in found] == [(0, [])] * ROUNDS
    assert [said.document["checked"]["streams"] > 0 for said in found] == [True] * ROUNDS
    assert (status.code, status.document["reasons"]) == (0, [])
    assert (after.code, after.document["findings"]) == (0, [])
    assert after.document["checked"]["streams"] == len(asked)
