"""The events of one job as server-sent events, from any version on, each once and in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.parts import Parts
from queuebit_gateway.problem_details import Refusal
from queuebit_store.errors import StoreError

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 2000
LIFE_S_MAX = 600.0
PING_INTERVAL_S = 15.0
CHECK_INTERVAL_S = 5.0
"""How often an idle stream looks whether its reader still may read."""
PING = b": ping\n\n"


async def job_stream(
    parts: Parts, actor: Actor, job_id: UUID, after: int, *, compact: bool
) -> AsyncIterator[bytes | memoryview]:
    """The stream strictly after version `after`: first an id and the retry time, then a frame an event, in pieces of 64 KiB.

    Ends after the terminal event, after ten minutes, when the process stops, when the store does not answer, and when the key
    is not live any more: the reader comes back with Last-Event-ID. Leaving early does nothing to the job.
    """
    yield f"id: {after}\nretry: {RETRY_MS}\n\n".encode()
    now_s = parts.clock.monotonic_s
    ends_at_s = now_s() + LIFE_S_MAX
    ping_at_s = now_s() + PING_INTERVAL_S
    ended = False
    try:
        while not ended and now_s() < ends_at_s and not parts.tailer.closing:
            await parts.authenticator.check(actor)
            found = await parts.jobs.find(actor.asker, job_id)
            while found.version > after:
                frame = await parts.frames.after(found.tenant, found.stream_id, job_id, after, compact=compact)
                if frame is None:
                    break
                async with parts.frames.held(frame) as pieces:
                    for piece in pieces:
                        yield piece
                after, ended = frame.version, ended or frame.last
                ping_at_s = now_s() + PING_INTERVAL_S
            if not (ended or found.ended):
                await parts.tailer.newer(
                    actor.tenant, job_id, after, max(0.0, min(ends_at_s - now_s(), CHECK_INTERVAL_S))
                )
                if now_s() >= ping_at_s:
                    yield PING
                    ping_at_s = now_s() + PING_INTERVAL_S
            ended = ended or found.ended
    except (Refusal, StoreError, TimeoutError):
        return
