"""The route that follows a job."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http import examples
from queuebit_gateway.http.jobs_api import JobId
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import read_job_id, read_last_event_id
from queuebit_gateway.http.stream import MEDIA_TYPE, job_stream
from queuebit_gateway.problem_details import Refusal

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Streaming = Annotated[Actor, Depends(actor_who("job:read", "stream"))]


class JobStream(StreamingResponse):
    """A stream whose end lets go at once of all that it holds."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(cast("AsyncGenerator[bytes | memoryview]", self.body_iterator)):
            await super().__call__(scope, receive, send)


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    summary="Follow a job",
    operation_id="follow_job",
    responses={
        200: answer(*RATE, text=examples.STREAM),
        204: {"description": "Everything was seen, the job has ended.", **answer(*RATE)},
        **problems(401, 403, 404, 422, 429),
    },
    openapi_extra=request_body(None, "Last-Event-ID"),
)
async def events(
    request: Request,
    actor: Streaming,
    job_id: JobId,
    compact: Annotated[bool, Query(description="Leave problem statements out of the events.")] = False,
) -> Response:
    """Server-sent events: `id` is the job's version, `event` the type, `data` the structured CloudEvent.

    Goes on strictly after Last-Event-ID; ends after the terminal event, when the API key is not live any more, and for readers
    that do not read. Closing the stream does nothing to the job.
    """
    parts = parts_of(request)
    if parts.tailer.closing:
        raise Refusal("shutting_down", retry_after_s=1)
    after = read_last_event_id(request.headers.get("last-event-id"))
    found = await parts.jobs.find(actor.tenant, read_job_id(job_id))
    if found.ended and after >= found.version:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    frames = job_stream(parts, actor, found.job_id, after, compact=compact)
    return JobStream(frames, headers=headers, media_type=MEDIA_TYPE)
