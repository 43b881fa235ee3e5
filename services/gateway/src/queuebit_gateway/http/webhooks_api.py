"""The routes of webhooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from queuebit_contracts.model import Model, StrictModel
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http import webhook_examples as examples
from queuebit_gateway.http.conditions import check_if_match, header_of, tag_of
from queuebit_gateway.http.jobs_api import body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.paging import Cursor, Paging
from queuebit_gateway.http.parsing import parse_object
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import invalid, read_key
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.webhooks.models import (
    DeliveryList,
    DeliveryView,
    ReplayBody,
    Replayed,
    RotateBody,
    WebhookBody,
    WebhookList,
    WebhookPatch,
    WebhookView,
)
from queuebit_store.ports import Place
from queuebit_store.webhooks.port import DeliveryPlace

BODY_BYTES_MAX = 65_536
B = TypeVar("B", bound=StrictModel)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

Reading = Annotated[Actor, Depends(actor_who("webhook:read", "read"))]
Writing = Annotated[Actor, Depends(actor_who("webhook:write", "submit"))]
Id = Annotated[str, Path(description="The id of the endpoint.", json_schema_extra={"format": "uuid"})]


@router.post(
    "",
    status_code=201,
    response_model=WebhookView,
    summary="Make a webhook",
    operation_id="make_webhook",
    responses={
        201: answer("ETag", "Location", "Idempotency-Replayed", *RATE, example=examples.MADE),
        **problems(401, 403, 409, 413, 415, 422, 429),
    },
    openapi_extra=request_body(WebhookBody, "Idempotency-Key", example=examples.MAKE),
)
async def make_webhook(request: Request, actor: Writing) -> Response:
    """Tell this URL what happens to your jobs from now on. The secret is shown in this answer alone; the id of each delivery is
    the same however often it is tried.
    """
    key = read_key(request.headers.get("idempotency-key"))
    wanted = await _read(request, WebhookBody)
    made, first = await parts_of(request).webhooks.make(actor.asker, key, wanted)
    headers = {"Location": f"/v1/webhooks/{made.id}", **({} if first else {"Idempotency-Replayed": "true"})}
    return _answer(made, 201, headers)


@router.get(
    "",
    response_model=WebhookList,
    summary="List webhooks",
    operation_id="list_webhooks",
    responses={200: answer(*RATE, example=examples.LISTED), **problems(401, 403, 429)},
)
async def list_webhooks(request: Request, actor: Reading) -> Response:
    """Your endpoints, and how they do."""
    return _json(WebhookList(data=await parts_of(request).webhooks.all(actor.asker)))


@router.get(
    "/{webhook_id}",
    response_model=WebhookView,
    summary="Read a webhook",
    operation_id="read_webhook",
    responses={200: answer("ETag", *RATE, example=examples.SHOWN), **problems(401, 403, 404, 422, 429)},
)
async def read_webhook(request: Request, actor: Reading, webhook_id: Id) -> Response:
    """One endpoint: where it is, what goes there, whether it is enabled, and since when it fails if it does."""
    return _answer(await parts_of(request).webhooks.one(actor.asker, _id(webhook_id)))


@router.patch(
    "/{webhook_id}",
    response_model=WebhookView,
    summary="Change a webhook",
    operation_id="change_webhook",
    responses={
        200: answer("ETag", *RATE, example=examples.SHOWN),
        **problems(401, 403, 404, 412, 413, 415, 422, 429),
    },
    openapi_extra=request_body(WebhookPatch, "If-Match", example=examples.CHANGE),
)
async def change_webhook(request: Request, actor: Writing, webhook_id: Id) -> Response:
    """Change what is named in the body; `state` pauses it and enables it again."""
    wanted = await _read(request, WebhookPatch)
    webhooks = parts_of(request).webhooks
    return _answer(await webhooks.change(actor.asker, _id(webhook_id), wanted, _expected(request)))


@router.delete(
    "/{webhook_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a webhook",
    operation_id="delete_webhook",
    responses={204: {"description": "It is gone.", **answer(*RATE)}, **problems(401, 403, 404, 412, 422, 429)},
    openapi_extra=request_body(None, "If-Match"),
)
async def delete_webhook(request: Request, actor: Writing, webhook_id: Id) -> Response:
    """Forget the endpoint, and what was still to be told to it."""
    await parts_of(request).webhooks.drop(actor.asker, _id(webhook_id), _expected(request))
    return Response(status_code=204)


@router.post(
    "/{webhook_id}/rotate",
    response_model=WebhookView,
    summary="Rotate the keys",
    operation_id="rotate_webhook",
    responses={
        200: answer("ETag", *RATE, example=examples.MADE),
        **problems(401, 403, 404, 413, 415, 422, 429),
    },
    openapi_extra=request_body(RotateBody, required=False, example=examples.ROTATE),
)
async def rotate_webhook(request: Request, actor: Writing, webhook_id: Id) -> Response:
    """New keys, shown in this answer alone. For the overlap everything is signed with the former ones as well."""
    wanted = await _read(request, RotateBody)
    return _answer(await parts_of(request).webhooks.rotate(actor.asker, _id(webhook_id), wanted.overlap_s))


@router.post(
    "/{webhook_id}/ping",
    status_code=202,
    response_model=DeliveryView,
    summary="Try a webhook",
    operation_id="ping_webhook",
    responses={202: answer(*RATE, example=examples.DELIVERY), **problems(401, 403, 404, 422, 429)},
)
async def ping_webhook(request: Request, actor: Writing, webhook_id: Id) -> Response:
    """Send something that is about no job; its delivery says what came of it."""
    return _json(await parts_of(request).webhooks.ping(actor.asker, _id(webhook_id)), 202)


@router.get(
    "/{webhook_id}/deliveries",
    response_model=DeliveryList,
    summary="List deliveries",
    operation_id="list_webhook_deliveries",
    responses={200: answer(*RATE, example=examples.DELIVERIES), **problems(401, 403, 404, 422, 429)},
)
async def list_deliveries(
    request: Request,
    actor: Reading,
    webhook_id: Id,
    state: Annotated[
        list[Literal["pending", "delivered", "exhausted"]], Query(max_length=3, description="Only in these states.")
    ] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=100, description="How many lines a page has at most.")] = 20,
    cursor: Cursor = None,
) -> Response:
    """What was told and is to be told, with the last attempt of each, for 30 days."""
    parts, endpoint_id = parts_of(request), _id(webhook_id)
    paging = Paging.of(request, actor, {"webhook": str(endpoint_id), "state": sorted(state)})
    place = paging.before(cursor)
    before = None if place is None else DeliveryPlace(place.created_at, place.stream_id)
    lines, more = await parts.webhooks.deliveries(actor.asker, endpoint_id, tuple(state), before, limit)
    last = Place(lines[-1].happened_at, lines[-1].id) if more else None
    return _json(DeliveryList(data=tuple(lines), has_more=more, next_cursor=paging.after(last)))


@router.post(
    "/{webhook_id}/replay",
    status_code=202,
    response_model=Replayed,
    summary="Deliver again",
    operation_id="replay_webhook",
    responses={202: answer(*RATE, example=examples.REPLAYED), **problems(401, 403, 404, 413, 415, 422, 429)},
    openapi_extra=request_body(ReplayBody, example=examples.REPLAY),
)
async def replay_webhook(request: Request, actor: Writing, webhook_id: Id) -> Response:
    """Deliver again what happened in a range, under the same ids, up to 10,000 deliveries a call."""
    wanted = await _read(request, ReplayBody)
    return _json(await parts_of(request).webhooks.replay(actor.asker, _id(webhook_id), wanted), 202)


async def _read(request: Request, model: type[B]) -> B:
    body = await body_of(request, bytes_max=BODY_BYTES_MAX)
    document: dict[str, Any] = parse_object(body) if body.strip() else {}
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise invalid(error) from None


def _expected(request: Request) -> Callable[[int], None]:
    return partial(_check_version, header_of(request, "if-match"))


def _check_version(header: str | None, version: int) -> None:
    check_if_match(header, version)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal("webhook_not_found") from None


def _answer(view: WebhookView, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return _json(view, status, {"ETag": tag_of(view.version), **(headers or {})})


def _json(model: Model, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(model.model_dump_json(), status, headers, media_type="application/json")
