"""Reports of backends on PostgreSQL: single statements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import asyncpg
import orjson

from queuebit_store.backends.port import BACKENDS_MAX, KEPT_DAYS, ReportedBackend
from queuebit_store.connections.session import Session
from queuebit_store.errors import SchemaMismatch


class PostgresBackendReports:
    """The last report of each backend, beside the projection of what ran there."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def keep_reports(self, reports: Collection[ReportedBackend]) -> None:
        newest: dict[str, ReportedBackend] = {}
        for each in reports:
            known = newest.get(each.backend)
            if known is None or known.reported_at < each.reported_at:
                newest[each.backend] = each
        if not newest:
            return
        oldest = max(each.reported_at for each in newest.values()) - timedelta(days=KEPT_DAYS)
        await self._session.fetch(
            "keep_reports",
            list(newest),
            [each.reported_at for each in newest.values()],
            [orjson.dumps(each.status).decode() for each in newest.values()],
            oldest,
        )

    async def reported_backends(self) -> list[ReportedBackend]:
        try:
            found = await self._session.fetch("reported_backends_with_runs", BACKENDS_MAX)
        except SchemaMismatch:
            found = await self._session.fetch("reported_backends", BACKENDS_MAX)
        return [_report(row) for row in found]


def _report(row: asyncpg.Record) -> ReportedBackend:
    runs = row["runs"]
    return ReportedBackend(
        row["backend"], row["reported_at"], orjson.loads(row["status"]), None if runs is None else orjson.loads(runs)
    )
