"""The routes of API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from queuebit_contracts.model import Model, StrictModel
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.access.issuing import KeyBody, KeyList, KeyMade, KeyView, RotateKeyBody
from queuebit_gateway.http.jobs_api import body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.parsing import parse_object
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import invalid, read_key

BODY_BYTES_MAX = 16_384
B = TypeVar("B", bound=StrictModel)

router = APIRouter(prefix="/v1/keys", tags=["keys"])

Reading = Annotated[Actor, Depends(actor_who("key:read", "read"))]
Writing = Annotated[Actor, Depends(actor_who("key:write", "submit"))]
Id = Annotated[str, Path(max_length=64, description="The id of the key: its 8 characters after `qb_live_`.")]

_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_SHOWN = KeyView(
    id="0Xq3Tz81", prefix="qb_live_0Xq3Tz81", name="nightly plans", role="submitter", state="live",
    scopes=("job:submit", "job:read"), networks=("192.0.2.0/24",), project="routes", environment="production",
    made_by="4hJ2kLm9", created_at=_AT, expires_at=_AT + timedelta(days=90), revoked_at=None, last_used_at=_AT,
)  # fmt: skip
_MADE = KeyMade(**dict(_SHOWN), key="qb_live_0Xq3Tz81_" + "0" * 43 + "1aB2cD")
_MAKE: dict[str, Any] = {
    "name": "nightly plans", "role": "submitter", "scopes": ["job:submit", "job:read"], "networks": ["192.0.2.0/24"],
    "project": "routes", "environment": "production", "days": 90,
}  # fmt: skip


@router.post(
    "",
    status_code=201,
    response_model=KeyMade,
    summary="Make a key",
    operation_id="make_key",
    responses={
        201: answer("Location", *RATE, example=_MADE),
        **problems(401, 403, 409, 413, 415, 422, 429),
    },
    openapi_extra=request_body(KeyBody, "Idempotency-Key", example=_MAKE),
)
async def make_key(request: Request, actor: Writing) -> Response:
    """Make an API key of your tenant that allows no more than yours does. Its text is shown in this answer alone; a repeat with
    the same Idempotency-Key makes no second key, and is told which one there is.
    """
    key = read_key(request.headers.get("idempotency-key"))
    made = await parts_of(request).issuing.make(actor, key, await _read(request, KeyBody))
    return _json(made, 201, {"Location": f"/v1/keys/{made.id}"})


@router.get(
    "",
    response_model=KeyList,
    summary="List keys",
    operation_id="list_keys",
    responses={200: answer(*RATE, example=KeyList(data=(_SHOWN,))), **problems(401, 403, 429)},
)
async def list_keys(request: Request, actor: Reading) -> Response:
    """The API keys of your tenant: what each may do, from where, until when, and when it was last used; never their secrets."""
    return _json(await parts_of(request).issuing.all(actor))


@router.get(
    "/{key_id}",
    response_model=KeyView,
    summary="Read a key",
    operation_id="read_key",
    responses={200: answer(*RATE, example=_SHOWN), **problems(401, 403, 404, 422, 429)},
)
async def read_one_key(request: Request, actor: Reading, key_id: Id) -> Response:
    """One API key of your tenant."""
    return _json(await parts_of(request).issuing.one(actor, key_id))


@router.delete(
    "/{key_id}",
    status_code=204,
    response_class=Response,
    summary="Revoke a key",
    operation_id="revoke_key",
    responses={204: {"description": "It is revoked.", **answer(*RATE)}, **problems(401, 403, 404, 422, 429)},
)
async def revoke_key(request: Request, actor: Writing, key_id: Id) -> Response:
    """Take a key out of use: it opens nothing any more, in five seconds at the latest, streams that it opened included."""
    await parts_of(request).issuing.revoke(actor, key_id)
    return Response(status_code=204)


@router.post(
    "/{key_id}/rotate",
    status_code=201,
    response_model=KeyMade,
    summary="Rotate a key",
    operation_id="rotate_key",
    responses={
        201: answer("Location", *RATE, example=_MADE),
        **problems(401, 403, 404, 409, 413, 415, 422, 429),
    },
    openapi_extra=request_body(
        RotateKeyBody, "Idempotency-Key", required=False, keyed=True, example={"overlap_s": 86400}
    ),
)
async def rotate_key(request: Request, actor: Writing, key_id: Id) -> Response:
    """A new key in the place of this one: as wide, for as long, and shown in this answer alone. Both open for the overlap."""
    key = read_key(request.headers.get("idempotency-key"))
    wanted = await _read(request, RotateKeyBody)
    made = await parts_of(request).issuing.rotate(actor, key_id, key, wanted.overlap_s)
    return _json(made, 201, {"Location": f"/v1/keys/{made.id}"})


async def _read(request: Request, model: type[B]) -> B:
    body = await body_of(request, bytes_max=BODY_BYTES_MAX)
    document: dict[str, Any] = parse_object(body) if body.strip() else {}
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise invalid(error) from None


def _json(model: Model, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(model.model_dump_json(), status, headers, media_type="application/json")
