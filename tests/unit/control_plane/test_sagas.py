"""Steps back: asked for once, for the first of their causes, whatever else happens to the job."""

from __future__ import annotations

from uuid import UUID

import pytest
from pydantic import ValidationError

from queuebit_contracts import events as ev
from queuebit_contracts.compensations import COMPENSATIONS_BYTES_MAX, COMPENSATIONS_MAX, Compensation
from queuebit_contracts.ids import attempt_id_of, derive_id
from queuebit_contracts.jobs import Ran
from queuebit_contracts.sagas import NO_SAGA, Saga, content_of
from queuebit_domain.job.label import label
from queuebit_domain.job.messages import Cancel, Invalidate, Submit, Supersede
from queuebit_domain.job.words import in_words
from tests.builders import JOB_ID, NOW, a_start, a_submit, a_success, a_verdict
from tests.unit.control_plane.given import Story, given

OTHER = UUID("019b7ca9-8c88-7000-8000-0000000000aa")
SLOT = Compensation(name="release-slot", command="com.acme.ReleaseSlot", data={"slot": 17})
MAIL = Compensation(name="tell-customer", on=("invalidated",), command="com.acme.Apologise")


def asked(supersedes: UUID | None = None) -> Submit:
    submit = a_submit()
    named = {"compensations": (SLOT, MAIL), "supersedes": supersedes}
    return Submit(submit.job_id, submit.event.model_copy(update=named), submit.inputs)


def completed(supersedes: UUID | None = None) -> Story:
    return given(asked(supersedes), a_start(), a_success(), a_verdict())


def suspect() -> Invalidate:
    leg = "primary-classical"
    ran = Ran(lane="classical", method="cp_sat", backend="ortools")
    return Invalidate(
        ev.JobInvalidated(
            kind="maxcut",
            leg=leg,
            attempt_id=attempt_id_of(JOB_ID, leg, 1),
            ran=ran,
            completed_at=NOW,
            actor="ada",
            reason="a bad day",
        )
    )


def requested(story: Story) -> list[tuple[str, str]]:
    return [(each.name, each.cause) for each in story.events if isinstance(each, ev.CompensationRequested)]


def test_a_job_that_is_cancelled_asks_for_what_it_named_for_that() -> None:
    story = given(asked()).when(Cancel("acme", "ann", "no more"))

    assert story.names[-2:] == ["JobCancelled", "CompensationRequested"]
    said = story.the(ev.CompensationRequested)
    assert (said.name, said.cause, said.command, said.data) == ("release-slot", "cancelled", SLOT.command, {"slot": 17})
    assert said.compensation_id == derive_id(JOB_ID, "compensation:release-slot")
    assert said.origin is not None
    assert in_words(said) == "release-slot is to be undone (com.acme.ReleaseSlot): the job was cancelled."
    assert given(asked()).when(Cancel("globex", "eve", "r")).names == []


def test_an_answer_that_is_suspect_and_then_superseded_is_undone_once() -> None:
    story = completed().when(suspect())
    again = Story(story.job).when(suspect())
    superseded = Story(again.job).when(Supersede("acme", OTHER))
    once_more = Story(superseded.job).when(Supersede("acme", OTHER))

    assert requested(story) == [("release-slot", "invalidated"), ("tell-customer", "invalidated")]
    assert (again.names, superseded.names, once_more.names) == ([], ["JobSuperseded"], [])


def test_the_answer_of_another_job_takes_the_place_of_this_one() -> None:
    story = completed().when(Supersede("acme", OTHER))

    assert story.names == ["JobSuperseded", "CompensationRequested"]
    assert requested(story) == [("release-slot", "superseded")]
    assert requested(Story(story.job).when(suspect())) == [("tell-customer", "invalidated")]
    assert label(story.job) == "completed"


def test_a_job_that_is_on_its_way_is_withdrawn_then() -> None:
    story = given(asked(), a_start()).when(Supersede("acme", OTHER))

    assert story.names == ["JobSuperseded", "AttemptAbandoned", "JobCancelled", "CompensationRequested"]
    assert story.the(ev.JobCancelled).reason == f"superseded by job {OTHER}"
    assert requested(story) == [("release-slot", "superseded")]


def test_other_tenants_and_jobs_without_an_answer_keep_their_place() -> None:
    assert completed().when(Supersede("globex", OTHER)).names == []
    assert given(asked()).when(Supersede("globex", OTHER)).names == []
    assert given(asked(), Cancel("acme", "ann", "r")).when(Supersede("acme", OTHER)).names == []
    assert completed().when(Supersede("acme", JOB_ID)).names == []
    assert given().when(Supersede("acme", OTHER)).names == []


def test_a_job_takes_the_place_of_another_once_it_has_an_answer() -> None:
    story = completed(supersedes=OTHER)

    assert story.names[-2:] == ["JobCompleted", "SupersessionRequested"]
    assert story.the(ev.SupersessionRequested).superseded_job_id == OTHER
    assert "SupersessionRequested" not in given(asked(OTHER)).when(Cancel("acme", "ann", "r")).names


def test_who_names_nothing_is_told_nothing() -> None:
    story = given(a_submit()).when(Cancel("acme", "ann", "r"))

    assert story.names[-1] == "JobCancelled"


@pytest.mark.parametrize(
    ("named", "field", "why"),
    [
        ([{"name": "a", "command": "c"}, {"name": "a", "command": "d"}], (), "a name of its own"),
        ([{"name": "a", "command": "c", "on": ["cancelled", "cancelled"]}], (0, "on"), "each cause once"),
        ([{"name": "a", "command": "c", "on": []}], (0, "on"), "at least 1 item"),
        ([{"name": "A b", "command": "c"}], (0, "name"), "pattern"),
        ([{"name": "a", "command": "c", "whom": "x"}], (0, "whom"), "not permitted"),
        ([{"name": "a", "command": "c", "data": {"n": "x" * COMPENSATIONS_BYTES_MAX}}], (), "pass a reference"),
        ([{"name": f"a{n}", "command": "c"} for n in range(COMPENSATIONS_MAX + 1)], (), "at most 8 items"),
        ([{"name": "a", "command": "c", "data": {"n": 10**400}}], (), "at most 64 bits"),
    ],
)
def test_what_is_named_is_bounded(named: list[dict[str, object]], field: tuple[object, ...], why: str) -> None:
    event = a_submit().event.model_dump() | {"compensations": named}

    with pytest.raises(ValidationError, match=why) as raised:
        ev.JobSubmitted.model_validate(event)
    assert raised.value.errors()[0]["loc"] == ("compensations", *field)


def test_what_is_named_is_part_of_the_content() -> None:
    bare = content_of("f", NO_SAGA)
    assert bare == content_of("f", Saga(())) == "f"
    assert (
        len({bare, content_of("f", Saga((SLOT,))), content_of("f", Saga((MAIL,))), content_of("f", Saga(None, OTHER))})
        == 4
    )
