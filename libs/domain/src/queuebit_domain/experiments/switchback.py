"""Switchback: where the arms share a queue, a batch or a cache, all of a lane takes one arm for a block of time, then maybe
another.

Halves of one queue are no comparison: what one arm adds to the queue, the other waits for. A block is one observation,
however many jobs it holds; what came while the queue of the block before still drained is left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from queuebit_domain.experiments.intervals import Interval, Pick, difference_interval

BLOCKS_MIN: Final = 4
"""So many blocks of each arm are the least of which anything is said."""


class Block(NamedTuple):
    """One lane for one stretch of time, in seconds from the beginning, under one arm."""

    nth: int
    lane: str
    begins_s: float
    ends_s: float
    arm: str


class Outcome(NamedTuple):
    """What one job gave, and when and on which lane it was asked."""

    at_s: float
    lane: str
    value: float


class Compared(NamedTuple):
    """The difference of the arms, of blocks that count so many jobs; what was left out as burn-in, and outside of all
    blocks.
    """

    difference: Interval
    blocks: int
    jobs: int
    left_out: int


def plan_blocks(
    lanes: Sequence[str], blocks: int, block_s: float, arms: tuple[str, str], pick: Pick
) -> tuple[Block, ...]:
    """So many blocks for each lane. Of each two that follow one another one has each arm, in an order that is drawn: so the
    arms have the same hours. Raises ValueError where one of them would have none.
    """
    if blocks < 2 or blocks % 2 or block_s <= 0 or not lanes:
        raise ValueError(
            "A switchback takes an even number of blocks, two at least, of some length, on a lane at least."
        )
    found: list[Block] = []
    for lane in lanes:
        for pair in range(blocks // 2):
            order = arms if pick(2) == 0 else arms[::-1]
            for place, arm in enumerate(order):
                nth = 2 * pair + place
                found.append(Block(nth, lane, nth * block_s, (nth + 1) * block_s, arm))
    return tuple(found)


class Plan:
    """Blocks by lane and time."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._lanes: dict[str, list[Block]] = {}
        for block in sorted(blocks, key=lambda block: block.begins_s):
            self._lanes.setdefault(block.lane, []).append(block)

    def at(self, lane: str, at_s: float) -> Block | None:
        """The block in which a job is that is asked then; None outside of all."""
        own = self._lanes.get(lane, [])
        place = bisect_right(own, at_s, key=lambda block: block.begins_s) - 1
        return own[place] if place >= 0 and at_s < own[place].ends_s else None

    def drained(self, block: Block, at_s: float, burn_in_s: float) -> bool:
        """Whether the queue is the block's own by then: the one before had the same arm, or has drained."""
        before = self.at(block.lane, block.begins_s - 1e-9)
        return (before is not None and before.arm == block.arm) or at_s >= block.begins_s + burn_in_s


def compared(
    blocks: Sequence[Block],
    outcomes: Iterable[Outcome],
    arms: tuple[str, str],
    *,
    burn_in_s: float,
    confidence: float = 0.95,
) -> Compared:
    """The first arm less the second, of the means of blocks. Raises ValueError where there are too few of them."""
    sums: dict[Block, tuple[float, int]] = {}
    planned = Plan(blocks)
    left_out = 0
    for outcome in outcomes:
        block = planned.at(outcome.lane, outcome.at_s)
        if block is None or not planned.drained(block, outcome.at_s, burn_in_s):
            left_out += 1
            continue
        total, count = sums.get(block, (0.0, 0))
        sums[block] = (total + outcome.value, count + 1)
    jobs = sum(count for _, count in sums.values())
    means = {arm: [total / count for block, (total, count) in sums.items() if block.arm == arm] for arm in arms}
    few = min(len(values) for values in means.values())
    if few < BLOCKS_MIN:
        raise ValueError(
            f"Of one arm there are {few} blocks with jobs; {BLOCKS_MIN} are the least that something is said of."
        )
    return Compared(difference_interval(means[arms[0]], means[arms[1]], confidence), len(sums), jobs, left_out)
