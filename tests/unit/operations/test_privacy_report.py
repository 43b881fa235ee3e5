"""The data minimisation report: classes from the contracts, places from the channel table, providers from the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobEvent
from queuebit_contracts.sealed import SEAL, SUBJECT_LABEL
from queuebit_operations.privacy.classes import class_of, confidential_fields
from queuebit_operations.privacy.report import NOT_SAID, Given, legs_of, report_of
from queuebit_store.submissions.port import Submission, SubmissionState
from tests.builders import a_request

JOB, AT = UUID(int=1), datetime(2026, 11, 30, 9, tzinfo=UTC)
ARN = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
CONFIDENTIAL = {
    "JobSubmitted": ("request.problem.statement",),
    "JobRejected": ("detail",),
    "JobQueued": ("problem.statement", "hint"),
    "ExecutionSucceeded": ("answer", "problem.statement"),
    "ExecutionFailed": ("detail",),
}


def asked(**labels: str) -> ev.JobSubmitted:
    return ev.JobSubmitted(request=a_request(labels=labels))


def ordered() -> ev.JobQueued:
    request = a_request()
    return ev.JobQueued(
        attempt_id=UUID(int=2), leg="primary-quantum", role="primary", lane="quantum", number=1, tier="batch",
        problem=request.problem, fingerprint="f", seed=1, budget_s=1,
    )  # fmt: skip


def handed_in() -> Submission:
    return Submission(UUID(int=3), UUID(int=2), 1, ARN, "abc", SubmissionState.CONCLUDED, AT, AT, provider_id="task-1")


@pytest.mark.parametrize("name", CONFIDENTIAL)
def test_the_fields_that_hold_a_customers_data_are_read_from_the_contract(name: str) -> None:
    """Written by hand: what is believed about the marks."""
    assert set(CONFIDENTIAL[name]) <= set(confidential_fields(getattr(ev, name)))


def test_every_event_has_a_class_and_those_with_answers_are_not_internal() -> None:
    classes = {model.__name__: class_of(model, of_subject=False) for model in JobEvent.__args__}
    assert classes["FallbackTaken"] == classes["JobStarted"] == "internal"
    assert classes["JobCompleted"] == classes["JobImproved"] == "confidential"
    assert classes["JobPlanned"] == "confidential", "an earlier answer may stand in it"
    assert class_of(ev.JobCompleted, of_subject=True) == "personal"


def test_a_job_on_a_provider_says_what_left_where_to_and_how_much() -> None:
    events = [asked(), ordered()]
    assert legs_of(events) == ("primary-quantum",)
    found = report_of(JOB, events, [(handed_in(), 4096)])
    assert found is not None
    assert found.given == (Given(ARN, "eu-north-1", "task-1", "concluded", 4096, "abc", "2026-11-30T09:00:00+00:00"),)
    assert (found.subject, found.sealed) == (None, False)
    order = next(each for each in found.kept if each.event == "JobQueued")
    assert order.data_class == "confidential"
    assert set(order.topics) == {"jobs.queued.quantum.batch", "jobs.lifecycle"}
    assert all(days > 0 for days in order.topics.values())
    assert found.document["job"] == str(JOB)


def test_a_sealed_job_is_told_as_personal_and_given_to_nobody() -> None:
    question = asked(**{SUBJECT_LABEL: "p-17"})
    problem = question.request.problem.model_copy(update={"statement": {SEAL: "v1.x.y"}})
    sealed = question.model_copy(update={"request": question.request.model_copy(update={"problem": problem})})
    found = report_of(JOB, [sealed], [])
    assert found is not None
    assert (found.subject, found.sealed, found.given) == ("p-17", True, ())
    assert [each.data_class for each in found.kept] == ["personal"]


def test_what_is_no_job_has_no_report() -> None:
    assert report_of(JOB, [], []) is None


@pytest.mark.parametrize(
    ("backend", "stated", "region"),
    [
        (ARN, {}, "eu-north-1"),
        ("arn:aws:braket:::device/qpu/x", {}, NOT_SAID),
        ("ibm_kingston", {"ibm_other": "us-east"}, NOT_SAID),
        ("ibm_kingston", {"ibm_kingston": "eu-de"}, "eu-de"),
    ],
)
def test_a_region_is_told_where_the_backend_or_its_name_states_it(
    backend: str, stated: dict[str, str], region: str
) -> None:
    found = report_of(JOB, [asked(), ordered()], [(replace(handed_in(), backend=backend), 1)], stated)
    assert found is not None
    assert ([each.region for each in found.given], found.regions) == ([region], None)


def test_where_the_data_may_go_is_told() -> None:
    found = report_of(JOB, [ev.JobSubmitted(request=a_request(params={"regions": "eu,us-east"}))], [])
    assert found is not None
    assert found.regions == ("eu", "us-east")
