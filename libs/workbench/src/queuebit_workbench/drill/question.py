"""The question of the drill: too large for the validator's baseline, so that feasibility and objective alone are recomputed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from queuebit_contracts.jobs import Tier
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import Clock
from queuebit_workbench.drill.asking import question

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
    problem = {"kind": "maxcut", "statement": STATEMENT}
    for _ in range(count):
        request = {"problem": problem, "lane": "simulator", "tier": TIER, "seed": numbers.getrandbits(31)}
        yield question(TENANT, request, clock, numbers)[1]


def answer(seed: int, *, wrong: bool) -> tuple[list[int], int]:
    """The best cut, or one in which some nodes stand on the wrong side, with its true objective."""
    side = [node % 2 for node in range(NODES)]
    if wrong:
        for node in Random(seed).sample(range(NODES), WRONG_EDGES // 2):
            side[node] = 1 - side[node]
    return side, sum(side[node] != side[(node + 1) % NODES] for node in range(NODES))
