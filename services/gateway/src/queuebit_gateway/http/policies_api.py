"""The routes of policies: for those who run Queuebit, as a policy is of no tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from queuebit_contracts.model import Model
from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.read_model.policies import (
    ActivationView,
    ChangeView,
    PolicyDiff,
    PolicyList,
    PolicyVersionView,
    PolicyView,
)

router = APIRouter(prefix="/v1/policies", tags=["operators"])

READING = [Depends(actor_who("operator:read", "read"))]
Name = Annotated[str, Path(max_length=40, description="The name of a policy.")]
Number = Annotated[int, Path(ge=1, le=9_999_999, description="Which of its publications.")]

_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_VERSION = PolicyVersionView(
    version="frugal/3", active=True, actor="ada", reason="Less for small ones.", published_at=_AT, digest="9f3c1a7b" * 8
)
_LIST = PolicyList(
    active="frugal/3",
    data=(_VERSION,),
    history=(ActivationView(version="frugal/3", at=_AT, actor="ada", reason="Tried for a week."),),
)
_ROW = {"id": "tiny", "when": {"variables": {"le": 24}}, "use": "classical", "reason": "Enumerated."}
_DOCUMENT = {"policy": "frugal", "routing": [_ROW]}
_CHANGE = ChangeView(where="routing/tiny", what="changed", before=_ROW, after={**_ROW, "reason": "Small enough."})


@router.get(
    "",
    response_model=PolicyList,
    summary="List policies",
    operation_id="list_policies",
    responses={200: answer(*RATE, example=_LIST), **problems(401, 403, 429)},
    dependencies=READING,
)
async def list_policies(request: Request) -> Response:
    """By which policy jobs are planned now, every version there is, and what was active before, the latest first."""
    return _json(await parts_of(request).policies.all())


@router.get(
    "/{policy}/{number}",
    response_model=PolicyView,
    summary="Read a policy",
    operation_id="read_policy",
    responses={
        200: answer(*RATE, example=PolicyView(**_VERSION.model_dump(), document=_DOCUMENT)),
        **problems(401, 403, 404, 422, 429),
    },
    dependencies=READING,
)
async def read_policy(request: Request, policy: Name, number: Number) -> Response:
    """One version, with its whole document. It never changes."""
    return _json(await parts_of(request).policies.one(f"{policy}/{number}"))


@router.get(
    "/{policy}/{number}/diff",
    response_model=PolicyDiff,
    summary="Compare two policies",
    operation_id="diff_policies",
    responses={
        200: answer(*RATE, example=PolicyDiff(before="frugal/2", after="frugal/3", changes=(_CHANGE,))),
        **problems(401, 403, 404, 422, 429),
    },
    dependencies=READING,
)
async def diff_policies(
    request: Request,
    policy: Name,
    number: Number,
    against: Annotated[
        str | None, Query(max_length=60, description="Another version, such as `frugal/2`; absent, the active one.")
    ] = None,
) -> Response:
    """What this version says otherwise than another: row by row, plan by plan, and where rows stand in another order."""
    return _json(await parts_of(request).policies.diff(f"{policy}/{number}", against))


def _json(model: Model) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")
