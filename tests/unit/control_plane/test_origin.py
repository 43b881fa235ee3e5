"""Every end says whose it is: what the caller gave, and the event that asked."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import from_structured
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.origin import NO_ORIGIN, Origin
from queuebit_domain.job.evolve import open_job
from queuebit_domain.job.messages import Cancel, Message, Submit, Wake
from queuebit_domain.job.state import OpenJob
from tests.builders import JOB_ID, NOW, a_failure, a_submit, a_success, a_verdict, at
from tests.unit.control_plane.entrance import Plane, asked
from tests.unit.control_plane.given import given

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
SAID = Origin(event_id="order-17", source="/shop", subject="order 17", correlation_id="c-1")
WHOLE = SAID.model_copy(update={"idempotency_key": "k", "labels": {"team": "a"}})


def a_question() -> Submit:
    submit = a_submit(labels={"team": "a"}, deadline=at(60))
    event = submit.event.model_copy(update={"origin": SAID})
    return Submit(submit.job_id, event, submit.inputs)


ENDS: dict[type[ev.Event], tuple[Message, ...]] = {
    ev.JobCompleted: (a_success(), a_verdict()),
    ev.JobFailed: (
        a_failure("primary-classical", code=FailureCode.PROBLEM_INFEASIBLE),
        a_failure("fallback-rule", code=FailureCode.PROBLEM_INFEASIBLE),
    ),
    ev.JobCancelled: (Cancel("acme", "ada", ""),),
    ev.JobExpired: (Wake(),),
}


@pytest.mark.parametrize("kind", ENDS)
def test_the_end_of_a_job_carries_its_origin(kind: type[ev.Event]) -> None:
    story = given((a_question(), NOW))
    for message in ENDS[kind]:
        story = story.when(message, at(120) if kind is ev.JobExpired else NOW)
    assert story.the(kind).origin == WHOLE  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("JobSubmitted.v1*.json")), ids=lambda path: path.stem)
def test_a_job_that_was_stored_before_is_still_read(path: Path) -> None:
    event = from_structured(path.read_bytes()).data
    assert isinstance(event, ev.JobSubmitted)
    job = open_job(event, NOW, JOB_ID)
    assert isinstance(job, OpenJob)
    said = event.origin or NO_ORIGIN
    assert job.origin == said.model_copy(
        update={"idempotency_key": event.idempotency_key, "labels": event.request.labels}
    )


def stored(plane: Plane, kind: type[ev.Event]) -> Origin:
    """The origin on the one stored event of the kind."""
    events = [event for found in plane.store.database.events.values() for event in found]
    (data,) = [event.data for event in events if event.type == kind.__name__]
    return Origin.model_validate(orjson.loads(data)["origin"])


@pytest.mark.parametrize("name", ["order-17", "9b2f1c4e-7a55-4d0e-8a4c-fb4f4a3c9e11"])
async def test_what_the_sender_leaves_out_is_taken_from_its_event(plane: Plane, name: str) -> None:
    record = asked(name)
    headers = (*record.headers, ("ce_subject", b"order 17"), ("ce_correlationid", b"c-1"))
    await plane.hear(record._replace(headers=headers))
    assert stored(plane, ev.JobSubmitted) == Origin(
        event_id=name, source="/a", subject="order 17", correlation_id="c-1"
    )


async def test_a_refused_question_carries_its_origin_also_where_it_cannot_be_read(plane: Plane) -> None:
    record = asked("order-17", key="k", labels={"team": "a"}, tenant="nobody")
    await plane.hear(record)
    expected = Origin(event_id="order-17", source="/a", idempotency_key="k", labels={"team": "a"})
    assert stored(plane, ev.JobRejected) == expected

    other = Plane()
    await other.hear(record._replace(value=b"{}"))
    assert stored(other, ev.JobRejected) == Origin(event_id="order-17", source="/a")


async def test_a_late_or_conflicting_question_carries_its_own_origin(plane: Plane) -> None:
    await plane.hear(asked("1", key="k"), asked("2", key="k", source="/b", seed=7))
    assert stored(plane, ev.JobRejected) == Origin(event_id="2", source="/b", idempotency_key="k")
