"""What a policy decides: the first row that holds, lanes that guards forbid, legs that are measured; all with marks."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from queuebit_contracts.jobs import Lane
from queuebit_domain.errors import InvalidPolicy
from queuebit_domain.job.routing import plan
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.evaluation import evaluate
from queuebit_domain.policy.facts import BASE, BUCKETS, FACTS, Facts, bucket_of, facts_in, recorded
from tests.unit.policy.policies import a_policy, facts, guard, measured, row

LARGE = row("large", "quantum", variables={"ge": 5})
LATE = {"time_left_s": {"lt": {"fact": "latency_budget_s", "times": 0.5}}}


def test_every_fact_has_its_meaning() -> None:
    assert tuple(FACTS) == Facts._fields


def test_the_first_row_that_holds_decides_and_leaves_a_mark_for_each_condition_before_it() -> None:
    policy = a_policy(row("asked", wish="classical"), row("both", variables={"ge": 5, "lt": 6}), LARGE)

    decision = evaluate(policy, facts())

    assert (decision.rule.name, decision.trace) == ("large", "0,01,1")
    assert [leg.lane for leg in decision.legs] == ["quantum", "classical"]
    assert evaluate(policy, facts(variables=1)).trace == "0,10,0,-"


@pytest.mark.parametrize(
    ("when", "told", "holds"),
    [
        ({"kind": "maxcut"}, {}, True),
        ({"kind": {"ne": "maxcut"}}, {}, False),
        ({"kind": {"any_of": ["tsp", "maxcut"]}}, {}, True),
        ({"kind": {"none_of": ["tsp", "maxcut"]}}, {}, False),
        ({"variables": {"gt": 6}}, {}, False),
        ({"variables": {"ge": 6, "le": 6}}, {}, True),
        ({"sense": {"known": True}}, {"sense": None}, False),
        ({"sense": {"known": False}}, {"sense": None}, True),
        ({"sense": {"ne": "min"}}, {"sense": None}, False),
        (LATE, {"time_left_s": 29.0, "latency_budget_s": 60.0}, True),
        (LATE, {"time_left_s": 30.0, "latency_budget_s": 60.0}, False),
        (LATE, {"time_left_s": 1.0}, False),
        (LATE, {"latency_budget_s": 60.0}, False),
    ],
)
def test_a_condition(when: dict[str, Any], told: dict[str, Any], *, holds: bool) -> None:
    assert (evaluate(a_policy(row("it", "quantum", **when)), facts(**told)).rule.name == "it") is holds


def test_what_is_not_known_keeps_a_row_from_holding_and_not_a_guard() -> None:
    policy = a_policy(
        row("idle", "quantum", quantum_queue={"le": 3}), LARGE, guards=[guard("busy", quantum_queue={"gt": 50})]
    )

    unknown = evaluate(policy, facts())
    idle = evaluate(policy, facts(quantum_queue=1))

    assert (unknown.rule.name, [each.name for each in unknown.guards], unknown.trace) == (
        "otherwise",
        ["busy"],
        "?|?,1!,-|",
    )
    assert (idle.rule.name, idle.guards, idle.trace) == ("idle", (), "0|1|")


def test_a_guard_takes_its_lanes_from_the_plan_that_can_do_without_them() -> None:
    policy = a_policy(LARGE, guards=[guard("no-classical", "classical", tier="interactive")])

    planned = plan(facts(), policy)

    assert [leg.leg for leg in planned.legs] == ["primary-quantum"]
    assert planned.reasons == ("It is large.", "Guard no-classical.")


def test_who_wants_a_forbidden_lane_alone_gets_no_other() -> None:
    policy = a_policy(row("alone", "quantum", alone=True), guards=[guard("off", tier="interactive")])

    denied = plan(facts(alone=True), policy)

    assert (denied.plan, denied.legs, denied.trace) == ("denied", (), "1|1!|")
    assert denied.reasons == ("Every lane that could answer is forbidden.", "Guard off.")


def test_experiments_that_hold_are_all_taken_and_those_on_a_forbidden_lane_are_not() -> None:
    trials = [measured("one"), measured("two", "simulator"), measured("three", "simulator", wish="rule")]
    policy = a_policy(guards=[guard("off", tier="batch")], experiments=trials)

    free, forbidden = plan(facts(), policy), plan(facts(tier="batch"), policy)

    assert [leg.leg for leg in free.legs] == ["primary-classical", "shadow-quantum", "shadow-simulator"]
    assert [(each.row, each.leg) for each in free.experiments or ()] == [
        ("one", "shadow-quantum"),
        ("two", "shadow-simulator"),
    ]
    assert (free.trace, forbidden.trace) == ("0|-|-,-,0", "1|-|-!,-,0")
    assert [leg.leg for leg in forbidden.legs] == ["primary-classical", "shadow-simulator"]


def test_a_plan_says_who_decided_from_what() -> None:
    canary = {
        **row("canary", "quantum", bucket={"lt": 1000}),
        "propensity": 0.1,
        "reason": "Bucket {bucket} of {tenant}.",
    }
    policy = a_policy(canary)

    planned = plan(facts(bucket=7), policy)

    assert (planned.policy_version, planned.policy_digest, planned.propensity) == ("frugal/1", "d" * 64, 0.1)
    assert planned.reasons == ("Bucket 7 of unknown.",)
    assert (planned.inputs["bucket"], "tenant" in planned.inputs) == (7, False)
    assert policy.reads == {"bucket", "tenant"}
    assert facts_in({**planned.inputs, "forgotten": 1}) == facts(bucket=7)
    assert list(recorded(facts())) == list(Facts._fields[:BASE])


def test_a_leg_has_the_budget_attempts_and_parameters_of_its_plan_and_legs_alike_are_numbered() -> None:
    leg = {"role": "primary", "lane": "simulator", "params": {"shots": 100}, "budget_s": 3.0, "attempts_max": 1}
    policy = a_policy(
        row("it", "twice"),
        plans={"classical": {"plan": "c", "legs": [leg]}, "twice": {"plan": "t", "legs": [leg, leg]}},
    )

    first, second = plan(facts(), policy).legs

    assert (first.leg, second.leg) == ("primary-simulator", "primary2-simulator")
    assert (first.budget_s, first.attempts_max, first.params) == (3.0, 1, {"shots": 100})


def test_something_always_follows_and_a_guard_more_never_lets_a_lane_in() -> None:
    """Over every combination of a few facts, with guards on each of the lanes."""
    without = a_policy(LARGE, row("alone", "quantum", alone=True))
    lanes: tuple[Lane, ...] = ("quantum", "classical", "simulator")
    for tier, variables, alone, lane in product(("interactive", "batch"), (1, 9), (False, True), lanes):
        told = facts(tier=tier, variables=variables, alone=alone)
        guarded = a_policy(LARGE, row("alone", "quantum", alone=True), guards=[guard("g", lane, tier="batch")])
        free, bound = evaluate(without, told), evaluate(guarded, told)
        assert lane not in {leg.lane for leg in bound.legs} or tier != "batch"
        if tier != "batch":
            assert (bound.rule, bound.legs) == (free.rule, free.legs)
        assert not {leg.lane for leg in bound.legs} - {leg.lane for leg in free.legs} - {"classical"}


def test_alike_jobs_fall_into_one_bucket_and_all_buckets_are_alike() -> None:
    drawn = [bucket_of("s", "acme", str(number)) for number in range(4000)]

    assert bucket_of("s", "acme", "p") == bucket_of("s", "acme", "p")
    assert 0 <= min(drawn) <= max(drawn) < BUCKETS
    tenth = sum(each < BUCKETS // 10 for each in drawn)
    assert 320 < tenth < 480
    both = sum(each < 1000 and bucket_of("shadow:s", "acme", str(n)) < 1000 for n, each in enumerate(drawn))
    assert both < 80, "buckets of different salts are independent"


def test_a_document_that_names_what_is_not_there_is_refused_in_a_sentence() -> None:
    with pytest.raises(InvalidPolicy, match=r"routing/x/when/quibts: there is no fact 'quibts'.*Did you mean qubits"):
        a_policy(row("x", quibts=3))


def test_ten_rows_cost_few_calls() -> None:
    """At most one call a condition and six a row; on one core that is far below 30 microseconds."""
    import cProfile

    policy = a_policy(*(row(f"r{n}", variables={"lt": 3}, qubits={"gt": 9}, wish="rule") for n in range(9)))
    told = facts()
    profile = cProfile.Profile()
    profile.enable()
    decision = evaluate(policy, told)
    profile.disable()

    assert decision.rule.name == "otherwise"
    calls = sum(entry.callcount for entry in profile.getstats())
    assert calls <= 10 * 6 + 27 + 10


def test_the_policy_of_the_release_asks_only_what_is_known_of_every_job() -> None:
    assert all(not FACTS[name].optional or name == "sense" for name in DEFAULT.reads)
