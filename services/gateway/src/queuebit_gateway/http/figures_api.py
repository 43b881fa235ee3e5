"""The routes of what is counted over all jobs of a tenant."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from queuebit_gateway.access.authentication import require_whole_tenant
from queuebit_gateway.http import examples
from queuebit_gateway.http.jobs_api import Reading
from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.read_model.figures import BacklogView, UsageView

DAYS_MAX = 366

router = APIRouter(prefix="/v1", tags=["figures"])


@router.get(
    "/usage",
    response_model=UsageView,
    summary="Read what was used",
    operation_id="read_usage",
    responses={200: answer(*RATE, example=examples.USED), **problems(401, 403, 422, 429)},
)
async def read_usage(
    request: Request,
    actor: Reading,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX, description="Of so many days, today included, in UTC.")] = 7,
) -> Response:
    """What you used, day by day in UTC: jobs by outcome, executions, shots, cost by currency, seconds by lane.

    A job counts as submitted on the day on which it was, and as ended on the day on which it did; what an attempt used and cost
    counts on the day on which it was told to have ended. Counted for the whole tenant: a key for a project is refused.
    """
    require_whole_tenant(actor)
    parts = parts_of(request)
    found = await parts.figures.usage(actor.tenant, parts.clock.now().astimezone(UTC).date(), days)
    return Response(found.model_dump_json(), media_type="application/json")


@router.get(
    "/backlog",
    response_model=BacklogView,
    summary="Read what is on its way",
    operation_id="read_backlog",
    responses={200: answer(*RATE, example=examples.ON_ITS_WAY), **problems(401, 403, 429)},
)
async def read_backlog(request: Request, actor: Reading) -> Response:
    """Your jobs that have not ended, by state, lane and tier: how many, and for how long the one that is there longest.
    Counted for the whole tenant: a key for a project is refused.
    """
    require_whole_tenant(actor)
    found = await parts_of(request).figures.backlog(actor.tenant)
    return Response(found.model_dump_json(), media_type="application/json")
