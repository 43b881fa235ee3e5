"""The routes of what operators do: for those who run Queuebit, over all tenants."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.read_model.operators import Deed, HoldView, OperationList, OperationView, RecordView

router = APIRouter(prefix="/v1", tags=["operators"])

READING = [Depends(actor_who("operator:read", "read"))]

_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
OPERATION_EXAMPLE = OperationView(
    id=UUID("01890000-0000-7000-8000-000000000020"), verb="jobs cancel", state="running", count=100, done=40,
    outcomes={"cancelled": 40}, frozen_by="ada", frozen_at=_AT, actor="ada", reason="A bad release.", rate_per_s=10.0,
    updated_at=_AT,
)  # fmt: skip
_RECORD = RecordView(
    holds=(
        HoldView(
            number=1, why="pause", scope="lane", value="quantum", actor="ada", reason="Calibration.", placed_at=_AT
        ),
    ),
    deeds=(Deed(at=_AT, actor="ada", did="paused lane quantum", reason="Calibration.", hold=1),),
)


@router.get(
    "/operations",
    response_model=OperationList,
    summary="List bulk operations",
    operation_id="list_operations",
    responses={200: answer(*RATE, example=OperationList(data=(OPERATION_EXAMPLE,))), **problems(401, 403, 422, 429)},
    dependencies=READING,
)
async def list_operations(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100, description="How many there are at most.")] = 20,
) -> Response:
    """The latest bulk operations of operators, newest first: who lets them act and why, how far each is, and how it went."""
    found = await parts_of(request).operators.operations(limit)
    return Response(found.model_dump_json(), media_type="application/json")


@router.get(
    "/record",
    response_model=RecordView,
    summary="Read what operators did",
    operation_id="read_record",
    responses={200: answer(*RATE, example=_RECORD), **problems(401, 403, 429)},
    dependencies=READING,
)
async def read_record(request: Request) -> Response:
    """What operators hold back now, and what they did lately: holds and bulk operations, with actor and reason."""
    found = await parts_of(request).operators.record()
    return Response(found.model_dump_json(), media_type="application/json")
