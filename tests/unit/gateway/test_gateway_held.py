"""What is shown of a job that an operator holds back, and of one whose answer is suspect: who, why, and what asks again."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_client.document import document_of
from queuebit_contracts import events as ev
from queuebit_contracts.ids import derive_id
from queuebit_domain.job.messages import Invalidate, Wake
from queuebit_gateway.read_model.explain import explain
from queuebit_gateway.read_model.models import HeldView, JobView, SuspectView
from queuebit_gateway.read_model.stories import Story
from queuebit_gateway.read_model.view import Happened
from tests.builders import JOB_ID, NOW, a_submit, a_success, a_verdict, at
from tests.unit.control_plane.given import given
from tests.unit.control_plane.holding import a_gate, a_hold

HELD = HeldView(leg="primary-classical", hold=1, actor="alice", reason="why", since=NOW)


def shown(events: Sequence[ev.JobEvent]) -> tuple[JobView, str]:
    """The view after these events, and the sentence that sums it up."""
    told = [Happened(version, NOW, event) for version, event in enumerate(events, 1)]
    story = Story(JOB_ID)
    story.tell(told, 0)
    view = story.view(JOB_ID, "acme", with_plan=False)
    return view, explain(view, told).summary


def test_a_held_job_says_who_holds_it_and_why_until_it_goes_on() -> None:
    waits = given().when(a_submit(), gate=a_gate(a_hold("tenant", "acme")))
    goes_on = waits.when(Wake(), at(1))

    held, sentence = shown(waits.events)
    after, later = shown([*waits.events, *goes_on.events])

    assert (held.state, held.held) == ("held", (HELD,))
    assert sentence == "primary-classical is held by alice: why"
    assert held.plan is not None
    assert held.plan.legs[0].state == "held"
    assert document_of(held.model_dump(mode="json"))["held"][0]["actor"] == "alice"
    assert (after.state, after.held) == ("queued", ())
    assert "held" not in later


def test_a_suspect_answer_is_still_shown_with_who_doubts_it_and_what_asks_again() -> None:
    told: list[ev.JobEvent] = []
    story = given()
    for message in (a_submit(), a_success(), a_verdict()):
        story = story.when(message)
        told += story.events
    completed = story.the(ev.JobCompleted)
    again = derive_id(JOB_ID, "again")
    doubt = ev.JobInvalidated(
        kind="maxcut",
        leg=completed.leg,
        attempt_id=completed.attempt_id,
        ran=completed.ran,
        completed_at=NOW,
        actor="alice",
        reason="why",
        replaced_by=again,
    )

    view, _ = shown([*told, *story.when(Invalidate(doubt)).events])

    assert (view.state, view.objective) == ("completed", 6)
    assert view.suspect == SuspectView(actor="alice", reason="why", at=NOW, replaced_by=again)
