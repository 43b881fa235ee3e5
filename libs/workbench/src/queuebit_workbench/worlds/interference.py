"""A world in which the arms interfere: both wait in one queue, and the new policy hands in more work.

Half of the jobs under each policy wait for all of the work, so they hardly differ; were all jobs under the new one,
everybody would wait much longer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from queuebit_domain.experiments.switchback import Compared, Outcome, Plan, compared, plan_blocks

ARMS: Final = ("new", "old")
SERVICE_S: Final = {"old": 0.5, "new": 0.8}
"""What a job takes on the device on average, while one comes each second."""
TRUTH_S: Final = SERVICE_S["new"] / (1 - SERVICE_S["new"]) - SERVICE_S["old"] / (1 - SERVICE_S["old"])
"""How much longer a job waits and runs under the new policy for all than under the old one for all: the queue's own formula."""
BLOCK_S: Final = 4_000.0
BURN_IN_S: Final = 400.0
BLOCKS: Final = 40
LANE: Final = "quantum"


@dataclass(frozen=True, slots=True)
class Measured:
    """By how much longer a job takes under the new policy, as two ways of measuring say."""

    halves_s: float
    switchback: Compared


def measured(seed: int) -> Measured:
    """The same time, measured in halves of one queue and by switchback."""
    chance = Random(seed)
    plan = plan_blocks([LANE], BLOCKS, BLOCK_S, ARMS, chance.randrange)
    blocks = Plan(plan)
    until_s = BLOCKS * BLOCK_S
    by_half = served(chance, until_s, lambda _: ARMS[chance.randrange(2)])
    by_block = served(chance, until_s, lambda at_s: block.arm if (block := blocks.at(LANE, at_s)) else ARMS[1])
    outcomes = [Outcome(at_s, LANE, took_s) for at_s, _, took_s in by_block]
    return Measured(_naive(by_half), compared(plan, outcomes, ARMS, burn_in_s=BURN_IN_S))


def served(chance: Random, until_s: float, arm_of: Callable[[float], str]) -> list[tuple[float, str, float]]:
    """One device, one queue: when each job came, its arm, and how long it took until its answer."""
    at_s = free_s = 0.0
    found: list[tuple[float, str, float]] = []
    while (at_s := at_s + chance.expovariate(1.0)) < until_s:
        arm = arm_of(at_s)
        free_s = max(free_s, at_s) + chance.expovariate(1 / SERVICE_S[arm])
        found.append((at_s, arm, free_s - at_s))
    return found


def _naive(jobs: Sequence[tuple[float, str, float]]) -> float:
    means = []
    for arm in ARMS:
        own = [took_s for _, each, took_s in jobs if each == arm]
        means.append(sum(own) / len(own))
    return means[0] - means[1]
