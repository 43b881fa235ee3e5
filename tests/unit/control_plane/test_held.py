"""What operators hold back: legs wait behind a hold, deadlines count on, and answers of a held backend are not believed."""

from __future__ import annotations

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.operators import HoldEased, HoldPlaced, HoldReleased
from queuebit_domain.holds.gate import OPEN, Gate
from queuebit_domain.holds.register import NO_HOLDS, lift, place
from queuebit_domain.job.label import label
from queuebit_domain.job.messages import Cancel, Invalidate, Recall, Wake
from queuebit_domain.job.state import EndedJob, OpenJob
from queuebit_domain.job.timers import next_wake
from tests.builders import JOB_ID, NOW, a_failure, a_start, a_submit, a_success, a_verdict, at
from tests.unit.control_plane.given import Story, given
from tests.unit.control_plane.holding import a_gate, a_hold, holds

EASED = HoldEased(hold=1, rate_per_s=5.0, actor="bob", reason="slowly")
SIMULATORS = {"simulator": frozenset({"aer", "other"})}


def held(*scope: str) -> Story:
    return given().when(a_submit(), gate=a_gate(a_hold(*scope)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "scope",
    [
        ("all",),
        ("tenant", "acme"),
        ("job", str(JOB_ID)),
        ("kind", "maxcut"),
        ("lane", "classical"),
        ("tier", "interactive"),
    ],
)
def test_a_hold_stops_what_it_names(scope: tuple[str, ...]) -> None:
    story = held(*scope)

    assert story.names == ["JobSubmitted", "JobPlanned", "JobHeld"]
    assert story.the(ev.JobHeld) == ev.JobHeld(
        leg="primary-classical",
        lane="classical",
        number=1,
        hold=1,
        scope=scope[0],
        value=scope[1] if len(scope) > 1 else "",
        actor="alice",
        reason="why",
    )
    assert label(story.job) == "held"


@pytest.mark.parametrize(
    "scope", [("tenant", "globex"), ("kind", "tsp"), ("lane", "quantum"), ("tier", "batch"), ("backend", "aer")]
)
def test_a_hold_lets_all_else_pass(scope: tuple[str, ...]) -> None:
    assert held(*scope).names == ["JobSubmitted", "JobPlanned", "JobQueued"]


def test_when_the_hold_is_lifted_the_leg_is_queued_with_its_time_from_now() -> None:
    story = held("tenant", "acme").when(Wake(), at(30), OPEN)

    assert story.names == ["JobQueued"]
    assert story.the(ev.JobQueued).begin_by == at(30 + 310)
    assert (story.the(ev.JobQueued).number, story.the(ev.JobQueued).deadline) == (1, at(600))
    assert label(story.job) == "queued"


def test_a_hold_that_stands_is_told_once_and_another_behind_it_is_told_too() -> None:
    story = held("tenant", "acme")

    assert story.when(Wake(), at(1), a_gate(a_hold("tenant", "acme"))).names == []
    other = a_gate(a_hold("tenant", "acme"), a_hold("kind", "maxcut"), HoldReleased(hold=1, actor="a", reason="r"))
    assert story.when(Wake(), at(1), other).the(ev.JobHeld).hold == 2


def test_an_eased_hold_lets_through_only_whose_turn_it_is() -> None:
    story = held("all")
    eased = a_gate(a_hold(), EASED)

    assert story.when(Wake(), at(1), eased).names == []
    assert story.when(Wake(eased=True), at(1), eased).names == ["JobQueued"]
    assert story.when(Wake(eased=True), at(1), a_gate(a_hold(), a_hold("kind", "maxcut"), EASED)).names == ["JobHeld"]


def test_the_deadline_of_a_held_job_counts_and_the_caller_learns_who_held_it() -> None:
    story = held("all")
    assert next_wake(story.job) == at(60)

    ended = held("all").when(Wake(), at(600), a_gate(a_hold()))

    assert ended.the(ev.JobExpired).reasons[-1] == "primary-classical: held by alice: why"
    assert isinstance(ended.job, EndedJob)
    assert ended.job == EndedJob("expired", ended.job.fingerprint, "maxcut", "interactive", "classical", tenant="acme")


def test_a_held_lane_falls_back_to_another_when_the_callers_patience_ends() -> None:
    gate = a_gate(a_hold("lane", "quantum"))
    story = given().when(a_submit("quantum", quantum_available=True), gate=gate)
    assert story.names[-1] == "JobHeld"

    late = story.when(Wake(), at(60), gate)

    assert late.names == ["FallbackTaken", "JobQueued"]
    assert late.the(ev.FallbackTaken).reason == "the latency budget ran out while it was held"


def test_a_retry_waits_behind_a_hold_that_came_meanwhile() -> None:
    failed = given(a_submit(), a_failure(code="backend_unavailable"))

    story = failed.when(Wake(), at(30), a_gate(a_hold("kind", "maxcut")))

    assert (story.names, story.the(ev.JobHeld).number) == (["JobHeld"], 2)
    assert story.when(Wake(), at(31)).the(ev.JobQueued).number == 2


def test_a_held_job_can_be_cancelled() -> None:
    assert held("all").when(Cancel("acme", "alice", "bad"), gate=a_gate(a_hold())).names == ["JobCancelled"]


def test_a_lane_is_held_when_all_of_its_backends_are() -> None:
    one, both = a_hold("backend", "aer"), (a_hold("backend", "aer"), a_hold("backend", "other"))
    asked = a_submit("simulator")

    assert given().when(asked, gate=a_gate(one, backends=SIMULATORS)).names[-1] == "JobQueued"  # type: ignore[arg-type]
    assert given().when(asked, gate=a_gate(*both, backends=SIMULATORS)).names[-1] == "JobHeld"  # type: ignore[arg-type]


def test_a_lane_of_held_backends_lets_through_what_one_that_is_eased_takes() -> None:
    both = (a_hold("backend", "other"), a_hold("backend", "aer"))
    story = given().when(a_submit("simulator"), gate=a_gate(*both, backends=SIMULATORS))  # type: ignore[arg-type]
    gate = a_gate(*both, EASED, backends=SIMULATORS)  # type: ignore[arg-type]

    assert "JobQueued" not in story.when(Wake(), at(1), gate).names
    turn = story.when(Wake(eased=True), at(1), gate)
    assert (turn.names, turn.the(ev.JobQueued).avoid) == (["JobQueued"], ("aer",))


def test_what_nobody_began_is_recalled_and_waits_behind_the_hold() -> None:
    gate = a_gate(a_hold("tenant", "acme"))
    queued = given(a_submit())

    recalled = queued.when(Recall(), gate=gate)

    assert recalled.names == ["AttemptAbandoned", "JobHeld"]
    assert recalled.the(ev.AttemptAbandoned).reason == "recalled by alice: why"
    assert label(recalled.job) == "held"
    assert recalled.when(a_success()).names == ["LateUsageReported"]
    assert recalled.when(Wake(), at(1)).the(ev.JobQueued).number == 2
    assert queued.when(Recall(), gate=a_gate(a_hold("tenant", "globex"))).names == []
    assert given(a_submit(), a_start()).when(Recall(), gate=gate).names == []


def test_a_work_order_names_the_backends_of_its_lane_that_are_held() -> None:
    gate = a_gate(a_hold("backend", "aer"), a_hold("backend", "elsewhere"), backends=SIMULATORS)  # type: ignore[arg-type]

    assert given().when(a_submit("simulator"), gate=gate).the(ev.JobQueued).avoid == ("aer",)
    assert given().when(a_submit("simulator")).the(ev.JobQueued).avoid is None


@pytest.mark.parametrize("verdict_first", [False, True])
def test_an_answer_of_a_held_backend_is_kept_and_paid_and_not_believed(verdict_first: bool) -> None:
    gate = a_gate(a_hold("backend", "test"))
    first, second = (a_verdict(), a_success()) if verdict_first else (a_success(), a_verdict())
    story = given(a_submit())

    told = [story := story.when(message, gate=gate) for message in (first, second)]

    names = [name for each in told for name in each.names]
    assert [name for name in names if name not in ("JobStarted", "ResultValidated")] == [
        "ExecutionSucceeded",
        "ResultRejected",
        "JobHeld",
    ]
    assert isinstance(story.job, OpenJob)
    assert story.job.reasons[-1] == "primary-classical: held by alice: why"
    again = story.when(Wake(), at(5))
    assert again.the(ev.JobQueued).number == 2


def test_an_answer_that_waited_for_others_is_taken_back_before_it_ends_the_job() -> None:
    answered = given(a_submit("auto"), a_success("baseline-classical"), a_verdict("baseline-classical", objective=6))
    assert label(answered.job) == "queued"

    story = answered.when(
        a_failure("primary-simulator", code="no_answer_found"), gate=a_gate(a_hold("backend", "test"))
    )

    assert story.names == ["ExecutionFailed", "ResultRejected", "JobHeld"]


def test_only_a_completed_job_is_invalidated_and_only_once() -> None:
    done = given(a_submit(), a_success(), a_verdict())
    completed = done.the(ev.JobCompleted)
    suspect = Invalidate(
        ev.JobInvalidated(
            kind="maxcut",
            leg=completed.leg,
            attempt_id=completed.attempt_id,
            ran=completed.ran,
            completed_at=NOW,
            actor="alice",
            reason="why",
        )
    )

    once = done.when(suspect)

    assert once.events == (suspect.event,)
    assert label(once.job) == "completed"
    assert once.when(suspect).events == ()
    assert given(a_submit()).when(suspect).events == ()


def test_a_hold_is_placed_once_and_lifted_once() -> None:
    standing = holds(a_hold("kind", "tsp"))
    (hold,) = standing.holds

    assert place(NO_HOLDS, a_hold("kind", "tsp")) == [a_hold("kind", "tsp")]
    assert place(standing, a_hold("kind", "tsp", reason="again")) == []
    assert lift(standing, hold, actor="a", reason="r") == [HoldReleased(hold=1, actor="a", reason="r")]
    assert lift(standing, hold, actor="bob", reason="slowly", rate_per_s=5.0) == [EASED]
    assert lift(holds(a_hold("kind", "tsp"), EASED), hold, actor="bob", reason="slowly", rate_per_s=5.0) == []
    assert lift(NO_HOLDS, hold, actor="a", reason="r") == []


def test_an_eased_hold_closes_again() -> None:
    again = a_hold("kind", "tsp", reason="it is still bad")

    assert [type(event) for event in place(holds(a_hold("kind", "tsp"), EASED), again)] == [HoldReleased, HoldPlaced]


def test_a_gate_that_is_older_than_the_hold_lets_nothing_through() -> None:
    """Who recalls reads the register himself; a control plane may know of it a quarter of a second later."""
    story = given().when(a_submit(), gate=a_gate(a_hold("kind", "tsp"), a_hold("tenant", "acme")))
    older = a_gate(a_hold("kind", "tsp"))

    assert story.when(Wake(), at(1), older).names == []
    assert story.when(Wake(eased=True), at(1), Gate()).names == []
