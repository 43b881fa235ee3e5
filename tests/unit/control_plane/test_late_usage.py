"""What comes late is booked: once, whoever tells it, and nothing else changes by it."""

from __future__ import annotations

from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Cost, Usage
from queuebit_domain.job.messages import Cancel, Wake
from queuebit_domain.job.state import EndedJob, OpenJob
from tests.builders import JOB_ID, a_failure, a_submit, a_success, at
from tests.unit.control_plane.given import given

LEG = "primary-classical"
ATTEMPT = attempt_id_of(JOB_ID, LEG, 1)
USED, PAID = Usage(wall_s=3.0, qpu_s=2.0, shots=100), Cost(amount="1.50", currency="EUR")
CANCEL = Cancel("acme", "ada", "")


def a_report(number: int = 1, **changes: object) -> ev.LateUsageReported:
    values = {"report_id": UUID(int=number), "attempt_id": ATTEMPT, "leg": LEG, "came": "usage", "usage": USED}
    return ev.LateUsageReported.model_validate({**values, **changes})


def test_an_answer_after_the_end_is_booked_once_with_what_it_claims() -> None:
    ended = given(a_submit()).when(CANCEL)

    late = ended.when(a_success(usage=USED, cost=PAID))

    assert late.names == ["LateUsageReported"]
    assert late.the(ev.LateUsageReported) == ev.LateUsageReported(
        report_id=late.the(ev.LateUsageReported).report_id,
        attempt_id=ATTEMPT,
        leg=LEG,
        came="answer",
        usage=USED,
        cost=PAID,
        backend="test",
        detail="enumeration",
        objective=6,
    )
    assert isinstance(late.job, EndedJob)
    assert late.job.state == "cancelled"
    assert late.when(a_success(usage=USED, cost=PAID)).names == []


def test_what_a_stopped_worker_used_is_booked_and_a_failure_that_used_nothing_is_no_news() -> None:
    ended = given(a_submit()).when(CANCEL)

    assert ended.when(a_failure(code="cancelled")).names == []
    told = ended.when(a_failure(code="cancelled", usage=USED))
    assert (told.the(ev.LateUsageReported).came, told.the(ev.LateUsageReported).usage) == ("failure", USED)


def test_the_attempt_that_answered_told_it_before_and_is_not_booked_again() -> None:
    told = given(a_submit(), a_success(usage=USED), a_failure(usage=USED))

    assert "LateUsageReported" not in told.names
    ended = given(a_submit(), a_failure(usage=USED)).when(CANCEL)
    assert ended.when(a_failure(usage=USED)).names == []


def test_an_attempt_that_was_lost_is_on_the_bill_of_the_job_that_goes_on() -> None:
    lost = given(a_submit()).when(Wake(), at(311))
    assert lost.the(ev.ExecutionFailed).code is FailureCode.WORKER_LOST

    late = lost.when(a_success(usage=USED, cost=PAID))

    assert late.names == ["LateUsageReported"]
    assert isinstance(late.job, OpenJob)
    assert (late.job.usage, late.job.cost) == (USED, PAID)
    assert late.when(a_success(usage=USED, cost=PAID)).names == []


def test_a_report_is_booked_once_whether_the_job_goes_on_or_has_ended() -> None:
    going_on = given(a_submit())
    booked = going_on.when(a_report())
    assert booked.names == ["LateUsageReported"]
    assert isinstance(booked.job, OpenJob)
    assert booked.job.usage == USED
    ended = booked.when(CANCEL)

    assert ended.when(a_report()).names == []
    assert ended.when(a_report(2)).names == ["LateUsageReported"]
    assert ended.when(a_report(3, usage=Usage())).names == []
    assert given().when(a_report()).names == []
