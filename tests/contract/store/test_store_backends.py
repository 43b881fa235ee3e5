"""The last report of each backend, whoever kept it, and what ran there beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from queuebit_domain.projections.backend_runs import BACKEND_RUNS
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.projections.runner import ProjectionRunner
from tests.contract.store.conftest import OpenSession

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=60)


def report(backend: str, at: datetime, **status: Any) -> ReportedBackend:
    return ReportedBackend(backend, at, {"backend": backend, **status})


async def test_the_newest_report_of_each_is_told_by_name(open_session: OpenSession) -> None:
    one, two = await open_session(), await open_session()
    await one.keep_reports([report("ibm_b", NOW, queue_length=3), report("aer", NOW)])
    await two.keep_reports([report("ibm_b", LATER, queue_length=5)])
    await one.keep_reports([report("ibm_b", NOW, queue_length=4)])

    assert await one.reported_backends() == [report("aer", NOW), report("ibm_b", LATER, queue_length=5)]


async def test_of_a_batch_with_several_reports_of_one_backend_the_newest_stays(store: Any) -> None:
    await store.keep_reports([report("aer", LATER, queue_length=2), report("aer", NOW, queue_length=1)])

    assert await store.reported_backends() == [report("aer", LATER, queue_length=2)]


async def test_what_has_not_reported_for_a_month_is_forgotten(store: Any) -> None:
    await store.keep_reports([report("gone", NOW - timedelta(days=31)), report("quiet", NOW - timedelta(days=29))])
    await store.keep_reports([report("aer", NOW)])

    assert [each.backend for each in await store.reported_backends()] == ["aer", "quiet"]


async def test_nothing_is_kept_of_no_reports(store: Any) -> None:
    await store.keep_reports([])

    assert await store.reported_backends() == []


async def test_what_ran_there_stands_beside_it_once_the_projection_is_built(store: Any) -> None:
    await store.keep_reports([report("aer", NOW)])
    before = await store.reported_backends()
    runner = ProjectionRunner(store, (BACKEND_RUNS,), holder="one", now=lambda: NOW, monotonic_s=lambda: 0.0)
    await runner.prepare()
    built = await store.reported_backends()

    assert [each.runs for each in (*before, *built)] == [None, None]
