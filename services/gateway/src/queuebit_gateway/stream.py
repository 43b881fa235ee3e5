"""The events of one job as server-sent events, from any version on, each once and in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_gateway.auth import Actor
from queuebit_gateway.jobs import structured_json
from queuebit_gateway.parts import Parts
from queuebit_gateway.problems import Refusal
from queuebit_store.errors import StoreError

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 2000
LIFE_S_MAX = 600.0
PAGE = 20
PING_INTERVAL_S = 15.0
CHECK_INTERVAL_S = 5.0
"""How often an idle stream looks whether its reader still may read."""
PIECE_BYTES = 65_536
PING = b": ping\n\n"

_TERMINAL = frozenset(model.__name__ for model in ev.TERMINAL_EVENTS)


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
            found = await parts.jobs.find(actor.tenant, job_id)
            ended = found.ended
            while found.version > after:
                page = await parts.jobs.events_after(found, after, limit=PAGE)
                if not page:
                    break
                for event in page:
                    frame = frame_of(event.version, event.type, structured_json(job_id, event, compact=compact))
                    for piece in pieces(frame):
                        yield piece
                    ping_at_s = now_s() + PING_INTERVAL_S
                    after = event.version
                    ended = ended or event.type in _TERMINAL
            if not ended:
                await parts.tailer.newer(
                    actor.tenant, job_id, after, max(0.0, min(ends_at_s - now_s(), CHECK_INTERVAL_S))
                )
                if now_s() >= ping_at_s:
                    yield PING
                    ping_at_s = now_s() + PING_INTERVAL_S
    except (Refusal, StoreError):
        return


def frame_of(version: int, name: str, data: str) -> bytes:
    """One event on the wire. JSON has no line breaks of its own outside strings, where they are escaped; stored text may."""
    lines = "\n".join(f"data: {line}" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return f"event: {name}\n{lines}\nid: {version}\n\n".encode()


def pieces(frame: bytes) -> list[memoryview]:
    """The frame in pieces, none copied: a reader that is slow holds up one piece, and memory no more than that."""
    view = memoryview(frame)
    return [view[start : start + PIECE_BYTES] for start in range(0, len(frame), PIECE_BYTES)]
