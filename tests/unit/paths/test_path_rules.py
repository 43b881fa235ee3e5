"""Stages: up on evidence and never without, down at once, and what a person may and may not do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from queuebit_contracts.paths import (
    RAMP,
    Hypothesis,
    PathFrozen,
    PathReopened,
    PathRetired,
    PathStageChanged,
    Stage,
)
from queuebit_domain.errors import CorruptStream
from queuebit_domain.paths.deciding import (
    PathRefused,
    freeze,
    look,
    promote,
    record,
    register,
    reopen,
    retire,
)
from queuebit_domain.paths.gate import Gate
from queuebit_domain.paths.judging import Judgement, has_room, judge, missing
from queuebit_domain.paths.state import NoPath, Path, evolve_path
from tests.unit.paths.given import T0, a_pair, a_path, hours, in_stage, registered, then

SURE = 50.0
"""The logarithm of odds that no threshold reaches."""


def showing(path: Path, *hypotheses: Hypothesis, done: int = 100, epochs: int = 3) -> Path:
    """The path, with so many pairs in its stage and these hypotheses shown."""
    wealth = {**path.gate.wealth, **{each: (SURE,) * len(path.gate.wealth[each]) for each in hypotheses}}
    gate = replace(path.gate, pairs=done, wealth=wealth, shown=dict.fromkeys(hypotheses, done))
    return replace(path, gate=gate, done=done, epochs=frozenset(f"e{nth}" for nth in range(epochs)))


READY: dict[Stage, tuple[Hypothesis, ...]] = {
    "simulate": (),
    "batch_pilot": ("feasible",),
    "shadow": ("non_inferior", "feasible", "deadline_kept", "superior_to_placebo"),
    "advisory": ("suggestions_taken",),
    "canary": (),
}
NEXT: dict[Stage, tuple[Stage, int]] = {
    "simulate": ("batch_pilot", 0),
    "batch_pilot": ("shadow", 0),
    "shadow": ("advisory", 0),
    "advisory": ("canary", 1),
    "canary": ("canary", 5),
}


@pytest.mark.parametrize("stage", list(READY))
def test_with_all_that_a_stage_asks_for_a_path_goes_up(stage: Stage) -> None:
    path = showing(in_stage(stage, RAMP[0] if stage == "canary" else 0), *READY[stage])
    found = judge(path, hours(48))

    assert (found.word, (found.to_stage, found.percent), found.approval) == (
        "promote",
        NEXT[stage],
        stage == "advisory",
    )
    assert bool(look(path, hours(48))) is (stage != "advisory")


@pytest.mark.parametrize("stage", ["batch_pilot", "shadow", "advisory"])
def test_without_any_one_of_them_it_waits_and_says_for_what(stage: Stage) -> None:
    for lacking in READY[stage]:
        path = showing(in_stage(stage), *(each for each in READY[stage] if each != lacking))

        assert judge(path, hours(48)).word == "hold"
        assert [text for text in missing(path, hours(48)) if text.startswith("Not shown")] != []
        assert look(path, hours(48)) == []


@pytest.mark.parametrize(
    ("changes", "at", "said"),
    [
        ({"done": 49}, 48.0, "49 of 50 pairs are there."),
        ({"epochs": 2}, 48.0, "2 of 3 calibration epochs were seen."),
        ({}, 5.0, "5.0 of 24 hours have passed."),
    ],
)
def test_pairs_epochs_and_hours_are_asked_for_beside_the_evidence(
    changes: dict[str, int], at: float, said: str
) -> None:
    path = showing(in_stage("shadow"), *READY["shadow"], **changes)

    assert judge(path, hours(at)) == Judgement("hold", (said,))


def test_what_was_shown_once_and_is_doubtful_again_takes_nobody_up() -> None:
    path = showing(in_stage("canary", 50), "superior", "superior_to_placebo")
    wealth = {**path.gate.wealth, "superior": (0.0,) * len(path.gate.wealth["superior"])}
    doubtful = replace(path, gate=replace(path.gate, wealth=wealth))

    assert judge(path, hours(1)).word == "promote"
    assert judge(doubtful, hours(1)).word == "hold"
    assert "Not shown: the path is better than the classical way" in missing(doubtful, hours(1))[0]


def test_suggestions_that_nobody_needs_take_nobody_up() -> None:
    path = in_stage("advisory")
    for nth in range(1, 101):
        path = evolve_path(path, a_pair(nth, 0.0), hours(nth))

    assert (path.done, judge(path, hours(200)).word) == (100, "hold")


@pytest.mark.parametrize("name", ["margin", "min_gain"])
def test_a_gate_that_could_show_nothing_is_refused(name: str) -> None:
    wanted = registered(spec={name: 0.1})

    with pytest.raises(PathRefused, match=f"gate/{name}: 0.1 is no less than gate/clip"):
        register(NoPath(), wanted)
    assert register(NoPath(), registered(spec={name: 0.09})) != []


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_path_that_was_registered_with_such_a_gate_is_read_all_the_same_and_shows_nothing_by_it(share: float) -> None:
    spec = {"margin": share, "min_gain": share, "infeasible_breach": 0.995}
    path = a_path(spec=spec)
    for nth in range(1, 101):
        path = evolve_path(path, a_pair(nth, 0.0), hours(nth))

    assert {"non_inferior", "futile", "futile_beside_placebo", "infeasible"}.isdisjoint(path.gate.shown)


def test_no_data_is_never_success() -> None:
    for stage in (*READY, "production"):
        path = in_stage(stage, 1 if stage == "canary" else 0)

        assert judge(path, hours(1000)).word == "inconclusive"
        assert look(path, hours(1000)) == []


def test_the_ramp_ends_in_production_only_where_the_path_is_better() -> None:
    proofs: tuple[Hypothesis, ...] = ("superior", "superior_to_placebo")
    steps = [judge(showing(in_stage("canary", percent)), hours(1)) for percent in RAMP[:-1]]
    unproved, proved = (showing(in_stage("canary", 50), *shown) for shown in (proofs[:1], proofs))

    assert [step.percent for step in steps] == [*RAMP[1:]]
    assert judge(unproved, hours(1)).word == "hold"
    assert judge(proved, hours(1)).to_stage == "production"


def test_what_is_done_today_must_be_beaten_too_where_it_was_reported() -> None:
    path = showing(in_stage("canary", 50), "superior", "superior_to_placebo")
    told = replace(path, gate=replace(path.gate, incumbent_pairs=30))

    assert judge(path, hours(1)).word == "promote"
    assert judge(told, hours(1)).word == "hold"
    assert judge(showing(told, "superior", "superior_to_placebo", "superior_to_incumbent"), hours(1)).word == "promote"


@pytest.mark.parametrize(
    ("stage", "hypothesis"),
    [
        ("advisory", "harm"),
        ("canary", "harm"),
        ("canary", "sign_harm"),
        ("canary", "infeasible"),
        ("canary", "deadline_missed"),
        ("canary", "harm_to_incumbent"),
        ("production", "harm"),
        ("production", "regression"),
    ],
)
def test_a_guardrail_takes_it_back_to_nothing_at_once(stage: Stage, hypothesis: Hypothesis) -> None:
    path = showing(in_stage(stage, 10 if stage == "canary" else 0), *READY.get(stage, ()), hypothesis)
    (event,) = look(path, hours(1))

    assert isinstance(event, PathStageChanged)
    assert (event.from_stage, event.to_stage, event.percent, event.actor) == (stage, "shadow", 0, "gate")
    after = then(path, [event], hours(1))
    assert (after.answers, after.gate, after.rollbacks) == (0, Gate(), 1)
    assert event.evidence["pairs"] == 100


def test_a_shadow_that_harms_or_gains_nothing_is_frozen_with_a_proposal_and_retired_where_it_may_itself() -> None:
    proposed = look(showing(in_stage("shadow"), "futile"), hours(1))
    retired = look(showing(in_stage("shadow", spec={"retires_itself": True}), "futile"), hours(1))

    assert [(type(event), event.proposal) for event in proposed if isinstance(event, PathFrozen)] == [
        (PathFrozen, "retire")
    ]
    assert [type(event) for event in retired] == [PathRetired]


def test_one_bad_week_retires_nobody() -> None:
    seen_twice = showing(in_stage("shadow"), "futile", epochs=2)
    better_since = replace(
        showing(in_stage("shadow"), "futile"),
        gate=replace(showing(in_stage("shadow"), "futile").gate, wealth=Gate().wealth),
    )

    assert [judge(each, hours(48)).word for each in (seen_twice, better_since)] == ["hold", "hold"]


def test_a_draw_that_is_not_as_stated_stops_all_and_takes_nothing_back() -> None:
    path = in_stage("canary", 10)
    skewed = replace(path, done=5, gate=replace(path.gate, shown={"sample_ratio": 5}))
    (event,) = look(skewed, hours(1))

    assert judge(skewed, hours(1)).word == "invalid"
    assert isinstance(event, PathFrozen)
    assert event.proposal is None


def test_a_person_lets_it_into_a_canary_who_does_not_own_it() -> None:
    ready = showing(in_stage("advisory"), "suggestions_taken")
    (event,) = promote(ready, "grace", "Looked at twenty suggestions.", hours(1))

    assert isinstance(event, PathStageChanged)
    assert (event.to_stage, event.percent, event.actor) == ("canary", 1, "grace")
    with pytest.raises(PathRefused, match="ada owns the path"):
        promote(ready, "ada", "It is good.", hours(1))
    with pytest.raises(PathRefused, match="inconclusive"):
        promote(in_stage("advisory"), "grace", "It looks good.", hours(1))


def test_freezing_is_once_and_reopening_leads_to_where_it_answers_nobody() -> None:
    path = in_stage("canary", 25)
    (frozen,) = freeze(path, "sre", "Odd answers.")
    stopped = then(path, [frozen])
    (reopened,) = reopen(stopped, "shadow", "looked into", "sre", "It was the proxy.")
    again = then(stopped, [reopened])

    assert (stopped.answers, freeze(stopped, "sre", "Again.")) == (0, [])
    assert isinstance(reopened, PathReopened)
    assert (again.stage, again.measures, again.gate) == ("shadow", True, Gate())
    with pytest.raises(PathRefused):
        reopen(path, "shadow", "no reason", "sre", "It flows.")
    with pytest.raises(PathRefused):
        reopen(stopped, "production", "hurry", "sre", "It was good.")


def test_retiring_is_once_with_the_whole_story_and_its_hash() -> None:
    path = then(a_path(), [a_pair(1), a_pair(2)])
    (event,) = retire(path, "ada", "Gains nothing.")

    assert isinstance(event, PathRetired)
    assert event.evidence_digest == path.digest
    assert "Given up by ada: Gains nothing." in event.report
    assert retire(then(path, [event]), "ada", "Again.") == []
    assert [type(each).__name__ for each in record(then(path, [event]), a_pair(3), T0)] == ["PathPairRecorded"]


def test_the_same_registration_is_nothing_new_and_another_gate_is_refused() -> None:
    assert register(NoPath(), registered()) == [registered()]
    assert register(a_path(), registered()) == []
    with pytest.raises(PathRefused, match="fixed from then on"):
        register(a_path(), registered(spec={"clip": 0.5}))


def test_the_budget_holds_all_that_is_out_at_the_highest_price() -> None:
    def room(budget: str, price: str | None, in_flight: int, *pairs: Any) -> bool:
        money: dict[str, Any] = {"budget": {"amount": budget, "currency": "EUR"}}
        if price is not None:
            money["price_max"] = {"amount": price, "currency": "EUR"}
        return has_room(then(a_path(**money), pairs), in_flight)

    assert [room("2", "0.50", in_flight) for in_flight in (3, 4)] == [True, False]
    assert [room("2", "0.50", in_flight, a_pair(1), a_pair(2)) for in_flight in (1, 2)] == [True, False]
    assert [room("2", None, in_flight) for in_flight in (0, 1)] == [True, False]
    assert [room("2", None, in_flight, a_pair(1)) for in_flight in (2, 3)] == [True, False]
    assert not room("1", "0.50", 0, a_pair(1), a_pair(2))


def test_a_stream_that_makes_no_story_is_refused() -> None:
    with pytest.raises(CorruptStream):
        evolve_path(NoPath(), a_pair(1), T0)
    with pytest.raises(CorruptStream):
        then(a_path(), [a_pair(2)])
    with pytest.raises(CorruptStream):
        then(a_path(), [registered()])
