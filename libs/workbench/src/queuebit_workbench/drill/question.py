"""The question of the drill: too large for the validator's baseline, so that feasibility and objective alone are recomputed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import orjson

from queuebit_contracts.channels import SUBMITTED
from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import job_id_of, uuid7
from queuebit_contracts.jobs import Tier
from queuebit_contracts.registry import type_bytes_of
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import Clock

TENANT = "drill"
TIER: Tier = "interactive"
NODES = 402
BEST = NODES
"""A ring of an even number of nodes: every edge can be cut."""
WRONG_EDGES = 40
STATEMENT = {"nodes": NODES, "edges": [[node, (node + 1) % NODES, 1] for node in range(NODES)]}


def questions(count: int, clock: Clock, seed: int) -> Iterator[Outgoing]:
    """So many jobs as an upstream service sends them."""
    numbers = Random(seed)
    ce_type = type_bytes_of(JobSubmitted)
    for _ in range(count):
        now = clock.now()
        key = uuid7(int(now.timestamp() * 1000), numbers.getrandbits(74))
        job_id = str(job_id_of(TENANT, key))
        problem = {"kind": "maxcut", "statement": STATEMENT}
        request = {
            "tenant": TENANT,
            "problem": problem,
            "lane": "simulator",
            "tier": TIER,
            "seed": numbers.getrandbits(31),
        }
        value = orjson.dumps({"request": request, "idempotency_key": str(key)})
        headers = binary_headers(
            key, "/drill", ce_type, job_id, rfc3339(now), tenant=TENANT, version=None, traceparent=None
        )
        yield Outgoing(SUBMITTED, job_id.encode(), value, headers)


def answer(seed: int, *, wrong: bool) -> tuple[list[int], int]:
    """The best cut, or one in which some nodes stand on the wrong side, with its true objective."""
    side = [node % 2 for node in range(NODES)]
    if wrong:
        for node in Random(seed).sample(range(NODES), WRONG_EDGES // 2):
            side[node] = 1 - side[node]
    return side, sum(side[node] != side[(node + 1) % NODES] for node in range(NODES))
