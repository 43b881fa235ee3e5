"""The routes of bulk operations: prepared, read, started and cancelled by those who run Queuebit."""

from __future__ import annotations

from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from queuebit_contracts.model import StrictModel
from queuebit_contracts.operators import OVER_HTTP
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.jobs_api import body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.operation_bodies import PrepareBody, StartBody, StopBody
from queuebit_gateway.http.operators_api import OPERATION_EXAMPLE
from queuebit_gateway.http.parsing import parse_object
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import invalid
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.operators import OperationDetail

BODY_BYTES_MAX = 1_048_576
B = TypeVar("B", bound=StrictModel)

router = APIRouter(prefix="/v1/operations", tags=["operators"])

READING = [Depends(actor_who("operator:read", "read"))]
Writing = Annotated[Actor, Depends(actor_who("operator:write", "submit"))]
Id = Annotated[str, Path(description="The id of the operation.", json_schema_extra={"format": "uuid"})]

_PREPARE = {"verb": "jobs cancel", "chosen": {"tenant": "acme", "state": ["held"], "kind": ["maxcut"]}}
_START = {"reason": "A bad release.", "rate_per_s": 20}
_DETAIL = OperationDetail(
    **OPERATION_EXAMPLE.model_dump(), arguments={"tenant": "acme", "state": "held"}, failures={},
    sample=("01890000-0000-7000-8000-000000000001",), runs_here=True,
)  # fmt: skip


@router.post(
    "",
    status_code=201,
    response_model=OperationDetail,
    summary="Prepare a bulk operation",
    operation_id="prepare_operation",
    responses={201: answer("Location", *RATE, example=_DETAIL), **problems(401, 403, 409, 413, 415, 422, 429)},
    openapi_extra=request_body(PrepareBody, example=_PREPARE),
)
async def prepare_operation(request: Request, actor: Writing) -> Response:
    """Freeze what a bulk operation is about: nothing is done yet, and what happens from now on is not in it."""
    parts = parts_of(request)
    body = _read(PrepareBody, await body_of(request, bytes_max=BODY_BYTES_MAX))
    targets = list(dict.fromkeys(body.jobs)) if body.chosen is None else await parts.bulk.chosen(body.chosen.filter())
    operation_id = await parts.bulk.prepare(body.verb, body.arguments(), targets, _who(actor))
    return await _answer(request, operation_id, 201, {"Location": f"/v1/operations/{operation_id}"})


@router.get(
    "/{operation_id}",
    response_model=OperationDetail,
    summary="Read a bulk operation",
    operation_id="read_operation",
    responses={200: answer(*RATE, example=_DETAIL), **problems(401, 403, 404, 429)},
    dependencies=READING,
)
async def read_operation(request: Request, operation_id: Id) -> Response:
    """How far it is, what became of its targets, and why those failed that did."""
    return await _answer(request, _id(operation_id), 200, {})


@router.post(
    "/{operation_id}/start",
    status_code=202,
    response_model=OperationDetail,
    summary="Start a bulk operation",
    operation_id="start_operation",
    responses={202: answer(*RATE, example=_DETAIL), **problems(401, 403, 404, 409, 413, 415, 422, 429)},
    openapi_extra=request_body(StartBody, example=_START),
)
async def start_operation(request: Request, actor: Writing, operation_id: Id) -> Response:
    """Let it act on exactly what was frozen, for the first time or on from where it stopped."""
    body = _read(StartBody, await body_of(request, bytes_max=BODY_BYTES_MAX))
    wanted = _id(operation_id)
    await parts_of(request).bulk.start(wanted, _who(actor), body.reason, body.rate_per_s, body.limit)
    return await _answer(request, wanted, 202, {})


@router.post(
    "/{operation_id}/cancel",
    status_code=202,
    response_model=OperationDetail,
    summary="Cancel a bulk operation",
    operation_id="cancel_operation",
    responses={202: answer(*RATE, example=_DETAIL), **problems(401, 403, 404, 409, 413, 415, 422, 429)},
    openapi_extra=request_body(StopBody, example={"reason": "It was the wrong tenant."}),
)
async def cancel_operation(request: Request, actor: Writing, operation_id: Id) -> Response:
    """Let it act no further, whoever runs it: it stops at its next step. What is done stays done."""
    body = _read(StopBody, await body_of(request, bytes_max=BODY_BYTES_MAX))
    wanted = _id(operation_id)
    await parts_of(request).bulk.cancel(wanted, _who(actor), body.reason)
    return await _answer(request, wanted, 202, {})


async def _answer(request: Request, operation_id: UUID, status: int, headers: dict[str, str]) -> Response:
    found = await parts_of(request).operators.operation(operation_id)
    return Response(found.model_dump_json(), status, headers, media_type="application/json")


def _who(actor: Actor) -> str:
    return f"{OVER_HTTP}{actor.key_id}"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal("operation_not_found") from None


def _read(model: type[B], body: bytes) -> B:
    try:
        return model.model_validate(parse_object(body))
    except ValidationError as error:
        raise invalid(error) from None
