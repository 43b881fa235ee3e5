"""The story of two paths, in a whole control plane: what is useless goes, what is good rises, what turns bad is taken back."""

from __future__ import annotations

import pytest

from tests.simulation.path_story import Told, story


@pytest.fixture(scope="module")
def told() -> Told:
    """It is told once for all tests."""
    return story(1)


def test_the_useless_path_is_given_up_within_a_hundred_pairs_and_its_budget(told: Told) -> None:
    assert told.useless.stage == "retired"
    assert 0 < told.retired_after <= 100
    assert told.useless_cost <= 50
    assert told.useless.retired is not None
    assert told.useless.retired.report.startswith("Path maxcut/s/interactive@")


def test_the_good_path_reaches_production_a_step_at_a_time(told: Told) -> None:
    moves = [step.what for step in told.good.history if " -> " in step.what]

    assert moves == [
        "shadow -> advisory by gate",
        "advisory -> canary 1 % by grace",
        "canary -> canary 5 % by gate",
        "canary -> canary 10 % by gate",
        "canary -> canary 25 % by gate",
        "canary -> canary 50 % by gate",
        "canary -> production by gate",
        "production -> shadow by gate",
    ]


def test_what_turns_bad_answers_nobody_two_seconds_later(told: Told) -> None:
    assert told.good.answers == 0
    assert told.good.rollbacks == 1
    assert told.stopped_after_s <= 2.0


def test_nobody_got_a_worse_answer_for_it(told: Told) -> None:
    assert told.answered > 500
    assert told.worse == 0
