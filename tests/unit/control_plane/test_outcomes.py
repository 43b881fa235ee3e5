"""What acting on an answer brought: booked on the completed job, once a report, by its own tenant alone."""

from __future__ import annotations

from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Usage
from queuebit_contracts.outcomes import Brought
from queuebit_domain.job.label import label
from queuebit_domain.job.messages import Cancel, Outcome
from queuebit_domain.job.words import in_words
from tests.builders import JOB_ID, a_start, a_submit, a_success, a_verdict, at
from tests.unit.control_plane.given import Story, given

TOLD = ev.OutcomeReported(
    acted=True, report_id=UUID(int=1), value=Brought(amount="-3.50", currency="EUR"), detail="a lorry broke down"
)


def completed() -> Story:
    return given(a_submit(), a_start(), a_success(), a_verdict())


def test_it_is_booked_once_a_report_and_changes_nothing_else() -> None:
    story = completed()
    told = Story(story.job).when(Outcome("acme", TOLD), at(60))
    again = Story(told.job).when(Outcome("acme", TOLD), at(61))
    other = Story(again.job).when(Outcome("acme", TOLD.model_copy(update={"report_id": UUID(int=2)})), at(62))

    assert (told.events, again.events, other.names) == ((TOLD,), (), ["OutcomeReported"])
    assert (label(story.job), label(other.job)) == ("completed", "completed")
    assert in_words(TOLD) == "The answer was acted on: -3.50 EUR."


def test_another_tenant_and_jobs_without_an_answer_have_none() -> None:
    assert Story(completed().job).when(Outcome("globex", TOLD)).names == []
    going = given(a_submit())
    assert Story(going.job).when(Outcome("acme", TOLD)).names == []
    cancelled = Story(going.job).when(Cancel("acme", "ann", "r"))
    assert Story(cancelled.job).when(Outcome("acme", TOLD)).names == []
    assert given().when(Outcome("acme", TOLD)).names == []


def test_its_id_cannot_take_that_of_what_the_job_used_late() -> None:
    leg = "primary-classical"
    attempt_id = attempt_id_of(JOB_ID, leg, 1)
    late = ev.LateUsageReported(
        report_id=UUID(int=1), attempt_id=attempt_id, leg=leg, came="usage", usage=Usage(qpu_s=1.0)
    )
    told = Story(completed().job).when(Outcome("acme", TOLD), at(60))

    assert Story(told.job).when(late, at(61)).names == ["LateUsageReported"]


def test_no_more_is_booked_than_can_be_read_at_each_word_about_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queuebit_domain.job.outcomes.REPORTS_MAX", 2)
    story, said = completed(), []
    for number in range(1, 4):
        story = Story(story.job).when(Outcome("acme", TOLD.model_copy(update={"report_id": UUID(int=number)})))
        said.append(story.names)

    assert said == [["OutcomeReported"], ["OutcomeReported"], []]
