"""The route by which a job is asked again with something changed in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

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

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Submitting = Annotated[Actor, Depends(actor_who("job:submit", "submit"))]
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
    All else is as with `POST /v1/jobs`. 409 `job_not_repeatable` where the data of the question is sealed or erased.
    """
    require(actor, "job:read")
    parts = parts_of(request)
    key = read_key(request.headers.get("idempotency-key"))
    body = await body_of(request)
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    written = await parts.reader.rewritten(body, await _source(request, found), actor.asker)
    return await submitted(request, actor, written, key)


async def _source(request: Request, found: Found) -> Source:
    """Raises Refusal job_not_started or job_not_repeatable."""
    parts = parts_of(request)
    asked = await parts.jobs.asked(found)
    if asked is None:
        raise Refusal("job_not_started", job_id=found.job_id, retry_after_s=1)
    if SEAL in asked:
        shown = await parts.payloads.masked(asked, found.tenant)
        sealed = "The data of the job is sealed, for it is that of a subject."
        raise Refusal("job_not_repeatable", sealed if MASKED in shown or SEAL in shown else ERASED, job_id=found.job_id)
    view = await parts.jobs.view(found)
    return Source(str(found.job_id), found.state, asked, view.answer)
