"""The routes of plans that wait for people: what waits, and what people say to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from queuebit_contracts.commands import DecidePlan
from queuebit_contracts.model import Model
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.jobs_api import body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.paging import Cursor, Paging
from queuebit_gateway.http.parsing import parse_object
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import DenyBody, GrantBody, invalid, read_job_id
from queuebit_gateway.http.tracing import name_job, traceparent_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.approvals import ApprovalItem, ApprovalLeg, ApprovalList, Person

BODY_BYTES_MAX = 16_384

router = APIRouter(prefix="/v1/approvals", tags=["approvals"])

Reading = Annotated[Actor, Depends(actor_who("approval:read", "read"))]
Deciding = Annotated[Actor, Depends(actor_who("approval:decide", "submit"))]
JobId = Annotated[str, Path(description="The id of the job whose plan waits.", json_schema_extra={"format": "uuid"})]

_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_DIGEST = "9f3c1a7be2d40c11" * 4
_CLASSICAL = ApprovalLeg(leg="primary-classical", role="primary", lane="classical", reason="where nobody decides")
_ITEM = ApprovalItem(
    job_id=UUID("01890000-0000-7000-8000-000000000001"), kind="maxcut", tier="batch", created_at=_AT, digest=_DIGEST,
    role="budget owners", reason="120 qubits are dear.", quorum=2, granted_by=("key:00000002",), expires_at=_AT,
    otherwise="classical_only", otherwise_legs=(_CLASSICAL,), plan="quantum_with_baseline",
    legs=(ApprovalLeg(leg="primary-quantum", role="primary", lane="quantum", reason="asked"), _CLASSICAL),
    rule="large", policy_version="frugal/3", facts={"qubits": 120, "tier": "batch"}, may_decide=True,
)  # fmt: skip
_DECIDE = {"digest": _DIGEST, "reason": "worth it"}
_SAID = {202: answer(*RATE, example=_ITEM), **problems(401, 403, 404, 409, 413, 415, 422, 429)}


@router.get(
    "",
    response_model=ApprovalList,
    summary="List plans that wait",
    operation_id="list_approvals",
    responses={
        200: answer(*RATE, example=ApprovalList(data=(_ITEM,), has_more=False)),
        **problems(401, 403, 422, 429),
    },
)
async def list_approvals(
    request: Request,
    actor: Reading,
    limit: Annotated[int, Query(ge=1, le=100, description="How many a page has at most.")] = 50,
    cursor: Cursor = None,
) -> Response:
    """The plans of your jobs that wait for people, and for each whether you are one of them. A page may hold fewer than
    `limit`, and there be more.
    """
    parts, paging = parts_of(request), Paging.of(request, actor, _of(actor))
    found, last = await parts.approvals.page(_person(actor), paging.before(cursor), limit)
    return _json(ApprovalList(data=tuple(found), has_more=last is not None, next_cursor=paging.after(last)))


@router.get(
    "/{job_id}",
    response_model=ApprovalItem,
    summary="Read a plan that waits",
    operation_id="read_approval",
    responses={200: answer(*RATE, example=_ITEM), **problems(401, 403, 404, 422, 429)},
)
async def read_approval(request: Request, actor: Reading, job_id: JobId) -> Response:
    """The plan of one job: its legs, why it waits, until when, what is done then, and every number it was made from."""
    parts = parts_of(request)
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    return _json((await parts.approvals.one(_person(actor), found))[0])


@router.post(
    "/{job_id}/grant",
    status_code=202,
    response_model=ApprovalItem,
    summary="Allow a plan",
    operation_id="grant_approval",
    responses=_SAID,
    openapi_extra=request_body(GrantBody, example=_DECIDE),
)
async def grant_approval(request: Request, actor: Deciding, job_id: JobId) -> Response:
    """Allow exactly the plan that `digest` names: you hold its role, and did not ask for the job yourself. Said twice, it is
    once. 202 says that it is on its way; where the plan has changed meanwhile nothing follows of it.
    """
    return await _decide(request, actor, job_id, GrantBody, granted=True)


@router.post(
    "/{job_id}/deny",
    status_code=202,
    response_model=ApprovalItem,
    summary="Refuse a plan",
    operation_id="deny_approval",
    responses=_SAID,
    openapi_extra=request_body(DenyBody, example=_DECIDE),
)
async def deny_approval(request: Request, actor: Deciding, job_id: JobId) -> Response:
    """Refuse exactly the plan that `digest` names: its job is cancelled, with your name and reason."""
    return await _decide(request, actor, job_id, DenyBody, granted=False)


async def _decide(
    request: Request, actor: Actor, job_id: str, model: type[GrantBody | DenyBody], *, granted: bool
) -> Response:
    parts = parts_of(request)
    try:
        said = model.model_validate(parse_object(await body_of(request, bytes_max=BODY_BYTES_MAX)))
    except ValidationError as error:
        raise invalid(error) from None
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    item, job = await parts.approvals.one(_person(actor), found)
    if item.role not in _person(actor).roles:
        raise Refusal("duty_forbids", f"The plan waits for {item.role}.", job_id=found.job_id)
    if granted and job.requested_by == actor.name:
        raise Refusal("requester_forbids", job_id=found.job_id)
    if item.digest != said.digest:
        raise Refusal("approval_changed", f"What waits now is {item.digest}.", job_id=found.job_id)
    if item.expires_at is not None and parts.clock.now() >= item.expires_at:
        then = f"the plan {item.otherwise} is taken" if item.otherwise else "the job is cancelled"
        raise Refusal("approval_changed", f"It was to be decided until {item.expires_at}; {then}.", job_id=found.job_id)
    command = DecidePlan(digest=said.digest, granted=granted, actor=actor.name, reason=said.reason)
    name_job(request, found.job_id, actor.tenant)
    await parts.trail.note(actor.asker, "approval.grant" if granted else "approval.deny", found.job_id, said.reason)
    await parts.submitter.decide_plan(found.job_id, actor.tenant, command, traceparent_of(request))
    return _json(item, 202)


def _of(actor: Actor) -> object:
    """What a cursor of this list is bound to."""
    return ["approvals", actor.asker.bound] if actor.asker.bound else "approvals"


def _person(actor: Actor) -> Person:
    return Person(actor.asker, actor.name, actor.duties | {actor.role} if actor.may("approval:decide") else frozenset())


def _json(model: Model, status: int = 200) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")
