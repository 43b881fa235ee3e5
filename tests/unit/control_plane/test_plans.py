"""Plans are data: what starts a leg stands on it, a shadow runs and never counts, a plan that was denied ends its job."""

from __future__ import annotations

import pytest

from queuebit_contracts import events as ev
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.label import label
from queuebit_domain.job.messages import Wake
from queuebit_domain.job.plans import legs_of
from queuebit_domain.job.routing import RULES, leg_of
from queuebit_domain.job.state import NoJob
from queuebit_domain.job.timers import next_wake
from queuebit_domain.policy.tables import Condition, PlannedLeg, Rule
from tests.builders import JOB_ID, NOW, a_failure, a_request, a_start, a_submit, a_success, a_verdict, at, inputs
from tests.unit.control_plane.given import Story, given

SHADOWED = Rule(
    "shadowed", "classical_only", (PlannedLeg("primary", "classical"), PlannedLeg("shadow", "simulator")), "A trial."
)


def planned(rule: Rule) -> ev.JobPlanned:
    seen = inputs(a_request())
    return ev.JobPlanned(
        plan=rule.plan,
        legs=tuple(leg_of(each, seen, rule) for each in rule.legs),
        sense="max",
        policy_version="test",
        rule=rule.name,
        reasons=(rule.reason,),
        inputs={},
    )


def shadowed() -> Story:
    """A job whose plan has a shadow, both legs released."""
    job = evolve(NoJob(), a_submit().event, NOW, JOB_ID)
    return Story(evolve(job, planned(SHADOWED), NOW, JOB_ID)).when(Wake())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_plan_of_before_reads_as_the_same_plan_of_today(rule: Rule) -> None:
    today = planned(rule)
    before = today.model_copy(update={"legs": tuple(leg.model_copy(update={"starts": None}) for leg in today.legs)})

    assert legs_of(before) == legs_of(today) == today.legs


def test_a_leg_starts_on_the_triggers_that_it_names_alone() -> None:
    legs = (PlannedLeg("primary", "classical"), PlannedLeg("fallback", "rule", ("latency_budget",)))
    job = evolve(NoJob(), a_submit().event, NOW, JOB_ID)
    story = Story(evolve(job, planned(Rule("r", "rule_only", legs, "")), NOW, JOB_ID)).when(Wake())

    assert story.when(a_failure(code="no_answer_found")).names == ["ExecutionFailed", "JobFailed"]
    assert story.when(Wake(), at(61)).the(ev.FallbackTaken).trigger == "latency_budget"


def test_a_shadow_runs_and_neither_its_failure_nor_its_answer_counts() -> None:
    story = shadowed()
    assert [(event.leg, event.role) for event in story.events if isinstance(event, ev.JobQueued)] == [
        ("primary-classical", "primary"),
        ("shadow-simulator", "shadow"),
    ]

    better = story.when(a_success("shadow-simulator", objective=9)).when(a_verdict("shadow-simulator", objective=9))
    assert (better.names, label(better.job)) == (["ResultValidated"], "queued")
    done = better.when(a_success(objective=4)).when(a_verdict(objective=4)).the(ev.JobCompleted)
    assert (done.leg, done.objective) == ("primary-classical", 4)

    assert story.when(a_failure("shadow-simulator")).names == ["ExecutionFailed"]
    running = story.when(a_start("shadow-simulator"))
    assert label(running.job) == "queued"


def test_a_shadow_is_not_waited_for() -> None:
    assert shadowed().when(a_success()).when(a_verdict()).names == [
        "ResultValidated", "AttemptAbandoned", "JobCompleted",
    ]  # fmt: skip
    assert shadowed().when(a_failure()).names == ["ExecutionFailed", "AttemptAbandoned", "JobFailed"]


def test_a_plan_that_a_person_denied_ends_its_job_at_once() -> None:
    denial = ev.ApprovalDenied(digest="d", actor="ada", reason="too dear")
    job = evolve(given(a_submit()).job, denial, NOW, JOB_ID)

    due = next_wake(job)
    assert due is not None
    assert due <= NOW
    story = Story(job).when(Wake())
    assert story.names == ["AttemptAbandoned", "JobCancelled"]
    assert (story.the(ev.JobCancelled).actor, story.the(ev.JobCancelled).reason) == ("ada", "too dear")
    assert next_wake(story.job) is None


def test_a_condition_is_a_value_of_a_rule() -> None:
    small = Rule("small", "rule_only", (), "", when=(Condition("variables", "le", 10), Condition("terms", "le", 5)))

    assert (small.fits(inputs(a_request(), terms=5)), small.fits(inputs(a_request(), terms=6))) == (True, False)
