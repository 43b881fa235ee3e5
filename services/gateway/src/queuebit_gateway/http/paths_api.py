"""The routes of paths: for those who run Queuebit, as a path is of no tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from queuebit_contracts.jobs import Money
from queuebit_contracts.paths import GateSpec, PathKey
from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.paths import EvidenceView, PathList, PathView

router = APIRouter(prefix="/v1/paths", tags=["operators"])

READING = [Depends(actor_who("operator:read", "read"))]
PathId = Annotated[str, Path(description="The id of the path.", json_schema_extra={"format": "uuid"})]

_EXAMPLE = PathView(
    id=UUID("ffffffff-ffff-80ca-8a98-7e179ae3bcee"),
    path="maxcut/m/batch@5d1e0c7b9a334f21",
    key=PathKey(kind="maxcut", size_band="m", tier="batch", version="5d1e0c7b9a334f21"),
    name="QAOA, ten layers",
    lane="quantum",
    owner="ada",
    stage="canary",
    percent=10,
    answers_percent=10,
    since=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
    verdict="hold",
    why=("12 of 30 pairs are there.",),
    pairs=88,
    wins=31,
    ties=40,
    rollbacks=0,
    cost=Money(amount="184.80", currency="EUR"),
    budget=Money(amount="400", currency="EUR"),
    evidence=(
        EvidenceView(
            hypothesis="non_inferior", meaning="the path is at most the margin worse", log_e=6.1, log_threshold=2.995732,
            shown_after_pairs=47,
        ),
    ),
    spec=GateSpec(),
    digest="9f3c1a7b" * 8,
)  # fmt: skip


@router.get(
    "",
    response_model=PathList,
    summary="List paths",
    operation_id="list_paths",
    responses={200: answer(*RATE, example=PathList(data=(_EXAMPLE,))), **problems(401, 403, 429)},
    dependencies=READING,
)
async def list_paths(request: Request) -> Response:
    """Every quantum way that is or was measured: how far it is trusted, what its gate says, what it brought and cost."""
    parts = parts_of(request)
    found = await parts.paths.all(parts.clock.now())
    return Response(found.model_dump_json(), media_type="application/json")


@router.get(
    "/{path_id}",
    response_model=PathView,
    summary="Read a path",
    operation_id="read_path",
    responses={200: answer(*RATE, example=_EXAMPLE), **problems(401, 403, 404, 422, 429)},
    dependencies=READING,
)
async def read_path(request: Request, path_id: PathId) -> Response:
    """One path by its id, with every number of its gate."""
    parts = parts_of(request)
    try:
        wanted = UUID(path_id)
    except ValueError:
        raise Refusal("path_not_found") from None
    found = await parts.paths.one(wanted, parts.clock.now())
    return Response(found.model_dump_json(), media_type="application/json")
