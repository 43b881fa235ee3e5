"""The events of jobs as they go over the wire, made once for all who read the same stream, and bounded in bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from queuebit_contracts.jobs import TERMINAL_NAMES
from queuebit_gateway.read_model.bounded_memory import Kept
from queuebit_gateway.read_model.jobs import structured_json
from queuebit_gateway.read_model.shared_work import Shared
from queuebit_gateway.read_model.stories import LARGE_BYTES, pages
from queuebit_runtime.processes.hops import AnyHop
from queuebit_store.ports import StoredEvent, StreamStore

KEPT_BYTES_MAX = 32 * 1024 * 1024
LARGE_HELD_MAX = 32
"""Large frames that are on their way to readers at once, and so in memory however slow these are."""
LARGE_WAIT_S = 30.0
PIECE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Frame:
    """One event on the wire. `last`: the job has ended with it."""

    version: int
    last: bool
    data: bytes


class Frames:
    """Gives the next frame of a stream."""

    def __init__(self, store: StreamStore, hop: AnyHop, *, kept_bytes_max: int = KEPT_BYTES_MAX) -> None:
        """`hop` writes large events off the event loop."""
        self._store = store
        self._hop = hop
        self._kept: Kept[tuple[UUID, bool, int], Frame] = Kept(kept_bytes_max)
        self._reading: Shared[tuple[UUID, bool, int], Frame | None] = Shared()
        self._large = asyncio.Semaphore(LARGE_HELD_MAX)

    async def after(self, tenant: str, stream_id: UUID, job_id: UUID, version: int, *, compact: bool) -> Frame | None:
        """The frame that follows on `version`; None where there is none yet. Raises StoreError."""
        key = (stream_id, compact, version + 1)
        frame = self._kept.get(key)
        if frame is not None:
            return frame
        return await self._reading.run(key, partial(self._read, tenant, stream_id, job_id, version, compact=compact))

    @asynccontextmanager
    async def held(self, frame: Frame) -> AsyncIterator[list[memoryview]]:
        """The pieces of a frame while they are sent. Raises TimeoutError where too many large ones are on their way."""
        view = memoryview(frame.data)
        pieces = [view[start : start + PIECE_BYTES] for start in range(0, len(view), PIECE_BYTES)]
        if len(pieces) <= 1:
            yield pieces
            return
        async with asyncio.timeout(LARGE_WAIT_S):
            await self._large.acquire()
        try:
            yield pieces
        finally:
            self._large.release()

    async def _read(self, tenant: str, stream_id: UUID, job_id: UUID, version: int, *, compact: bool) -> Frame | None:
        """Make the frames of the next page, and keep them."""
        first = None
        async for page in pages(self._store, stream_id, version, tenant):
            make = partial(_frames, job_id, page, compact=compact)
            large = sum(len(event.data) for event in page) > LARGE_BYTES
            for frame in await self._hop(make) if large else make():
                self._kept.put((stream_id, compact, frame.version), frame, len(frame.data))
                first = first or frame
            break
        return first


def _frames(job_id: UUID, page: Sequence[StoredEvent], *, compact: bool) -> list[Frame]:
    return [
        Frame(
            event.version,
            event.type in TERMINAL_NAMES,
            wire(event.type, structured_json(job_id, event, compact=compact), str(event.version)),
        )
        for event in page
    ]


def wire(name: str, data: str, frame_id: str) -> bytes:
    """As server-sent events have it: a line of data for each line of the text, which stored JSON may have several of."""
    lines = "\n".join(f"data: {line}" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return f"event: {name}\n{lines}\nid: {frame_id}\n\n".encode()
