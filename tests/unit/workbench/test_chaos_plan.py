"""What breaks when: drawn from a seed."""

from __future__ import annotations

from itertools import islice

import pytest

from queuebit_workbench.chaos.happenings import HAPPEN
from queuebit_workbench.chaos.plan import FAULTS, FIRST, LAST, ONCE, parse_faults, steps


def test_a_seed_gives_the_same_faults_and_another_seed_others() -> None:
    first, again, other = (list(islice(steps(seed, FAULTS), 40)) for seed in (1, 1, 2))

    assert first == again
    assert [each.fault for each in first] != [each.fault for each in other]


@pytest.mark.parametrize("seed", range(20))
def test_each_happens_before_any_happens_again_and_the_last_is_left_out(seed: int) -> None:
    drawn = [each.fault for each in islice(steps(seed, FAULTS), 60)]
    others = [each for each in FAULTS if each != LAST]

    assert sorted(drawn[: len(others)]) == sorted(others)
    assert drawn[0] == FIRST
    assert not ONCE & set(drawn[len(others) :])


def test_what_is_chosen_alone_happens_alone() -> None:
    assert {(each.fault, each.beside) for each in islice(steps(3, ("kill_service",)), 20)} == {("kill_service", None)}
    assert list(steps(3, (LAST,))) == []


def test_faults_are_named_or_refused_by_name() -> None:
    assert parse_faults(" restore,kill_service ") == ("kill_service", "restore")
    with pytest.raises(ValueError, match=r"There is no fault earthquake; there are: kill_service"):
        parse_faults("earthquake,poison")


def test_every_fault_can_happen() -> None:
    assert {*HAPPEN, LAST} == set(FAULTS)
