"""The route by which a job is asked again with something changed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from queuebit_contracts import events as ev
from queuebit_contracts.sealed import ERASED, SEAL
from queuebit_contracts.sealed_documents import MASKED
from queuebit_gateway.access.authentication import Actor, require
from queuebit_gateway.http import examples
from queuebit_gateway.http.jobs_api import JobId, body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.replanning import ReplanBody, Source
from queuebit_gateway.http.requests import read_job_id, read_key
from queuebit_gateway.http.submitting import submitted
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.jobs import Found
from queuebit_gateway.read_model.models import JobView
from queuebit_gateway.read_model.view import Happened
from queuebit_problems.replanning import costs_from

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Submitting = Annotated[Actor, Depends(actor_who("job:submit", "submit"))]
_OTHER_CONTENT: Final = ("idempotency_key_reused", "invalid_request")
"""What a repeat is told that is written from another answer than the first time."""
_EXAMPLE = {"patch": {"problem": {"statement": {"capacity": 12}}}, "pins": ["job 3"], "change_cost": 5}


@router.post(
    "/{job_id}/replan",
    status_code=202,
    response_model=JobView,
    summary="Ask a job again, changed",
    operation_id="replan_job",
    responses={
        202: answer("ETag", "Location", "Idempotency-Replayed", "Preference-Applied", *RATE, example=examples.TAKEN),
        **problems(401, 403, 404, 409, 413, 415, 422, 429),
    },
    openapi_extra=request_body(
        ReplanBody, "Idempotency-Key", "Queuebit-Quote", "Prefer", "traceparent", example=_EXAMPLE
    ),
)
async def replan(request: Request, actor: Submitting, job_id: JobId) -> Response:
    """A new job: the question of this one with a patch laid over it, kept to its answer where `pins` or `change_cost` say so.
    All else is as with `POST /v1/jobs`. A repeat of the key is the same job, also where this one has a better answer since.
    409 `job_not_repeatable` where the data of the question is sealed or erased.
    """
    require(actor, "job:read")
    parts = parts_of(request)
    key = read_key(request.headers.get("idempotency-key"))
    body = await body_of(request)
    source, *before = await _sources(request, actor, await parts.jobs.find(actor.asker, read_job_id(job_id)))
    try:
        return await _asked_again(request, actor, body, source, key)
    except Refusal as refusal:
        refused = refusal
    if refused.problem.code in _OTHER_CONTENT and before and await parts.submitter.asked_before(actor.tenant, key):
        for each in before:
            try:
                return await _asked_again(request, actor, body, each, key)
            except Refusal as refusal:
                if refusal.problem.code not in _OTHER_CONTENT:
                    raise
    raise refused


async def _asked_again(request: Request, actor: Actor, body: bytes, source: Source, key: str) -> Response:
    return await submitted(request, actor, await parts_of(request).reader.rewritten(body, source, actor.asker), key)


async def _sources(request: Request, actor: Actor, found: Found) -> list[Source]:
    """The job with its answer, then with each that it had before, the latest first. Raises Refusal job_not_started or
    job_not_repeatable.
    """
    parts = parts_of(request)
    asked = await parts.jobs.asked(found)
    if asked is None:
        raise Refusal("job_not_started", job_id=found.job_id, retry_after_s=1)
    if SEAL in asked:
        shown = await parts.payloads.masked(asked, found.tenant)
        sealed = "The data of the job is sealed, for it is that of a subject."
        raise Refusal("job_not_repeatable", sealed if MASKED in shown or SEAL in shown else ERASED, job_id=found.job_id)
    view, answers = await parts.jobs.told(found, _answers)
    before = await _answers_of(request, actor, costs_from(view.labels))
    return [Source(str(found.job_id), found.state, asked, answer, before) for answer in answers]


def _answers(view: JobView, happened: Sequence[Happened]) -> tuple[JobView, list[Mapping[str, Any] | None]]:
    """All that it has had, the latest first; None where it has none."""
    told = [each.event.answer for each in happened if isinstance(each.event, ev.JobCompleted | ev.JobImproved)]
    return view, [view.answer, *told[-2::-1]]


async def _answers_of(request: Request, actor: Actor, job_id: str | None) -> Sequence[Mapping[str, Any]]:
    """Those of another job, as far as the actor may read it."""
    parts = parts_of(request)
    try:
        found = None if job_id is None else await parts.jobs.find(actor.asker, read_job_id(job_id))
    except Refusal:
        found = None
    answers = [] if found is None else (await parts.jobs.told(found, _answers))[1]
    return [each for each in answers if each is not None]
