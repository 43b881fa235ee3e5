"""The route that follows everything that happens to a tenant's jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from queuebit_gateway.http import examples
from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.http.requests import bad_query
from queuebit_gateway.http.stream_api import JobStream, Streaming
from queuebit_gateway.http.tenant_stream import tenant_stream
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.cursors import Seen
from queuebit_gateway.read_model.tenant_events import EVENT_NAMES, Gap
from queuebit_store.ports import Position

BEGINNING = "beginning"

router = APIRouter(prefix="/v1", tags=["events"])


@router.get(
    "/events",
    response_class=StreamingResponse,
    summary="Follow all jobs",
    operation_id="follow_events",
    responses={200: answer(*RATE, text=examples.TENANT_STREAM), **problems(401, 403, 422, 429)},
    openapi_extra={
        "parameters": [
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "description": "Go on strictly after this event.",
                "schema": {"type": "string", "maxLength": 200},
            }
        ]
    },
)
async def events(
    request: Request,
    actor: Streaming,
    types: Annotated[
        list[str],
        Query(max_length=40, description="Only these events, such as `JobCompleted`; repeated or with commas."),
    ] = [],  # noqa: B006
    after: Annotated[
        str,
        Query(
            max_length=200,
            description="Go on after this id, for who cannot send Last-Event-ID, which wins. `beginning`: everything "
            "that the log still has. Absent: what happens from now on.",
        ),
    ] = "",
    compact: Annotated[bool, Query(description="Leave problem statements out of the events.")] = True,
) -> Response:
    """Server-sent events of all your jobs: `id` is opaque and yours alone, `event` the type, `data` the structured CloudEvent.

    Goes on strictly after Last-Event-ID; each event comes once and the events of a job in order. A `reset` says that events in
    between lie in archives, or that the log ends before the id. Ends after ten minutes at most: come back with the last id.
    """
    parts = parts_of(request)
    if parts.tailer.closing:
        raise Refusal("shutting_down", retry_after_s=1)
    names = _names(types)
    text = (request.headers.get("last-event-id") or "").strip() or after.strip()
    gap: Gap | None = None
    if text == BEGINNING:
        seen = Seen(Position(), parts.clock.now())
    elif text:
        seen, gap = await parts.tenant_events.resumed(parts.event_cursors.read(text, actor.tenant), parts.clock.now())
    else:
        seen = Seen(await parts.tenant_events.end(), parts.clock.now())
    frames = tenant_stream(parts, actor, seen, names=names, compact=compact, gap=gap)
    return JobStream(frames, parts.tenant_streams, actor.tenant)


def _names(values: list[str]) -> frozenset[str]:
    wanted = frozenset(part for value in values for part in (item.strip(" ") for item in value.split(",")) if part)
    if not wanted <= EVENT_NAMES:
        raise bad_query("types", f"may name {', '.join(sorted(EVENT_NAMES))}")
    return wanted
