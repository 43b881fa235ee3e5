"""The route by which those say what an answer brought who acted on it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.ids import derive_id
from queuebit_domain.job.outcomes import REPORTS_MAX, has_no_room
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http import examples
from queuebit_gateway.http.conditions import tag_of
from queuebit_gateway.http.jobs_api import JobId, body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.outcome_body import OutcomeBody
from queuebit_gateway.http.parsing import parse_object
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import invalid, read_job_id, read_key
from queuebit_gateway.http.tracing import name_job, traceparent_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.models import JobView

BODY_BYTES_MAX = 16_384

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Reporting = Annotated[Actor, Depends(actor_who("outcome:report", "submit"))]
_EXAMPLE = {"acted": True, "objective": 41.5, "value": {"amount": "120.50", "currency": "EUR"}}


@router.post(
    "/{job_id}/outcomes",
    status_code=202,
    response_model=JobView,
    summary="Report an outcome",
    operation_id="report_outcome",
    responses={
        202: answer("ETag", *RATE, example=examples.ENDED),
        **problems(401, 403, 404, 409, 413, 415, 422, 429),
    },
    openapi_extra=request_body(OutcomeBody, "Idempotency-Key", keyed=False, example=_EXAMPLE),
)
async def report_outcome(request: Request, actor: Reporting, job_id: JobId) -> Response:
    """Say what acting on the answer of a completed job brought. It is booked on the job; the same key, or the same words, are
    one report. 409 where the job has as many as it can hold.
    """
    parts = parts_of(request)
    offered = request.headers.get("idempotency-key")
    key = read_key(offered) if offered is not None else None
    try:
        said = OutcomeBody.model_validate(parse_object(await body_of(request, bytes_max=BODY_BYTES_MAX)))
    except ValidationError as error:
        raise invalid(error) from None
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    if found.state != "completed":
        raise Refusal("job_not_completed", f"The job is {found.state}.", job_id=found.job_id)
    report_id = derive_id(found.job_id, f"outcome:{key or fingerprint(said)}", actor.tenant)
    if has_no_room(await parts.jobs.standing(found), report_id):
        detail = f"The job has its {REPORTS_MAX} outcomes; this one would not be booked."
        raise Refusal("outcomes_full", detail, job_id=found.job_id)
    name_job(request, found.job_id, actor.tenant)
    event = said.event(report_id, actor.name)
    await parts.submitter.report_outcome(found.job_id, actor.tenant, event, traceparent_of(request))
    view = await parts.jobs.view(found)
    text = await parts.payloads.masked(view.model_dump_json(), actor.tenant)
    return Response(text, 202, {"ETag": tag_of(view.version)}, media_type="application/json")
