"""Fold every stream again and correct the heads that differ."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from queuebit_store.heads.projection import HeadProjection
from queuebit_store.log.port import FoldedEvent, Stories
from queuebit_store.ports import Head, StreamRow, StreamStore

PAGE_STREAMS_MAX = 500
SLICE_STREAMS = 50
"""So many are folded before the next page, which is on its way, is taken from the wire: so the server goes on meanwhile."""
_Page = tuple[list[StreamRow], dict[UUID, list[FoldedEvent]]]


class RebuildStore(StreamStore, Stories, Protocol):
    """What is needed of the store."""


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """`differing` heads did not equal the fold of their events; `rewritten` of them were corrected.

    A head that a live append replaced meanwhile is left alone: it is newer than what was folded.
    `broken` streams have events that do not run from version 1 without a gap to the head's version.
    """

    events: int = 0
    streams: int = 0
    differing: int = 0
    rewritten: int = 0
    broken: tuple[UUID, ...] = ()


async def rebuild(
    store: RebuildStore,
    projection: HeadProjection,
    *,
    on_progress: Callable[[RebuildReport], None],
    page_streams: int = PAGE_STREAMS_MAX,
    write: bool = True,
) -> RebuildReport:
    """Fold all streams of a category, in the order of their ids, page by page, and rewrite heads that differ.

    The next page is fetched while one is folded; memory holds two pages. With `write` false it only compares. Streams made
    meanwhile may be visited or not. Raises what the store raises.
    """
    report = RebuildReport()
    page = await _fetch(store, projection, None, page_streams)
    while page[0]:
        rows, events = page
        following = asyncio.create_task(_fetch(store, projection, rows[-1].stream_id, page_streams))
        try:
            report = await _fold_page(store, projection, rows, events, report, write=write)
            on_progress(report)
            page = await following
        finally:
            following.cancel()
    return report


async def _fetch(store: RebuildStore, projection: HeadProjection, after: UUID | None, page_streams: int) -> _Page:
    rows = await store.walk_heads(after, limit=page_streams, category=projection.category)
    return rows, await store.stories([row.stream_id for row in rows]) if rows else {}


async def _fold_page(
    store: RebuildStore,
    projection: HeadProjection,
    rows: list[StreamRow],
    events: dict[UUID, list[FoldedEvent]],
    report: RebuildReport,
    *,
    write: bool,
) -> RebuildReport:
    differing: list[tuple[UUID, int, Head]] = []
    broken: list[UUID] = []
    count = 0
    for nth, row in enumerate(rows, start=1):
        if nth % SLICE_STREAMS == 0:
            await asyncio.sleep(0)
        # Events that were appended after the head was read do not belong to it.
        stream = events.get(row.stream_id, [])[: row.version]
        count += len(stream)
        if [event.version for event in stream] != list(range(1, row.version + 1)):
            broken.append(row.stream_id)
            continue
        head = projection.fold(stream)
        if head != row.head:
            differing.append((row.stream_id, row.version, head))
    rewritten = await store.rewrite_heads(differing) if differing and write else 0
    return RebuildReport(
        events=report.events + count,
        streams=report.streams + len(rows),
        differing=report.differing + len(differing),
        rewritten=report.rewritten + rewritten,
        broken=(*report.broken, *broken),
    )
