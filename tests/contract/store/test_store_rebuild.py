"""Rebuilding heads from events: it corrects what differs, leaves what is newer, and reports what is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from queuebit_store.heads.projection import HeadProjection
from queuebit_store.log.port import FoldedEvent
from queuebit_store.ports import Head, Position
from queuebit_store.rebuild import RebuildReport, rebuild
from tests.contract.store.builders import a_head, an_append, an_id


def _fold(events: Sequence[FoldedEvent]) -> Head:
    assert [event.version for event in events] == list(range(1, len(events) + 1))
    return a_head(f"after-{len(events)}")


HEADS = HeadProjection("job", ("kind", "tier", "lane", "fingerprint"), frozenset(), _fold)


async def _seven_streams(store: Any) -> None:
    await store.append([an_append(n, events=n, head=a_head(f"after-{n}")) for n in range(1, 8)])


@pytest.mark.parametrize("page_streams", [1, 3, 7, 500])
async def test_heads_that_equal_their_fold_are_left_alone(store: Any, page_streams: int) -> None:
    await _seven_streams(store)
    reports: list[RebuildReport] = []

    report = await rebuild(store, HEADS, on_progress=reports.append, page_streams=page_streams)

    assert report == RebuildReport(events=28, streams=7, differing=0, rewritten=0)
    assert reports[-1] == report
    assert len(reports) == -(-7 // page_streams)


async def test_only_the_category_of_the_projection_is_folded(store: Any) -> None:
    await _seven_streams(store)
    await store.append([an_append(8, category="path", head=a_head("never-folded"))])

    report = await rebuild(store, replace(HEADS, category="path"), on_progress=lambda _: None)

    assert report == RebuildReport(events=1, streams=1, differing=1, rewritten=1)
    assert (await store.heads([an_id(8)]))[an_id(8)].head == a_head("after-1")


async def test_heads_that_differ_are_rewritten(store: Any) -> None:
    await _seven_streams(store)
    await store.rewrite_heads([(an_id(2), 2, a_head("wrong")), (an_id(6), 6, a_head("wrong"))])

    checked = await rebuild(store, HEADS, on_progress=lambda _: None, write=False)
    report = await rebuild(store, HEADS, on_progress=lambda _: None)

    assert checked == RebuildReport(events=28, streams=7, differing=2, rewritten=0)
    assert report == RebuildReport(events=28, streams=7, differing=2, rewritten=2)
    rows = await store.walk_heads(limit=9)
    assert {row.stream_id: row.head.state for row in rows} == {an_id(n): f"after-{n}" for n in range(1, 8)}


async def test_an_append_meanwhile_is_newer_and_wins(store: Any) -> None:
    await store.append([an_append(1, head=a_head("wrong"))])

    class AppendsOnce:
        """The store, where another session appends between the load and the rewrite."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def rewrite_heads(self, rows: Any) -> int:
            await store.append([an_append(1, expected=1, head=a_head("live"))])
            count: int = await store.rewrite_heads(rows)
            return count

    report = await rebuild(AppendsOnce(), HEADS, on_progress=lambda _: None)

    assert report == RebuildReport(events=1, streams=1, differing=1, rewritten=0)
    assert (await store.heads([an_id(1)]))[an_id(1)].head == a_head("live")


async def test_nothing_to_rebuild(store: Any) -> None:
    reports: list[RebuildReport] = []
    assert await rebuild(store, HEADS, on_progress=reports.append) == RebuildReport()
    assert reports == []
    assert await store.read(Position(), limit=1) == []
