"""Switchback: every lane has each arm in the same hours, a block is one observation, and what still drains is left out."""

from __future__ import annotations

from random import Random

import pytest

from queuebit_domain.experiments.intervals import by_clusters, difference_interval, mean_interval, t_quantile
from queuebit_domain.experiments.switchback import Block, Outcome, Plan, compared, plan_blocks

ARMS = ("new", "old")


def test_of_two_blocks_that_follow_one_another_each_arm_has_one() -> None:
    blocks = plan_blocks(["quantum", "classical"], 10, 60.0, ARMS, Random(1).randrange)

    for lane in ("quantum", "classical"):
        arms = [block.arm for block in blocks if block.lane == lane]
        assert len(arms) == 10
        assert all({*arms[place : place + 2]} == {*ARMS} for place in range(0, 10, 2))
    assert len({tuple(block.arm for block in blocks[:10]), tuple(block.arm for block in blocks[10:])}) == 2
    assert plan_blocks(["q"], 10, 60.0, ARMS, Random(1).randrange) == plan_blocks(
        ["q"], 10, 60.0, ARMS, Random(1).randrange
    )


@pytest.mark.parametrize(
    ("lanes", "blocks", "block_s"), [([], 4, 60.0), (["q"], 3, 60.0), (["q"], 0, 60.0), (["q"], 4, 0.0)]
)
def test_a_plan_in_which_an_arm_would_have_no_hours_is_refused(lanes: list[str], blocks: int, block_s: float) -> None:
    with pytest.raises(ValueError, match="even number of blocks"):
        plan_blocks(lanes, blocks, block_s, ARMS, Random(1).randrange)


BLOCKS = tuple(Block(nth, "q", nth * 100.0, (nth + 1) * 100.0, ARMS[nth % 2]) for nth in range(8))


def test_a_job_takes_the_arm_of_its_block_and_none_outside() -> None:
    plan = Plan(BLOCKS)
    found = [plan.at("q", at_s) for at_s in (0.0, 99.9, 100.0, 799.0, 800.0, -1.0)]

    assert [None if block is None else block.arm for block in found] == ["new", "new", "old", "old", None, None]
    assert plan.at("another", 5.0) is None


def test_what_came_while_the_other_arm_still_drained_is_left_out() -> None:
    values = {"new": 3.0, "old": 1.0}
    clean = [Outcome(block.begins_s + 50.0, "q", values[block.arm]) for block in BLOCKS]
    draining = [Outcome(block.begins_s + 5.0, "q", 100.0) for block in BLOCKS]
    found = compared(BLOCKS, [*clean, *draining, Outcome(900.0, "q", 5.0)], ARMS, burn_in_s=20.0)

    assert (found.difference.value, found.blocks, found.jobs, found.left_out) == (2.0, 8, 8, 9)


def test_many_jobs_of_a_block_are_one_observation() -> None:
    """Blocks differ, jobs of one do not: the interval is as wide as that of the blocks."""
    chance = Random(4)
    shift = [chance.gauss(0.0, 1.0) for _ in BLOCKS]
    outcomes = [
        Outcome(block.begins_s + 50.0 + nth / 10, "q", shift[block.nth]) for block in BLOCKS for nth in range(100)
    ]
    found = compared(BLOCKS, outcomes, ARMS, burn_in_s=20.0)

    assert found.difference.low < 0 < found.difference.high
    assert found.difference == pytest.approx(difference_interval(shift[0::2], shift[1::2], 0.95))


def test_of_too_few_blocks_nothing_is_said() -> None:
    outcomes = [Outcome(block.begins_s + 50.0, "q", 1.0) for block in BLOCKS[:6]]

    with pytest.raises(ValueError, match="3 blocks with jobs"):
        compared(BLOCKS, outcomes, ARMS, burn_in_s=20.0)


def test_intervals_hold_what_they_promise() -> None:
    held = 0
    for seed in range(400):
        chance = Random(seed)
        held += (lambda found: found.low <= 5.0 <= found.high)(
            mean_interval([chance.gauss(5.0, 2.0) for _ in range(8)], 0.95)
        )

    assert 0.92 <= held / 400 <= 0.98
    assert [round(t_quantile(0.975, degrees), 2) for degrees in (4, 9, 30, 1000)] == [2.78, 2.26, 2.04, 1.96]


def test_repeats_of_a_problem_are_no_further_evidence() -> None:
    chance = Random(2)
    problems = [chance.gauss(0.0, 1.0) for _ in range(12)]
    once = by_clusters([[each] for each in problems], _mean, Random(1).randrange, confidence=0.95, draws=500)
    often = by_clusters([[each] * 20 for each in problems], _mean, Random(1).randrange, confidence=0.95, draws=500)

    assert often.low == pytest.approx(once.low)
    assert often.high == pytest.approx(once.high)


def _mean(clusters: object) -> float:
    values = [each for cluster in clusters for each in cluster]  # type: ignore[attr-defined]
    return float(sum(values) / len(values))
