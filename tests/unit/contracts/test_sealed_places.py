"""What is sealed opens in the field and for the job that it was sealed for, and nowhere else."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobQueued
from queuebit_contracts.jobs import Problem
from queuebit_contracts.sealed import (
    SEAL,
    Bound,
    DataKey,
    Misplaced,
    Redacted,
    SealedStatement,
    opened_execution,
    opened_order,
    opened_problem,
    sealed_for,
    sealed_mapping,
    sealed_outcome,
    sealed_request,
    sealed_text,
    token_of,
)
from queuebit_contracts.sealed_documents import keys_in, masked_value, opened_value
from queuebit_result_validation.opening import opened_answers
from queuebit_runtime.bus.decoding import Received
from queuebit_runtime.bus.port import Record
from queuebit_runtime.worker.opening import opened_orders
from queuebit_store.keys.cipher import SubjectCipher
from tests.builders import JOB_ID, NOW, a_failure, a_problem, a_request, a_success

DAY = NOW.date()
KEY = SubjectCipher(UUID(int=1), b"k" * 32, DAY, os.urandom)
OTHER = UUID(int=9)
ANSWER = {"side": [0, 1, 0, 1, 0, 1]}


def bound_to(job: UUID | None) -> Bound:
    return Bound() if job is None else Bound(job, DAY)


class Ring:
    async def of_ids(self, key_ids: Any) -> dict[UUID, DataKey | None]:
        return dict.fromkeys(key_ids, KEY)


def sealed_problem(job: UUID | None, problem: Problem | None = None) -> Problem:
    asked = a_request(problem=problem or a_problem())
    return sealed_request(asked, orjson.dumps(asked.problem.statement), KEY.of(bound_to(job))).problem


def an_order(problem: Problem, hint: dict[str, Any] | None = None) -> JobQueued:
    return JobQueued(
        attempt_id=UUID(int=5), leg="main", number=1, role="primary", lane="classical", problem=problem, hint=hint,
        tier="batch", budget_s=1.0, seed=1, deadline=None, params={}, fingerprint=fingerprint(a_problem()),
    )  # fmt: skip


def an_answer(job: UUID | None) -> ExecutionSucceeded:
    """As a worker tells it that was given the question of the job."""
    problem = opened_problem(sealed_problem(job), KEY)
    said = a_success(answer=ANSWER, problem=problem, evidence={"note": "x", "nodes": 4}, provenance={"by": "x"})
    assert said.problem is not None
    statement = said.problem.statement
    assert isinstance(statement, SealedStatement)
    return sealed_outcome(said, statement.key).model_copy(update={"problem": sealed_problem(job)})


def received(data: Any) -> Received:
    envelope = Envelope(id=UUID(int=3), source="/x", subject=str(JOB_ID), time=NOW, data=data)
    return Received(envelope, Record("jobs.queued", 0, 0, b"k", b"", ()))


@pytest.mark.parametrize("job", [JOB_ID, None])
def test_what_is_done_for_a_job_is_sealed_as_its_question_was(job: UUID | None) -> None:
    """Given a question that this release sealed, or one of before, then its outcome reads as well by who reads the question."""
    told = an_answer(job)

    tokens = [token_of(told.answer), told.evidence[SEAL], told.provenance[SEAL]]
    assert [sealed_for(str(each)) for each in tokens] == [bound_to(job)] * 3
    assert opened_execution(told, KEY).answer == ANSWER
    assert opened_order(an_order(sealed_problem(job), told.answer), KEY).hint == ANSWER


@pytest.mark.parametrize("job", [OTHER, None])
def test_an_answer_of_another_job_of_the_same_person_is_not_taken(job: UUID | None) -> None:
    """Given the token of another job, or one of before that would pass everywhere, then nobody works with it."""
    swapped = an_answer(JOB_ID).model_copy(update={"answer": an_answer(job).answer})

    with pytest.raises(Misplaced):
        opened_execution(swapped, KEY)
    with pytest.raises(Misplaced):
        opened_order(an_order(sealed_problem(JOB_ID), an_answer(job).answer), KEY)


def test_a_token_of_another_field_is_not_taken() -> None:
    told = an_answer(JOB_ID)
    as_statement = Problem(kind="maxcut", statement=told.answer)
    as_answer = told.model_copy(update={"answer": {SEAL: told.evidence[SEAL]}})

    for wrong in (lambda: opened_problem(as_statement, KEY), lambda: opened_execution(as_answer, KEY)):
        with pytest.raises(Misplaced):
            wrong()


@pytest.mark.parametrize(
    ("place", "said"),
    [(2, "2026-01-03"), (3, str(OTHER)), (4, "statement"), (0, "v1"), (0, "v3"), (3, "no-job"), (2, "soon")],
)
def test_a_token_that_says_what_is_not_true_opens_nothing(place: int, said: str) -> None:
    parts = KEY.of(bound_to(JOB_ID)).seal(b"x", "answer").split(".")
    parts[place] = said

    with pytest.raises(Redacted):
        KEY.of(bound_to(OTHER if place == 3 else JOB_ID)).open(".".join(parts), "answer")


async def test_a_worker_says_so_and_works_on_what_is_beside_it() -> None:
    sound = received(an_order(sealed_problem(JOB_ID)))
    swapped = received(an_order(sealed_problem(JOB_ID), an_answer(OTHER).answer))

    found, refused = await opened_orders([sound, swapped], Ring())

    assert len(found) == 1
    assert [(each.code, each.reason) for _, each in refused] == [("problem_invalid", "misplaced")]


async def test_the_check_refuses_it_with_its_code() -> None:
    swapped = an_answer(JOB_ID).model_copy(update={"answer": an_answer(OTHER).answer})

    items, refused = await opened_answers([received(swapped), received(an_answer(JOB_ID))], Ring())

    assert (len(items), [each.code for _, each in refused]) == (1, ["misplaced"])


def test_a_document_shows_what_is_in_its_place_and_names_the_rest() -> None:
    failed = sealed_outcome(a_failure(detail="node 9 is none"), KEY.of(bound_to(JOB_ID)))
    assert isinstance(failed, ExecutionFailed)
    document = {
        "answer": an_answer(JOB_ID).answer,
        "evidence": {SEAL: an_answer(JOB_ID).evidence[SEAL]},
        "other": an_answer(OTHER).answer,
        "statement": an_answer(JOB_ID).answer,
        "reasons": [f"main: {failed.detail}"],
        "before": sealed_mapping(ANSWER, KEY),
    }

    assert keys_in(document) == {KEY.id}
    assert opened_value(document, {KEY.id: KEY}, JOB_ID) == {
        "answer": ANSWER,
        "evidence": {"note": "x", "nodes": 4},
        "other": {"$misplaced": True},
        "statement": {"$misplaced": True},
        "reasons": ["main: node 9 is none"],
        "before": ANSWER,
    }
    assert opened_value({"answer": document["other"]}, {KEY.id: KEY}) == {"answer": ANSWER}
    assert opened_value({"reasons": [failed.detail]}, {KEY.id: KEY}, OTHER) == {"reasons": ["misplaced"]}


@pytest.mark.parametrize(("days", "answer", "text"), [(0, "$masked", "masked"), (1, "$redacted", "redacted")])
def test_what_was_sealed_on_a_day_whose_key_is_kept_no_more_is_told_as_erased_also_where_it_is_masked(
    days: int, answer: str, text: str
) -> None:
    key = KEY.of(bound_to(JOB_ID))
    document = {"answer": sealed_mapping(ANSWER, key), "reasons": [sealed_text("node 9 is none", key)]}
    moved = SubjectCipher(KEY.id, b"n" * 32, DAY + timedelta(days=days), os.urandom)

    assert masked_value(document, {KEY.id: moved}) == {"answer": {answer: True}, "reasons": [text]}
