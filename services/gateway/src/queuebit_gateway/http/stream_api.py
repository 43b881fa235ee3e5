"""The route that follows a job."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, aclosing
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http import examples
from queuebit_gateway.http.envelope import problem_response, request_id_of
from queuebit_gateway.http.jobs_api import JobId
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import read_job_id, read_last_event_id
from queuebit_gateway.http.stream import MEDIA_TYPE, job_stream
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.places import Places

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

Streaming = Annotated[Actor, Depends(actor_who("job:read", "stream"))]


class JobStream(StreamingResponse):
    """A stream that takes a place of its tenant's, and whose end lets go at once of all that it holds."""

    def __init__(self, frames: AsyncIterator[bytes | memoryview], places: Places, tenant: str) -> None:
        super().__init__(frames, headers=_HEADERS, media_type=MEDIA_TYPE)
        self._places = places
        self._tenant = tenant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(cast("AsyncGenerator[bytes | memoryview]", self.body_iterator)):
            with ExitStack() as held:
                try:
                    held.enter_context(self._places.taken_by(self._tenant))
                except Refusal as refusal:
                    await problem_response(refusal, request_id_of(scope))(scope, receive, send)
                    return
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
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    if found.ended and after >= found.version:
        return Response(status_code=204)
    frames = job_stream(parts, actor, found.job_id, after, compact=compact)
    return JobStream(frames, parts.job_streams, actor.tenant)
