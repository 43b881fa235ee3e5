"""An earlier answer as a leg: it competes with what is worked out now, ends no search, and is told as what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.candidates import Cached
from queuebit_contracts.jobs import Leg
from queuebit_control_plane.work import Work
from queuebit_domain.holds.gate import OPEN
from queuebit_domain.job import routing
from queuebit_domain.job.cached import Candidate, with_candidate
from queuebit_domain.job.messages import Submit, Wake
from queuebit_domain.job.state import Idle, OpenJob, Working
from queuebit_domain.job.timers import next_wake
from queuebit_domain.policy.facts import with_told
from tests.builders import JOB_ID, NOW, a_failure, a_submit, a_verdict, at
from tests.unit.control_plane.given import Story, given
from tests.unit.control_plane.handling import a_command
from tests.unit.control_plane.planned import PRIMARY, answers, submitted, told
from tests.unit.policy.policies import a_policy, row

FROM = UUID(int=77)
ANSWER = {"side": [0, 1]}
FOUND = Candidate(FROM, NOW - timedelta(hours=2), True, ANSWER)
BEHIND = {"role": "fallback", "lane": "simulator", "starts": "when_needed"}
CACHED = "cached-rule"
MAIN = "primary-classical"
SAID = f"The answer of job {FROM}, given 2026-01-02 01:04 UTC to the same statement, is checked anew and competes."
WHOSE = f"{CACHED} is the answer of job {FROM}, checked anew"


def asked(*legs: Any, found: Candidate | str = FOUND, **request: Any) -> Submit:
    submit = submitted(*(legs or (PRIMARY,)), **request)
    assert submit.planned is not None
    return replace(submit, planned=with_candidate(submit.planned, found, 10.0, alone=submit.inputs.alone))


def planned(submit: Submit) -> ev.JobPlanned:
    assert submit.planned is not None
    return submit.planned


def open_job(story: Story) -> OpenJob:
    assert isinstance(story.job, OpenJob)
    return story.job


def completed(story: Story) -> ev.JobCompleted:
    return story.the(ev.JobCompleted)


def test_the_plan_says_it_as_data_and_the_order_holds_the_answer() -> None:
    submit = asked()

    *_, leg = planned(submit).legs
    assert leg == Leg(
        leg=CACHED, role="baseline", lane="rule", budget_s=10.0, attempts_max=3, reason=SAID, starts=(),
        cached=Cached(job_id=FROM, answered_at=FOUND.answered_at, same=True, answer=ANSWER),
    )  # fmt: skip
    assert planned(submit).reasons[-1] == SAID
    order = next(each for each in given(submit).events if isinstance(each, ev.JobQueued) and each.leg == CACHED)
    assert (order.lane, order.hint, order.from_job) == ("rule", ANSWER, FROM)


def test_it_is_waited_for_and_wins_where_it_is_better() -> None:
    first = told(given(asked()), answers(MAIN, 5))
    assert first.names == ["JobStarted", "ExecutionSucceeded", "ResultValidated"]

    end = completed(told(first, answers(CACHED, 6, evidence={"from_job": str(FROM)})))

    assert (end.leg, end.objective, end.cost.amount) == (CACHED, 6, "0")
    assert end.reasons[-2:] == (f"{CACHED} 6 was chosen over {MAIN} 5", WHOSE)


def test_it_loses_where_what_is_worked_out_now_is_better_or_as_good() -> None:
    for objective in (6, 7):
        end = completed(told(told(given(asked()), answers(CACHED, 6)), answers(MAIN, objective)))
        assert (end.leg, end.objective) == (MAIN, objective)
        assert WHOSE not in end.reasons


def test_what_does_not_fit_any_more_is_out_and_stops_nothing() -> None:
    out = given(asked(PRIMARY, BEHIND)).when(a_failure(CACHED, code="no_answer_found", detail="it does not fit"))
    assert out.names == ["ExecutionFailed"]

    end = completed(told(out, answers(MAIN, 5)))

    assert end.leg == MAIN
    assert f"{CACHED}: no_answer_found, it does not fit" in end.reasons


def test_it_ends_no_search_the_plan_goes_on_when_its_first_leg_fails() -> None:
    kept = told(given(asked(PRIMARY, BEHIND)), answers(CACHED, 6))

    failed = kept.when(a_failure(MAIN, code="problem_too_large"))

    assert failed.names == ["ExecutionFailed", "FallbackTaken", "JobQueued"]
    assert failed.the(ev.FallbackTaken).from_leg == MAIN
    end = completed(told(failed, answers("fallback-simulator", 4)))
    assert (end.leg, end.objective) == (CACHED, 6)


def test_it_is_the_answer_where_there_is_no_other_even_where_it_comes_last() -> None:
    alone = told(given(asked()), answers(CACHED, 6)).when(a_failure(MAIN, code="problem_too_large"))
    assert completed(alone).leg == CACHED

    waiting = given(asked()).when(a_failure(MAIN, code="problem_too_large"))
    assert waiting.names == ["ExecutionFailed"]
    assert completed(told(waiting, answers(CACHED, 6))).leg == CACHED


def test_where_nothing_is_left_the_job_fails_and_says_why() -> None:
    both = given(asked()).when(a_failure(CACHED, code="no_answer_found")).when(a_failure(MAIN, code="internal"))

    assert both.names == ["ExecutionFailed", "JobFailed"]


def test_when_patience_ends_it_is_the_answer() -> None:
    kept = told(given(asked(PRIMARY, BEHIND, latency_budget_s=30.0)), answers(CACHED, 6))
    assert kept.when(Wake(), at(29)).names == []

    late = kept.when(Wake(), at(30))

    assert late.names == ["AttemptAbandoned", "JobCompleted"]
    assert completed(late).leg == CACHED


def test_when_patience_ends_it_is_the_answer_though_a_fallback_was_hurried_before_it_came() -> None:
    """Given an attempt whose stage took too long, so that a fallback works beside it, and then the earlier answer."""
    kept = told(slow().when(Wake(), at(10)), answers(CACHED, 6), 11)
    assert next_wake(kept.job) == at(30)

    late = kept.when(Wake(), at(30))

    assert completed(late).leg == CACHED


def test_it_keeps_no_fallback_from_being_taken_for_a_stage_that_takes_too_long() -> None:
    kept = told(slow(), answers(CACHED, 6), 1)
    assert next_wake(kept.job) == at(10)

    hurried = kept.when(Wake(), at(10))

    assert hurried.names == ["FallbackTaken", "JobQueued"]


def slow() -> Story:
    """A job whose first leg may wait ten seconds for a worker, and its caller thirty for an answer."""
    first = {"role": "primary", "lane": "simulator", "stages": {"queue_s": 10.0}}
    behind = {"role": "fallback", "lane": "classical", "starts": ["latency_budget"]}
    return given(asked(first, behind, latency_budget_s=30.0))


def test_no_refinement_starts_from_it_while_the_first_leg_works() -> None:
    on = {"role": "fallback", "lane": "classical", "starts": "to_improve"}
    first = {"role": "primary", "lane": "simulator"}

    kept = told(given(asked(first, on)), answers(CACHED, 6))

    job = open_job(kept)
    assert [type(leg.status) for leg in job.legs[:2]] == [Working, Idle]
    better = told(kept, answers("primary-simulator", 5))
    assert better.the(ev.JobQueued).hint == {"side": [6], "of": CACHED}, "the best that there is"


@pytest.mark.parametrize(
    ("found", "request_", "why"),
    [
        ("job 7 is of the kind tsp", {}, "job 7 is of the kind tsp"),
        (FOUND, {"alone": True}, "the job wants the answer of the lane that it names or none"),
    ],
)
def test_why_none_competes_is_said_and_nothing_else_changes(
    found: Candidate | str, request_: dict[str, Any], why: str
) -> None:
    without = submitted(PRIMARY, **request_)

    plan = planned(asked(found=found, **request_))

    assert plan.legs == planned(without).legs
    assert plan.reasons == (*planned(without).reasons, f"No earlier answer competes: {why}.")


def test_a_policy_says_what_it_is_worth_as_data() -> None:
    """Given a policy in which an earlier answer to the same statement is taken only where the first leg gives none."""
    instead = {"role": "fallback", "lane": "rule", "cached": True, "starts": "when_needed"}
    plans = {"classical": {"plan": "c", "legs": [PRIMARY]}, "kept": {"plan": "kept", "legs": [PRIMARY, instead]}}
    rows = (row("same", "kept", cached_same=True, cached_age_s={"lt": 86_400}), row("usual"))
    policy = a_policy(*rows, plans=plans)
    submit = a_submit("auto")
    known = with_told(submit.inputs, {"cached_age_s": 7200.0, "cached_same": True})

    plan = with_candidate(routing.plan(known, policy), FOUND, 10.0, alone=False)
    nothing = routing.plan(submit.inputs, policy)
    stale = routing.plan(with_told(known, {"cached_age_s": 1e6}), policy)

    assert policy.reads >= {"cached_age_s", "cached_same"}
    assert [(leg.leg, leg.cached is not None) for leg in plan.legs] == [(MAIN, False), (CACHED, True)]
    assert (plan.rule, plan.trace) == ("same", "11")
    assert plan.inputs["cached_age_s"] == 7200.0
    assert [each.rule for each in (nothing, stale)] == ["usual", "usual"]
    failed = given(replace(submit, planned=plan)).when(a_failure(MAIN, code="internal"))
    assert failed.the(ev.JobQueued).from_job == FROM
    assert completed(told(failed, answers(CACHED, 3))).objective == 3


def test_a_stage_that_takes_too_long_may_be_answered_by_it() -> None:
    """Given an attempt that nobody has begun within its patience, then the earlier answer is taken, and ends the job."""
    slow = {"role": "primary", "lane": "simulator", "stages": {"queue_s": 30.0}}
    instead = {"role": "fallback", "lane": "rule", "cached": True, "starts": ["latency_budget"]}
    plans = {"classical": {"plan": "c", "legs": [PRIMARY]}, "it": {"plan": "it", "legs": [slow, instead]}}
    submit = a_submit("auto")
    known = with_told(submit.inputs, {"cached_age_s": 60.0})
    plan = with_candidate(routing.plan(known, a_policy(row("it", "it"), plans=plans)), FOUND, 10.0, alone=False)

    waiting = given(replace(submit, planned=plan)).when(Wake(), at(30))

    assert waiting.names == ["FallbackTaken", "JobQueued"]
    assert (waiting.the(ev.FallbackTaken).trigger, waiting.the(ev.JobQueued).from_job) == ("latency_budget", FROM)
    assert completed(told(waiting, answers(CACHED, 4), 31)).leg == CACHED


def test_a_leg_for_an_earlier_answer_is_none_where_there_is_none() -> None:
    cached = {"role": "baseline", "lane": "rule", "cached": True}
    plans = {"classical": {"plan": "c", "legs": [PRIMARY]}, "it": {"plan": "it", "legs": [PRIMARY, cached]}}
    policy = a_policy(row("it", "it"), plans=plans)
    submit = a_submit("auto")

    assert [leg.leg for leg in routing.plan(submit.inputs, policy).legs] == [MAIN]
    placed = routing.plan(with_told(submit.inputs, {"cached_age_s": 1.0}), policy)
    assert [leg.leg for leg in placed.legs] == [MAIN, CACHED]
    assert [leg.leg for leg in with_candidate(placed, "it is suspect", 1.0, alone=False).legs] == [MAIN]


def test_a_verdict_on_another_answer_is_none() -> None:
    """Given what a worker made of the earlier answer, then the validator's word counts, as for every leg."""
    success, _ = answers(CACHED, 6)
    story = given(asked()).when(success).when(a_verdict(CACHED, answer_fingerprint="other"))

    assert story.names == ["ResultRejected"]
    assert open_job(story).job_id == JOB_ID


def test_what_a_plan_holds_of_it_is_counted_where_jobs_are_kept_in_memory() -> None:
    large = Candidate(FROM, FOUND.answered_at, True, {"side": [0] * 50_000})
    sizes = []
    for submit in (asked(), asked(found=large)):
        work = Work(JOB_ID, "acme", [a_command(submit)])
        work.decide(work.commands[0], NOW, OPEN)
        work.write(NOW)
        sizes.append(work.size_bytes)

    assert sizes[1] - sizes[0] > 1_200_000
