"""The routes of backends."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from queuebit_contracts.backends import BACKEND_NAME_MAX, BackendList, BackendView
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http import examples
from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.backends import views_of

router = APIRouter(prefix="/v1/backends", tags=["backends"])

Reading = Annotated[Actor, Depends(actor_who("backend:read", "read"))]
Name = Annotated[str, Path(description="The name of the backend.", max_length=BACKEND_NAME_MAX)]


@router.get(
    "",
    response_model=BackendList,
    summary="List backends",
    operation_id="list_backends",
    responses={200: answer(*RATE, example=examples.BACKENDS), **problems(401, 403, 429)},
)
async def list_backends(request: Request, actor: Reading) -> Response:
    """Every backend that has reported within a month, with its capabilities, its queue, its calibration and our own history."""
    listed = BackendList(data=tuple(await _views(request, actor)))
    return Response(listed.model_dump_json(), media_type="application/json")


@router.get(
    "/{backend}",
    response_model=BackendView,
    summary="Read a backend",
    operation_id="read_backend",
    responses={200: answer(*RATE, example=examples.BACKEND), **problems(401, 403, 404, 422, 429)},
)
async def read_backend(request: Request, actor: Reading, backend: Name) -> Response:
    """One backend by its name. Where its last report is old it is `stale`: nobody knows how it is now."""
    found = next((view for view in await _views(request, actor) if view.name == backend), None)
    if found is None:
        raise Refusal("backend_not_found")
    return Response(found.model_dump_json(), media_type="application/json")


async def _views(request: Request, actor: Actor) -> list[BackendView]:
    parts = parts_of(request)
    now = parts.clock.now()
    detailed = actor.may("backend:detail")
    return views_of(await parts.backends.reported_backends(), now, detailed=detailed)
