"""The routes of jobs."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from queuebit_contracts.commands import CancelJob
from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import BODY_BYTES_MAX, INTEGER_MAX, JobState, KindName, Tier, is_past
from queuebit_contracts.streams import PUBLISHED
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http import examples
from queuebit_gateway.http.conditions import check_if_match, header_of, is_unchanged, tag_of
from queuebit_gateway.http.job_answers import as_json, as_text, told
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.paging import Cursor, Paging
from queuebit_gateway.http.parsing import parse_object, read_body
from queuebit_gateway.http.parts import Parts, actor_who, parts_of
from queuebit_gateway.http.requests import (
    WAIT_S_MAX,
    CancelBody,
    Moment,
    SubmitBody,
    bad_query,
    check_range,
    read_cancel,
    read_job_id,
    read_key,
    read_wait_s,
)
from queuebit_gateway.http.sagas import check_superseded
from queuebit_gateway.http.submitting import submitted
from queuebit_gateway.http.tracing import name_job, traceparent_of
from queuebit_gateway.http.waits import Waiter
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.backends import views_of
from queuebit_gateway.read_model.dry_run import DryRun, dry_run
from queuebit_gateway.read_model.explain import explain
from queuebit_gateway.read_model.models import Explanation, JobList, JobView
from queuebit_problems.admission import Admitted
from queuebit_store.ports import Place, StreamFilter

APPEAR_S_MAX = 5.0
CANCEL_BYTES_MAX = 16_384
Include = Literal["events", "plan", "shares"]

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Submitting = Annotated[Actor, Depends(actor_who("job:submit", "submit"))]
Reading = Annotated[Actor, Depends(actor_who("job:read", "read"))]
Cancelling = Annotated[Actor, Depends(actor_who("job:cancel", "submit"))]
JobId = Annotated[str, Path(description="The id of the job.", json_schema_extra={"format": "uuid"})]


@router.post(
    "",
    status_code=202,
    response_model=JobView,
    summary="Submit a job",
    operation_id="submit_job",
    responses={
        200: {
            "description": "What would become of it (`validate_only`).",
            "model": DryRun,
            **answer(*RATE, example=examples.DRY_RUN),
        },
        202: answer("ETag", "Location", "Idempotency-Replayed", "Preference-Applied", *RATE, example=examples.TAKEN),
        **problems(401, 403, 409, 413, 415, 422, 429),
    },
    openapi_extra=request_body(
        SubmitBody, "Idempotency-Key", "Queuebit-Quote", "Prefer", "traceparent", example=examples.SUBMIT
    ),
)
async def submit(
    request: Request,
    actor: Submitting,
    validate_only: Annotated[
        bool,
        Query(description="Only check the problem, and tell plan, time and cost. No key is needed, nothing is stored."),
    ] = False,
) -> Response:
    """Take a question. The answer is 202 with the job as it is now: new, or the same job again where the key is repeated."""
    parts = parts_of(request)
    offered = request.headers.get("idempotency-key")
    if validate_only:
        if offered is not None:
            read_key(offered)
        asked = await parts.reader.read(await body_of(request), actor.asker)
        await check_superseded(parts.jobs, actor, asked.saga)
        return as_json(await _would(parts, asked.admitted))
    key = read_key(offered)
    return await submitted(request, actor, await body_of(request), key)


@router.get(
    "",
    response_model=JobList,
    summary="List jobs",
    operation_id="list_jobs",
    responses={200: answer(*RATE, example=examples.PAGE), **problems(401, 403, 422, 429)},
)
async def list_jobs(
    request: Request,
    actor: Reading,
    state: Annotated[list[JobState], Query(max_length=10, description="Only jobs in these states.")] = [],  # noqa: B006
    kind: Annotated[list[KindName], Query(max_length=20, description="Only these problem kinds.")] = [],  # noqa: B006
    tier: Annotated[list[Tier], Query(max_length=3, description="Only these tiers.")] = [],  # noqa: B006
    created_from: Annotated[Moment | None, Query(description="Created at or after (RFC 3339).")] = None,
    created_to: Annotated[Moment | None, Query(description="Created before (RFC 3339).")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="How many lines a page has at most.")] = 20,
    cursor: Cursor = None,
) -> Response:
    """Your jobs as lines, the last accepted first whatever its id; one accepted an instant ago may not be listed yet."""
    check_range(created_from, created_to)
    parts = parts_of(request)
    filters = {
        "state": sorted(state),
        "kind": sorted(kind),
        "tier": sorted(tier),
        "created_from": created_from.isoformat() if created_from else "",
        "created_to": created_to.isoformat() if created_to else "",
    }
    bound = actor.asker.bound
    paging = Paging.of(request, actor, {**filters, **bound})
    attributes = {name: tuple(values) for name, values in (("kind", kind), ("tier", tier)) if values}
    attributes |= {name: (value,) for name, value in bound.items()}
    wanted = StreamFilter(
        actor.tenant, tuple(state), attributes, paging.before(cursor), created_from, created_to, PUBLISHED
    )
    lines, more = await parts.jobs.page(wanted, limit)
    last = Place(lines[-1].created_at, lines[-1].id) if more else None
    next_cursor = paging.after(last)
    query = {**{name: value for name, value in filters.items() if value}, "limit": limit, "cursor": next_cursor}
    url = f"/v1/jobs?{urlencode(query, doseq=True)}" if more else None
    return as_json(JobList(data=tuple(lines), has_more=more, next_cursor=next_cursor, next_page_url=url))


@router.get(
    "/{job_id}",
    response_model=JobView,
    summary="Read a job",
    operation_id="read_job",
    responses={
        200: answer("ETag", "Preference-Applied", *RATE, example=examples.ENDED),
        304: {"description": "Not changed since If-None-Match.", **answer("ETag", "Preference-Applied", *RATE)},
        **problems(401, 403, 404, 422, 429),
    },
    openapi_extra=request_body(None, "Prefer", "If-None-Match"),
)
async def read(
    request: Request,
    actor: Reading,
    job_id: JobId,
    include: Annotated[
        list[str], Query(max_length=5, description="`events`, `plan`, `shares`; repeated or with commas.")
    ] = [],  # noqa: B006
    after_version: Annotated[
        int | None, Query(ge=0, description="Answer when the job is newer; waits 25 s at most.")
    ] = None,
) -> Response:
    """The job as it stands. `Prefer: wait=25` waits until it has ended; with `after_version`, until it is newer."""
    parts = parts_of(request)
    wanted = _include(include)
    waiter = Waiter(request, actor)
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    wait_s = read_wait_s(request.headers.get("prefer"))
    headers: dict[str, str] = {}
    if wait_s is not None:
        headers["Preference-Applied"] = f"wait={wait_s:.0f}"
    if after_version is not None:
        found = await waiter.until_newer(found, after_version, WAIT_S_MAX if wait_s is None else wait_s)
    elif wait_s is not None:
        found = await waiter.until_ended(found, wait_s)
    if is_unchanged(header_of(request, "if-none-match"), found.version):
        return Response(status_code=304, headers={**headers, "ETag": tag_of(found.version)})
    view = await parts.etas.with_eta(await parts.jobs.view(found, include=wanted))
    if "shares" in wanted:
        view = await parts.shares.with_shares(found, view)
    return await told(parts, actor.tenant, view, 200, headers)


@router.get(
    "/{job_id}/explain",
    response_model=Explanation,
    summary="Explain a job",
    operation_id="explain_job",
    responses={200: answer(*RATE, example=examples.EXPLAINED), **problems(401, 403, 404, 422, 429)},
)
async def explain_job(
    request: Request,
    actor: Reading,
    job_id: JobId,
    timeline_after: Annotated[
        int, Query(ge=0, le=INTEGER_MAX, description="Of the timeline only what came after this version.")
    ] = 0,
) -> Response:
    """Why the job went as it went: plan, rule, policy version, every number used, what ran, and the story in order."""
    parts = parts_of(request)
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    story = await parts.jobs.told(found, partial(explain, timeline_after=timeline_after))
    return as_text(await parts.payloads.masked(story.model_dump_json(), actor.tenant))


@router.post(
    "/{job_id}/cancel",
    status_code=202,
    response_model=JobView,
    summary="Cancel a job",
    operation_id="cancel_job",
    responses={
        202: answer("ETag", "Location", *RATE, example=examples.ENDED),
        **problems(401, 403, 404, 409, 412, 413, 415, 422, 429),
    },
    openapi_extra=request_body(CancelBody, "If-Match", "Idempotency-Key", required=False, example=examples.CANCEL),
)
async def cancel(request: Request, actor: Cancelling, job_id: JobId) -> Response:
    """Ask for the job to be withdrawn. 202 says that the request is on its way; the job says `cancelled` when it is done."""
    parts = parts_of(request)
    offered = request.headers.get("idempotency-key")
    key = read_key(offered) if offered is not None else None
    body = await body_of(request, bytes_max=CANCEL_BYTES_MAX)
    wanted = read_cancel(parse_object(body) if body.strip() else {})
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    check_if_match(header_of(request, "if-match"), found.version)
    if found.row is None:
        found = await Waiter(request, actor).until_newer(found, 0, APPEAR_S_MAX)
    if found.row is None:
        raise Refusal("job_not_started", job_id=found.job_id, retry_after_s=1)
    if found.ended:
        raise Refusal("job_ended", f"The job has ended: {found.state}.", job_id=found.job_id)
    command = CancelJob(actor=actor.name, reason=wanted.reason)
    name_job(request, found.job_id, actor.tenant)
    await parts.trail.note(actor.asker, "job.cancel", found.job_id, wanted.reason)
    await parts.submitter.cancel(found.job_id, actor.tenant, command, traceparent_of(request), key)
    headers = {"Location": f"/v1/jobs/{found.job_id}"}
    return await told(parts, actor.tenant, await parts.jobs.view(found), 202, headers)


async def _would(parts: Parts, admitted: Admitted) -> DryRun:
    now = parts.clock.now()
    if is_past(admitted.request.deadline, now):
        raise Refusal("deadline_past", errors=(FieldError("/deadline", "deadline_past", "has passed"),))
    reported = views_of(await parts.backends.reported_backends(), now, detailed=False)
    return dry_run(admitted, reported, now, await parts.jobs.policy(), await parts.paths.taking_part())


async def body_of(request: Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The JSON body as it was sent. Raises Refusal unsupported_media_type or body_too_large."""
    content_type = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise Refusal("unsupported_media_type")
    return await read_body(request.stream(), request.headers.get("content-length"), bytes_max=bytes_max)


def _include(values: list[str]) -> frozenset[str]:
    wanted = frozenset(part for value in values for part in (item.strip(" ") for item in value.split(",")) if part)
    if not wanted <= {"events", "plan", "shares"}:
        raise bad_query("include", "may name `events`, `plan` and `shares`")
    return wanted
