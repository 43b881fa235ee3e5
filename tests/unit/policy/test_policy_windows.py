"""Windows of a policy: which legs of which jobs have them, and what lint finds wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.windows import Window
from queuebit_domain.job import routing
from queuebit_domain.policy.changes import changes
from queuebit_domain.policy.lint import lint
from tests.unit.policy.policies import a_document, a_policy, facts, row

NIGHTS: dict[str, Any] = {
    "id": "nights",
    "lanes": ["quantum"],
    "tiers": ["batch", "scheduled"],
    "opens": "22:00",
    "closes": "06:00",
    "zone": "Europe/Berlin",
    "reason": "Then it is cheap.",
}
WINDOW = Window(opens="22:00", closes="06:00", zone="Europe/Berlin", reason="Then it is cheap.")
QUANTUM = row("q", "quantum", wish="quantum")


def test_the_legs_on_its_lanes_have_it_for_jobs_of_its_tiers() -> None:
    policy = a_policy(QUANTUM, windows=[NIGHTS])
    batch = routing.plan(facts(wish="quantum", tier="batch"), policy)
    interactive = routing.plan(facts(wish="quantum", tier="interactive"), policy)

    assert [(leg.lane, leg.windows) for leg in batch.legs] == [("quantum", (WINDOW,)), ("classical", None)]
    assert [leg.windows for leg in interactive.legs] == [None, None]


def test_a_policy_without_windows_plans_as_ever() -> None:
    planned = routing.plan(facts(wish="quantum", tier="batch"), a_policy(QUANTUM))

    assert [leg.windows for leg in planned.legs] == [None, None]
    assert "windows" not in planned.model_dump_json(exclude_none=True)


WRONG: dict[str, tuple[list[dict[str, Any]], tuple[str, str]]] = {
    "a zone that is none": ([NIGHTS | {"zone": "Europe/Atlantis"}], ("unknown_zone", "windows/nights/zone")),
    "one name for two": ([NIGHTS, NIGHTS], ("row_twice", "windows/nights")),
    "the default answer": ([NIGHTS | {"lanes": ["rule"]}], ("rule_closed", "windows/nights/lanes")),
    "a lane that never opens": (
        [NIGHTS, NIGHTS | {"id": "x", "effect": "deny", "opens": "00:00", "closes": "00:00"}],
        ("never_open", "windows"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_lint_finds_wrong(name: str) -> None:
    windows, wanted = WRONG[name]
    (found,) = [each for each in lint(a_document(QUANTUM, windows=windows)) if each.level == "error"]

    assert (found.code, found.at) == wanted
    assert found.remedy


@pytest.mark.parametrize("change", [{"opens": "24:00"}, {"opens": "7:00"}, {"days": []}, {"days": ["funday"]}])
def test_what_is_no_time_is_not_read(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        a_document(QUANTUM, windows=[NIGHTS | change])


def test_good_windows_have_no_findings_and_a_diff_tells_them_by_name() -> None:
    before, after = a_document(QUANTUM), a_document(QUANTUM, windows=[NIGHTS])
    told = [(each.where, each.what) for each in changes(before.model_dump(mode="json"), after.model_dump(mode="json"))]

    assert [each.code for each in lint(after)] == [each.code for each in lint(before)]
    assert told == [("windows/nights", "added")]
