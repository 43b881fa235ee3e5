"""All events of a tenant as server-sent events, from any place on, each once and in the order of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from functools import partial

import orjson

from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.parts import Parts
from queuebit_gateway.http.stream import CHECK_INTERVAL_S, LIFE_S_MAX, PING_INTERVAL_S, RETRY_MS
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.cursors import Seen
from queuebit_gateway.read_model.frames import Frame, wire
from queuebit_gateway.read_model.jobs import structured_json
from queuebit_gateway.read_model.stories import LARGE_BYTES
from queuebit_gateway.read_model.tenant_events import Gap
from queuebit_store.errors import StoreError
from queuebit_store.ports import StoredEvent

RESET = "reset"
"""The name of the frame that says that events were passed over."""
_DETAILS: dict[Gap, str] = {
    "archived": "Months of the log were archived since: events in between are not told. List the jobs to see how they stand.",
    "beyond": "The log ends before this id, which is another log's or of before a restore: it goes on from the end. List the "
    "jobs to see how they stand.",
}


async def tenant_stream(
    parts: Parts, actor: Actor, seen: Seen, *, names: Collection[str], compact: bool, gap: Gap | None
) -> AsyncIterator[bytes | memoryview]:
    """The events after what was seen; with `gap`, a `reset` first, which says why some were passed over.

    Every frame has an id to go on after. One that only has an id moves that place over events of others. Ends after ten
    minutes, when the process stops, when the store does not answer, and when the key is not live any more: the reader comes
    back.
    """
    token = parts.event_cursors.make
    yield f"id: {token(seen, actor.tenant)}\nretry: {RETRY_MS}\n\n".encode()
    if gap is not None:
        yield wire(RESET, _reset_data(parts.clock.now(), gap), token(seen, actor.tenant))
    now_s = parts.clock.monotonic_s
    ends_at_s, ping_at_s = now_s() + LIFE_S_MAX, now_s() + PING_INTERVAL_S
    try:
        while now_s() < ends_at_s and not parts.tailer.closing:
            await parts.authenticator.check(actor)
            page = await parts.tenant_events.page(actor.tenant, seen.position)
            wanted = [event for event in page.events if not names or event.type in names]
            wanted = [*await parts.jobs.own(actor.asker, wanted)]
            make = partial(_frames, parts, actor.tenant, wanted, compact=compact)
            large = sum(len(event.data) for event in wanted) > LARGE_BYTES
            for frame in await parts.tenant_events.hop(make) if large else make():
                async with parts.frames.held(frame) as pieces:
                    for piece in pieces:
                        yield piece
                ping_at_s = now_s() + PING_INTERVAL_S
            if page.more:
                seen = Seen(page.end, page.events[-1].time if page.events else seen.at)
                continue
            seen = Seen(page.end, parts.clock.now())
            await parts.tenant_events.grown(seen.position, max(0.0, min(ends_at_s - now_s(), CHECK_INTERVAL_S)))
            if now_s() >= ping_at_s:
                yield f": ping\nid: {token(seen, actor.tenant)}\n\n".encode()
                ping_at_s = now_s() + PING_INTERVAL_S
    except (Refusal, StoreError, TimeoutError):
        return


def _frames(parts: Parts, tenant: str, events: list[StoredEvent], *, compact: bool) -> list[Frame]:
    return [
        Frame(
            event.version,
            False,
            wire(
                event.type,
                structured_json(event.stream_id, event, compact=compact),
                parts.event_cursors.make(Seen(event.position, event.time), tenant),
            ),
        )
        for event in events
    ]


def _reset_data(now: datetime, gap: Gap) -> str:
    return orjson.dumps({"time": now, "reason": gap, "detail": _DETAILS[gap], "list": "/v1/jobs"}).decode()
