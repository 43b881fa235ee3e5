"""What breaks when: drawn from a seed, so that a run can be had again. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Fault = Literal[
    "kill_service",
    "freeze_service",
    "restart_database",
    "database_outage",
    "cut_sessions",
    "kill_broker",
    "freeze_broker",
    "rebalance_storm",
    "poison",
    "clock_jump",
    "retention",
    "restore",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
FIRST: Fault = "retention"
"""What was lost so is noticed after minutes, which go by while other things break."""
LAST: Fault = "restore"
"""It is once, and the end: what was published before it is not in the store any more."""
BESIDE: tuple[Fault, ...] = ("kill_service", "cut_sessions")
"""What may happen beside another fault."""
BESIDE_SHARE = 0.25
ONCE: frozenset[Fault] = frozenset({FIRST, LAST})
PAUSE_S = (1.0, 4.0)


@dataclass(frozen=True, slots=True)
class Step:
    """One fault, perhaps with another beside it, after a pause. `seed`: of all that is drawn within it."""

    fault: Fault
    seed: int
    pause_s: float
    beside: Fault | None = None


def parse_faults(text: str) -> tuple[Fault, ...]:
    """The faults that a list with commas names, in our order. Raises ValueError."""
    wanted = {each.strip() for each in text.split(",") if each.strip()}
    if unknown := wanted - set(FAULTS):
        raise ValueError(f"There is no fault {', '.join(sorted(unknown))}; there are: {', '.join(FAULTS)}.")
    return tuple(each for each in FAULTS if each in wanted)


def steps(seed: int, chosen: Sequence[Fault]) -> Iterator[Step]:
    """Without an end: each of the chosen once, in the order of the seed but for the first, then those that may come again. The
    last fault is left out: it comes when the time is over.
    """
    chance = random.Random(seed)
    first = [each for each in chosen if each != LAST]
    chance.shuffle(first)
    first.sort(key=lambda fault: fault != FIRST)
    for fault in first:
        yield _step(fault, chance, chosen)
    again = [each for each in chosen if each not in ONCE]
    while again:
        yield _step(chance.choice(again), chance, chosen)


def _step(fault: Fault, chance: random.Random, chosen: Sequence[Fault]) -> Step:
    companions = [each for each in BESIDE if each in chosen and each != fault]
    beside = chance.choice(companions) if companions and chance.random() < BESIDE_SHARE else None
    if fault in ONCE:
        beside = None
    return Step(fault, chance.getrandbits(32), chance.uniform(*PAUSE_S), beside)
