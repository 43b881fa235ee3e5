"""The routes of what must be accounted for: the trail of a tenant, and sealed data that somebody wants to see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http import examples
from queuebit_gateway.http.conditions import tag_of
from queuebit_gateway.http.jobs_api import CANCEL_BYTES_MAX, JobId, body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.paging import Cursor, Paging
from queuebit_gateway.http.parsing import parse_object
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import RevealBody, invalid, read_job_id
from queuebit_gateway.http.tracing import name_job
from queuebit_gateway.read_model.audit import AuditEntry, AuditPage
from queuebit_gateway.read_model.models import JobView
from queuebit_gateway.read_model.shares import job_of
from queuebit_gateway.trail import DeedName

router = APIRouter(prefix="/v1", tags=["audit"])

Auditing = Annotated[Actor, Depends(actor_who("audit:read", "read"))]
Revealing = Annotated[Actor, Depends(actor_who("payload:read", "read"))]

_ENTRY = AuditEntry(
    id=UUID("01890000-0000-7000-8000-000000000031"), at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC), actor="key:0Xq3Tz81",
    action="job.reveal", about="01890000-0000-7000-8000-000000000001", reason="complaint 4711",
)  # fmt: skip


@router.get(
    "/audit",
    response_model=AuditPage,
    summary="Read the trail",
    operation_id="list_audit",
    responses={
        200: answer(*RATE, example=AuditPage(data=(_ENTRY,), has_more=False)),
        **problems(401, 403, 422, 429),
    },
)
async def list_audit(
    request: Request,
    actor: Auditing,
    action: Annotated[list[DeedName], Query(max_length=20, description="Only these deeds.")] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=200, description="How many a page has at most.")] = 50,
    cursor: Cursor = None,
) -> Response:
    """Who did what with your tenant's keys, webhooks and jobs, and who had sealed data opened: the latest first. An entry is
    written before what it tells of is done.
    """
    parts, paging = parts_of(request), Paging.of(request, actor, ["audit", sorted(action)])
    found, last = await parts.trail.audit.page(actor.tenant, action, paging.before(cursor), limit)
    page = AuditPage(data=tuple(found), has_more=last is not None, next_cursor=paging.after(last))
    return Response(page.model_dump_json(), media_type="application/json")


@router.post(
    "/jobs/{job_id}/reveal",
    response_model=JobView,
    summary="Reveal a job",
    operation_id="reveal_job",
    responses={
        200: answer("ETag", *RATE, example=examples.ENDED),
        **problems(401, 403, 404, 413, 415, 422, 429),
    },
    openapi_extra=request_body(RevealBody, example={"reason": "complaint 4711"}),
)
async def reveal_job(request: Request, actor: Revealing, job_id: JobId) -> Response:
    """The job with all that is sealed of it opened, which every other answer masks. Who asked, and why, stands in the trail
    before the answer is given.
    """
    parts = parts_of(request)
    try:
        wanted = RevealBody.model_validate(parse_object(await body_of(request, bytes_max=CANCEL_BYTES_MAX)))
    except ValidationError as error:
        raise invalid(error) from None
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    name_job(request, found.job_id, actor.tenant)
    view = await parts.jobs.view(found, include=frozenset({"plan"}))
    await parts.trail.note(actor.asker, "job.reveal", found.job_id, wanted.reason)
    view = await parts.shares.with_shares(found, view, revealing=True)
    text = await parts.payloads.opened(view.model_dump_json(), actor.tenant, job_of(found, view))
    return Response(text, 200, {"ETag": tag_of(view.version)}, media_type="application/json")
