"""The events of one job as server-sent events, from any version on, each once and in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from fastapi.sse import ServerSentEvent

from queuebit_contracts import events as ev
from queuebit_gateway.jobs import structured_json
from queuebit_gateway.parts import Parts

RETRY_MS = 2000
LIFE_S_MAX = 600.0
PAGE = 200

_TERMINAL = frozenset(model.__name__ for model in ev.TERMINAL_EVENTS)


async def job_stream(
    parts: Parts, tenant: str, job_id: UUID, after: int, *, compact: bool
) -> AsyncIterator[ServerSentEvent]:
    """Frames strictly after version `after`: first an id and the retry time, then one a event.

    Ends after the terminal event, after ten minutes, or when the process stops: the reader comes back with Last-Event-ID.
    Leaving early does nothing to the job.
    """
    yield ServerSentEvent(id=str(after), retry=RETRY_MS)
    ends_at_s = parts.clock.monotonic_s() + LIFE_S_MAX
    ended = False
    while not ended:
        found = await parts.jobs.find(tenant, job_id)
        ended = found.ended
        while found.version > after:
            page = await parts.jobs.events_after(found, after, limit=PAGE)
            if not page:
                break
            for event in page:
                body = structured_json(job_id, event, compact=compact)
                yield ServerSentEvent(id=str(event.version), event=event.type, raw_data=body)
                after = event.version
                ended = ended or event.type in _TERMINAL
        left_s = ends_at_s - parts.clock.monotonic_s()
        if left_s <= 0 or parts.tailer.closing:
            return
        if not ended:
            await parts.tailer.newer(tenant, job_id, after, min(left_s, 15.0))
