"""What gives way when jobs wait for a lane: in which order, for how long, and how plans and jobs say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from queuebit_contracts.jobs import Lane, Tier
from queuebit_contracts.operators import JobHeld
from queuebit_domain.eta.waiting import why
from queuebit_domain.job import routing
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Reprioritise, Wake
from queuebit_domain.job.state import NoJob, OpenJob
from queuebit_domain.release.overload import RELIEFS, Relief, defers, relief_of, without_measures
from queuebit_domain.release.shares import Order, Queue, Shares
from tests.builders import JOB_ID, NOW, a_submit
from tests.unit.policy.policies import a_policy, facts, measured, row

SHADOWED = {
    "plan": "shadowed",
    "legs": [
        {"role": "primary", "lane": "classical"},
        {"role": "shadow", "lane": "quantum"},
        {"role": "shadow", "lane": "simulator", "advises": True},
    ],
}


@pytest.mark.parametrize(
    ("crowded_s", "relief"),
    [
        ({}, "none"),
        ({"interactive": 29.9, "batch": 29.9, "scheduled": 29.9}, "none"),
        ({"scheduled": 30.0}, "measures_less"),
        ({"batch": 5000.0, "interactive": 59.9}, "measures_less"),
        ({"interactive": 60.0}, "defers_scheduled"),
        ({"interactive": 120.0}, "defers_batch"),
        ({"interactive": 659.9}, "defers_batch"),
        ({"interactive": 660.0}, "measures_less"),
    ],
)
def test_each_step_goes_beyond_the_one_before_and_ends(crowded_s: Mapping[Tier, float], relief: Relief) -> None:
    assert relief_of(crowded_s) == relief


def test_interactive_jobs_are_put_off_by_nothing_and_scheduled_ones_before_batch_ones() -> None:
    tiers: tuple[Tier, ...] = ("interactive", "batch", "scheduled")

    assert {each: [tier for tier in tiers if defers(each, tier)] for each in RELIEFS} == {
        "none": [],
        "measures_less": [],
        "defers_scheduled": ["scheduled"],
        "defers_batch": ["batch", "scheduled"],
    }


@pytest.mark.parametrize("lane", ["quantum", "simulator", "classical"])
def test_a_plan_loses_what_is_only_measured_on_the_lane_and_says_so(lane: Lane) -> None:
    policy = a_policy(
        row("s", "shadowed", wish="auto"), plans={"classical": SHADOWED, "shadowed": SHADOWED, "quantum": SHADOWED},
        experiments=[measured("trial", "quantum")],
    )  # fmt: skip
    planned = routing.plan(facts(), policy)
    found = without_measures(planned, (lane,))

    if lane == "quantum":
        assert [leg.leg for leg in found.legs] == ["primary-classical", "shadow-simulator"]
        assert found.experiments is None
        assert found.reasons[len(planned.reasons) :] == (
            "overload: shadow-quantum gives way, as jobs wait for the quantum lane.",
            "overload: shadow2-quantum gives way, as jobs wait for the quantum lane.",
        )
    else:
        assert found is planned


def crowded(tier: Tier, seconds: float) -> Shares:
    """A classical lane for which jobs of that tier and of two tenants have waited for so long."""
    shares = Shares({"classical": 1.0})
    since = NOW - timedelta(seconds=seconds)
    for at in (since, since + timedelta(seconds=seconds / 2), NOW):
        shares.still_waiting({Queue("classical", tier): ["globex", "initech"]}, at)
    return shares


def test_a_job_of_a_tier_that_gives_way_waits_says_so_and_goes_when_nobody_waits_any_more() -> None:
    shares = crowded("interactive", 120.0)
    events, job = decide(NoJob(), a_submit(tier="batch"), NOW, JOB_ID, shares=shares)
    held = events[-1]
    assert isinstance(held, JobHeld)
    assert isinstance(job, OpenJob)
    waits = why(job)

    assert (held.scope, held.value, held.expected_s is not None) == ("tier", "batch", True)
    assert held.reason == "overload: batch jobs wait for the classical lane, as interactive ones do."
    assert waits is not None
    assert (waits.code, waits.since) == ("overload", NOW)
    assert decide(job, Wake(), NOW, JOB_ID, shares=shares)[0] == []
    _, first = decide(job, Reprioritise(5, "ada", "A customer waits."), NOW, JOB_ID)
    still = why(first)
    assert still is not None
    assert still.code == "overload", "whoever goes first of its tenant gives way as before"
    shares.still_waiting({}, NOW)
    assert [type(each).__name__ for each in decide(job, Wake(), NOW, JOB_ID, shares=shares)[0]] == ["JobQueued"]


def test_its_turn_does_not_come_meanwhile_and_on_other_lanes_and_tiers_all_go() -> None:
    shares = crowded("interactive", 120.0)

    def has_room(lane: Lane, tier: Tier) -> bool:
        return shares.has_room(Queue(lane, tier), "acme", {}, 1.0, NOW)

    assert not has_room("classical", "batch")
    assert not has_room("classical", "scheduled")
    assert has_room("classical", "interactive")
    assert has_room("quantum", "batch")
    assert shares.wait(Order("acme", Queue("classical", "interactive"), "tsp", 1, 1, 1.0), NOW) is None
    assert shares.relieved(NOW) == {"classical"}


def test_who_waits_alone_puts_off_its_own_and_nobody_elses() -> None:
    """Given a flood of one tenant that has its share out, then only its own batch jobs give way to it."""
    shares = crowded("interactive", 120.0)
    shares.still_waiting({Queue("classical", "interactive"): ["globex"]}, NOW)
    batch = Queue("classical", "batch")

    assert shares.relief("classical", NOW) == "defers_batch"
    assert [shares.has_room(batch, each, {}, 1.0, NOW) for each in ("globex", "acme")] == [False, True]
    assert shares.wait(Order("globex", batch, "tsp", 1, 1, 1.0), NOW) is not None
    assert shares.wait(Order("acme", batch, "tsp", 1, 1, 1.0), NOW) is None


def test_a_pause_in_the_waiting_begins_the_count_anew() -> None:
    shares = crowded("interactive", 59.0)
    shares.still_waiting({}, NOW)
    shares.still_waiting({Queue("classical", "interactive"): ["globex"]}, NOW)

    assert shares.relief("classical", NOW + timedelta(seconds=29)) == "none"
    assert shares.relief("classical", NOW + timedelta(seconds=30)) == "measures_less"
