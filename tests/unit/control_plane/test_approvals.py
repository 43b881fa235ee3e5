"""Plans that wait for a person: nothing is released before, exactly what was shown is approved, and silence decides too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import permutations
from typing import Any

from queuebit_contracts import events as ev
from queuebit_contracts.policy import Approval
from queuebit_domain.job import routing
from queuebit_domain.job.approving import VERDICT_S
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.label import label
from queuebit_domain.job.messages import Cancel, Deny, Grant, Message, Wake
from queuebit_domain.job.state import NoJob, OpenJob
from queuebit_domain.job.timers import next_wake
from tests.builders import JOB_ID, NOW, a_submit, at
from tests.unit.control_plane.given import Story
from tests.unit.policy.policies import a_policy, facts, guard, row


def costly(**changes: Any) -> dict[str, Any]:
    told = {
        "id": "costly",
        "when": {"qubits": {"ge": 5}},
        "reason": "{qubits} qubits are dear.",
        "role": "owners",
        "expires_s": 30,
        "plans": ["quantum_with_baseline"],
        "on_expiry": "classical",
    }
    return {**told, **changes}


def asked(guards: list[dict[str, Any]] | None = None, deadline: datetime | None = None, **changes: Any) -> Story:
    """A job of six qubits whose plan waits."""
    policy = a_policy(row("q", "quantum", wish="auto"), approvals=[costly(**changes)], guards=guards or [])
    submit = a_submit("auto", qubits=6, deadline=deadline)
    return Story(NoJob()).when(replace(submit, planned=routing.plan(submit.inputs, policy)))


def _approval_of(story: Story) -> Approval:
    approval = story.the(ev.JobPlanned).approval
    assert approval is not None
    return approval


def digest_of(story: Story) -> str:
    assert isinstance(story.job, OpenJob)
    assert story.job.awaited is not None
    return story.job.awaited.digest


def after(story: Story, *messages: Message, seconds: float = 1.0) -> Story:
    for message in messages:
        story = Story(story.job).when(message, at(seconds))
    return story


def test_nothing_is_released_before_somebody_allows_it() -> None:
    story = asked()
    request = story.the(ev.ApprovalRequested)

    assert story.names == ["JobSubmitted", "JobPlanned", "ApprovalRequested"]
    assert (request.role, request.reason, request.quorum, request.otherwise) == (
        "owners", "6 qubits are dear.", 1, "classical_only",
    )  # fmt: skip
    assert (request.expires_at, next_wake(story.job), label(story.job)) == (at(30), at(30), "planned")
    assert after(story, Wake()).names == []

    granted = after(story, Grant(digest_of(story), "ada", "worth it"))
    assert (granted.names, next_wake(granted.job)) == (["ApprovalGranted"], NOW)
    assert after(granted, Wake()).names == ["JobQueued", "JobQueued"]


def test_a_grant_of_another_plan_or_said_twice_is_none() -> None:
    story = asked(quorum=2)
    digest = digest_of(story)

    assert after(story, Grant("another", "ada")).names == []
    first = after(story, Grant(digest, "ada"))
    assert (first.names, next_wake(first.job)) == (["ApprovalGranted"], at(30))
    assert after(first, Grant(digest, "ada")).names == []
    second = after(first, Grant(digest, "bob"))
    assert (second.names, next_wake(second.job)) == (["ApprovalGranted"], NOW)
    assert after(second, Grant(digest, "eve")).names == []


def test_what_is_named_is_the_plan_its_legs_its_policy_and_the_problem() -> None:
    submit = a_submit("auto", qubits=6)
    policy = a_policy(row("q", "quantum", wish="auto"), approvals=[costly()])
    other = a_policy(row("q", "quantum", wish="auto"), approvals=[costly()], plans={
        "classical": {"plan": "c", "legs": [{"role": "primary", "lane": "classical"}]},
        "quantum": {"plan": "quantum_with_baseline", "legs": [{"role": "primary", "lane": "quantum", "params": {"shots": 9}}]},
    })  # fmt: skip
    digests = {
        Story(NoJob()).when(replace(submit, planned=routing.plan(submit.inputs, each))).the(ev.ApprovalRequested).digest
        for each in (policy, policy, other)
    }

    assert len(digests) == 2


def test_a_refusal_cancels_the_job_with_its_name() -> None:
    story = asked()
    denied = after(story, Deny(digest_of(story), "ada", "too dear"))

    assert denied.names == ["ApprovalDenied"]
    ended = after(denied, Wake())
    assert (ended.names, ended.the(ev.JobCancelled).actor, ended.the(ev.JobCancelled).reason) == (
        ["JobCancelled"], "ada", "too dear",
    )  # fmt: skip


def test_where_nobody_decides_the_plan_for_that_is_taken() -> None:
    story = asked()
    late = Story(story.job).when(Wake(), at(30))

    assert late.names == ["JobPlanned", "JobQueued"]
    planned = late.the(ev.JobPlanned)
    assert (planned.plan, [leg.leg for leg in planned.legs], planned.approval) == (
        "classical_only", ["primary-classical"], None,
    )  # fmt: skip
    assert planned.reasons[-1] == "Nobody of owners decided in time."
    assert after(late, Grant(digest_of(story), "ada"), seconds=31).names == []


def test_without_such_a_plan_or_where_a_guard_forbids_it_silence_is_a_refusal() -> None:
    for story in (asked(on_expiry="deny"), asked(guards=[guard("off", "classical", wish="auto")])):
        assert story.the(ev.ApprovalRequested).otherwise is None
        late = Story(story.job).when(Wake(), at(30))
        assert late.names == ["ApprovalDenied", "JobCancelled"]
        assert late.the(ev.JobCancelled).actor == "policy frugal/1"


def test_a_waiting_job_can_be_withdrawn_and_its_deadline_is_the_end() -> None:
    assert after(asked(), Cancel("acme", "bob", "x")).names == ["JobCancelled"]

    long = asked(expires_s=10_000, on_expiry="deny")
    assert long.the(ev.ApprovalRequested).expires_at == at(600)


def test_before_the_deadline_the_plan_that_needs_nobody_has_its_time() -> None:
    long = asked(expires_s=10_000)
    (leg,) = _approval_of(long).legs

    assert long.the(ev.ApprovalRequested).expires_at == at(600 - leg.budget_s - VERDICT_S)
    late = Story(long.job).when(Wake(), at(600 - leg.budget_s - VERDICT_S))
    assert late.names == ["JobPlanned", "JobQueued"]

    short = asked(expires_s=10_000, deadline=at(12))
    assert short.the(ev.ApprovalRequested).expires_at == at(6)


def test_a_decision_that_comes_too_late_is_none() -> None:
    story = asked()
    digest = digest_of(story)

    assert Story(story.job).when(Grant(digest, "ada"), at(30)).names == []
    assert Story(story.job).when(Deny(digest, "ada", "no"), at(30)).names == []


def test_of_the_plan_that_needs_nobody_a_guard_leaves_all_that_answers_first_or_nothing() -> None:
    legs = [{"role": "primary", "lane": "quantum"}, {"role": "fallback", "lane": "rule", "starts": "when_needed"}]
    plans = {
        "classical": {"plan": "c", "legs": [{"role": "primary", "lane": "classical"}]},
        "quantum": {"plan": "quantum_with_baseline", "legs": [{"role": "primary", "lane": "simulator"}]},
        "other": {"plan": "other", "legs": legs},
    }
    approvals = [costly(on_expiry="other", plans=[])]
    policy = a_policy(
        row("q", "quantum", wish="auto"),
        approvals=approvals,
        plans=plans,
        guards=[guard("off", "quantum", wish="auto")],
    )
    submit = a_submit("auto", qubits=6)
    planned = routing.plan(submit.inputs, policy)

    assert planned.approval is not None
    assert (planned.approval.otherwise, planned.approval.legs) == (None, ())


def test_what_is_not_asked_for_or_not_for_this_plan_waits_for_nobody() -> None:
    policy = a_policy(row("q", "quantum", tier="batch"), approvals=[costly()])

    small, classical = routing.plan(facts(tier="batch", qubits=3), policy), routing.plan(facts(qubits=9), policy)
    dear = routing.plan(facts(tier="batch", qubits=9), policy)

    assert (small.approval, small.trace) == (None, "|1||0")
    assert (classical.approval, classical.trace) == (None, "|0,-||~")
    assert dear.approval is not None
    unknown = a_policy(row("q", "quantum", tier="batch"), approvals=[costly(when={"quantum_queue": {"gt": 5}})])
    assert routing.plan(facts(tier="batch"), unknown).approval is not None


def test_the_fold_says_the_same_as_the_decisions() -> None:
    story = asked(quorum=2)
    granted = after(story, Grant(digest_of(story), "ada"))
    job: Any = NoJob()
    for event in (*story.events, *granted.events):
        job = evolve(job, event, NOW, JOB_ID)

    assert job == granted.job


def test_nobody_allows_what_they_asked_for_and_anybody_may_refuse_it() -> None:
    """Whoever asked, as the gateway knows them, is not among those who allow it; the quorum counts the others."""
    policy = a_policy(row("q", "quantum", wish="auto"), approvals=[costly(quorum=2)])
    submit = a_submit("auto", qubits=6)
    event = submit.event.model_copy(update={"requested_by": "key:1"})
    story = Story(NoJob()).when(replace(submit, event=event, planned=routing.plan(submit.inputs, policy)))
    digest = digest_of(story)

    assert after(story, Grant(digest, "key:1", tenant="acme")).names == []
    both = after(story, Grant(digest, "key:2", tenant="acme"), Grant(digest, "key:1", tenant="acme"))
    assert both.names == []
    assert after(both, Grant(digest, "key:3", tenant="acme")).names == ["ApprovalGranted"]
    assert after(story, Deny(digest, "key:1", "changed my mind", tenant="acme")).names == ["ApprovalDenied"]


def test_another_tenant_and_who_is_too_late_decide_nothing() -> None:
    story = asked()
    digest = digest_of(story)

    for said in (Grant(digest, "eve", tenant="globex"), Deny(digest, "eve", "r", tenant="globex")):
        assert after(story, said).names == []
    for late in (Grant(digest, "ada"), Deny(digest, "ada", "r")):
        assert after(story, late, seconds=30).names == []
    assert after(story, Grant(digest, "ada"), seconds=29.9).names == ["ApprovalGranted"]


def test_no_order_of_changes_lets_out_a_plan_that_was_not_the_one_allowed() -> None:
    """Every order of a grant of this plan, a grant of another one, a refusal, silence and a withdrawal: work goes out only when
    this plan was allowed before all of them, and never anything of the plan that waits after another word.
    """
    start = asked()
    digest = digest_of(start)
    words: dict[str, tuple[Message, ...]] = {
        "grant": (Grant(digest, "ada"), Wake()),
        "stale": (Grant("f" * 64, "ada"), Wake()),
        "deny": (Deny(digest, "bob", "no"), Wake()),
        "cancel": (Cancel("acme", "eve", "x"), Wake()),
        "silence": (Wake(),),
    }
    for order in permutations(words):
        story, seen = start, []
        for word in order:
            for message in words[word]:
                story = Story(story.job).when(message, at(31 if word == "silence" else 1))
                seen += [event for event in story.events if isinstance(event, ev.JobQueued)]
        first = next(word for word in order if word != "stale")
        lanes = {event.lane for event in seen}
        assert lanes == {"grant": {"quantum", "classical"}, "silence": {"classical"}}.get(first, set()), order
