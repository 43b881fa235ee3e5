"""Iterated greedy over flow shops: on a large one a stop is seen within a round, and the answer is whole then."""

from __future__ import annotations

import random
from typing import Any

import pytest

from queuebit_classical_solver.ports import Limits, ignore_progress, never_stop
from queuebit_classical_solver.searches.flow_shop_iterated_greedy import IteratedGreedySolver
from queuebit_problems.kinds.scheduling.flow_shop_search import NEH_WORK_MAX, bounded_neh, makespan, neh
from queuebit_problems.registry import optimisation_of

KIND: Any = optimisation_of("flow_shop")
LIMITS = Limits(600.0, seed=1)


def a_shop(jobs: int, machines: int) -> Any:
    rng = random.Random(jobs)
    return KIND.parse({"durations": [[rng.randrange(1, 100) for _ in range(machines)] for _ in range(jobs)]})


class StopAfter:
    """Says stop from the so-manieth question on."""

    def __init__(self, asks: int) -> None:
        self.left = asks
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("asks", [0, 40])
def test_a_stop_is_seen_while_a_large_shop_is_begun(asks: int) -> None:
    """Given 500 jobs on 20 machines, when a stop comes while the first order is made, then that order is completed as it is."""
    statement, stop = a_shop(500, 20), StopAfter(asks)
    found = IteratedGreedySolver().solve(
        KIND, statement, limits=LIMITS, hint=None, on_progress=ignore_progress, stop=stop
    )
    assert KIND.violations(statement, found.answer) == []
    assert (found.details["cut_off_by"], found.objective) == ("stop", makespan(statement.rows, found.answer["order"]))
    assert stop.asked <= asks + 10


def test_a_stop_is_seen_within_a_round() -> None:
    statement, stop = a_shop(60, 20), StopAfter(100)
    found = IteratedGreedySolver().solve(
        KIND, statement, limits=LIMITS, hint=None, on_progress=ignore_progress, stop=stop
    )
    assert (found.details["cut_off_by"], stop.asked <= 110) == ("stop", True)
    assert found.objective <= makespan(statement.rows, neh(statement.rows))


def test_a_first_order_for_whoever_cannot_be_stopped_is_bounded_by_its_work() -> None:
    small, large = a_shop(50, 10).rows, a_shop(500, 20).rows
    assert NEH_WORK_MAX > 50 * 51 // 2 * 10
    assert bounded_neh(small) == neh(small)
    order = bounded_neh(large, 20_000)
    longest_first = sorted(range(500), key=lambda job: (-sum(large[job]), job))
    assert sorted(order) == list(range(500))
    assert order[-400:] == longest_first[-400:]


def test_the_same_seed_gives_the_same_answer() -> None:
    statement, limits = a_shop(12, 4), Limits(60.0, seed=3, work_share=0.0005)
    one, two = (
        IteratedGreedySolver().solve(
            KIND, statement, limits=limits, hint=None, on_progress=ignore_progress, stop=never_stop
        )
        for _ in range(2)
    )
    assert one.answer == two.answer
