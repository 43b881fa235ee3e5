"""The made-up worlds: each leads to its verdict for at most its cost, and who breaks its rule is fooled."""

from __future__ import annotations

import pytest

from queuebit_domain.paths import pairing
from queuebit_domain.paths.case import Arm
from queuebit_domain.paths.report import report_of
from queuebit_workbench.worlds import natures as n
from queuebit_workbench.worlds.catalogue import GOOD, WORLDS, World, lived, retired_after, stages
from queuebit_workbench.worlds.interference import TRUTH_S, measured

BY_NAME = {world.name: world for world in WORLDS}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_world_leads_to_its_verdict_for_at_most_its_cost(world: World) -> None:
    found = world.run(1)

    assert found.ended in world.ended
    assert found.cost <= world.cost_max


TRAPS = [world for world in WORLDS if world.trap is not None]


@pytest.mark.parametrize("world", TRAPS, ids=lambda world: world.name)
def test_who_breaks_the_rule_of_a_world_is_fooled_more_often_than_the_gate_may_be(world: World) -> None:
    assert world.trap is not None
    tries = 8

    assert sum(world.trap(seed) for seed in range(tries)) >= 0.25 * tries


def test_a_useless_path_is_given_up_within_a_hundred_pairs_and_its_budget() -> None:
    found = BY_NAME["useless path"].run(2)

    assert (retired_after(found) or 1000) <= 100
    assert found.cost <= 50


def test_a_good_path_goes_all_the_way_up_and_late_harm_takes_it_back_to_nothing() -> None:
    found = BY_NAME["harmful late"].run(3)

    assert stages(found) == (
        "advisory", "canary 1", "canary 5", "canary 10", "canary 25", "canary 50", "production", "shadow",
    )  # fmt: skip
    assert found.lab.path.answers == 0
    assert "regression" in found.shown or "harm" in found.shown


def test_good_paths_are_not_given_up() -> None:
    """The bar asks for 95 of 100, of a thousand: the fold that is compared with the formulas has that elsewhere."""
    kept = [
        lived(lambda: n.plain(0.50, 0.05), 150)(seed).ended not in ("retired", "retirement proposed")
        for seed in range(20)
    ]

    assert sum(kept) >= 19


def test_halves_of_one_queue_are_no_comparison_and_blocks_are() -> None:
    found = measured(1)
    low, high = found.switchback.difference.low, found.switchback.difference.high

    assert low <= TRUTH_S <= high
    assert found.halves_s < 0.2 * TRUTH_S
    assert not low <= found.halves_s <= high


def test_arms_that_are_swapped_in_the_code_let_no_world_end_as_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pairing.difference
    monkeypatch.setattr(pairing, "difference", lambda ours, other, *rest: real(other, ours, *rest))

    found = lived(lambda: n.plain(0.50, 0.05), 120, spec=GOOD)(1)
    harmful = lived(lambda: n.plain(0.05, 0.50), 120, spec=GOOD)(1)

    assert found.lab.path.frozen is not None
    assert harmful.lab.path.stage == "advisory"


def test_timeouts_that_are_dropped_in_the_code_make_the_worse_path_the_better(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pairing._beside

    def dropped(ours: Arm | None, base: Arm | None, *rest: object) -> float:
        return 0.0 if ours is None else real(ours, base, *rest)  # type: ignore[arg-type]

    world = lambda: n.timeouts(0.10, n.plain(0.25, 0.10))  # noqa: E731
    honest = [lived(world, 400, budget="400", spec=GOOD)(seed).shown for seed in range(6)]
    monkeypatch.setattr(pairing, "_beside", dropped)
    found = [lived(world, 400, budget="400", spec=GOOD)(seed).shown for seed in range(6)]

    assert not any("superior" in each for each in honest)
    assert any("superior" in each for each in found)


def test_the_report_of_the_same_events_is_the_same_bytes() -> None:
    first, second = (BY_NAME["the polish, not the path"].run(1).lab for _ in range(2))

    assert report_of(first.path).encode() == report_of(second.path).encode()
    assert first.path.digest == second.path.digest
    assert report_of(BY_NAME["the polish, not the path"].run(2).lab.path) != report_of(first.path)


def test_nothing_is_measured_that_the_budget_does_not_hold() -> None:
    for seed in range(4):
        found = BY_NAME["budget race"].run(seed)

        assert found.lab.refused > 0
        assert found.cost <= 10
