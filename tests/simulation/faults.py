"""The faults that are planned: what breaks, when. Drawn from the seed; each waits for its victim and then happens for sure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from queuebit_workbench.world import SERVICES

# fmt: off
FaultName = Literal[
    "crash", "crash_while_starting", "crash_while_stopping", "stop", "second_member_stops", "second_member_crashes",
    "rebalance_storm", "all_restored", "lead_lost", "leader_frozen", "member_frozen", "horizon_held", "redelivery",
    "clock_jump", "skewed_clock", "store_outage", "bus_outage", "operator_holds", "operator_eases", "operator_invalidates",
    "operator_redrives",
]
# fmt: on
FAULTS: tuple[FaultName, ...] = FaultName.__args__  # type: ignore[attr-defined]
REDRIVES: FaultName = "operator_redrives"
"""Needs letters, which most runs have few of: so it is drawn by itself, late, and often."""
DRAWN = tuple(name for name in FAULTS if name != REDRIVES)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `member`: who is hit. `for_s`: how long. `size`: by how much, from -1 to 1."""

    at_s: float
    name: FaultName
    member: str
    for_s: float
    size: float


def draw_faults(random: Random, count: int, within_s: float) -> tuple[Fault, ...]:
    """So many faults, in the order of time."""
    faults = [
        Fault(
            at_s=random.uniform(0.0, within_s),
            name=random.choice(DRAWN),
            member=random.choice(SERVICES),
            for_s=random.choice((0.0, 0.1, 1.0, 4.0)),
            size=random.uniform(-1.0, 1.0),
        )
        for _ in range(count)
    ]
    return tuple(sorted(faults, key=lambda fault: fault.at_s))


def with_redrives(random: Random, faults: tuple[Fault, ...], within_s: float) -> tuple[Fault, ...]:
    """In every third run dead letters are sent again, in the middle of what else happens."""
    if random.random() > 1 / 3:
        return faults
    at_s = random.uniform(within_s / 2, within_s)
    redrive = Fault(at_s, REDRIVES, "control-plane", random.choice((0.0, 0.1, 1.0)), random.uniform(-1.0, 1.0))
    return tuple(sorted((*faults, redrive), key=lambda fault: fault.at_s))
