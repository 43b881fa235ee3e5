"""Reports of backends in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from queuebit_store.backends.port import BACKENDS_MAX, KEPT_DAYS, ReportedBackend
from queuebit_store.memory_state.database import MemoryDatabase

RUNS = "backend_runs"


class MemoryBackendReports:
    """The last report of each backend."""

    database: MemoryDatabase

    async def keep_reports(self, reports: Collection[ReportedBackend]) -> None:
        kept = self.database.backends
        for each in reports:
            known = kept.get(each.backend)
            if known is None or known.reported_at < each.reported_at:
                kept[each.backend] = replace(each, runs=None)
        if reports:
            oldest = max(each.reported_at for each in reports) - timedelta(days=KEPT_DAYS)
            for name in [name for name, each in kept.items() if each.reported_at < oldest]:
                del kept[name]

    async def reported_backends(self) -> list[ReportedBackend]:
        found = sorted(self.database.backends.values(), key=lambda each: each.backend)[:BACKENDS_MAX]
        return [replace(each, runs=self._runs(each.backend)) for each in found]

    def _runs(self, backend: str) -> Mapping[str, Any] | None:
        live = next((each for each in self.database.builds.values() if (each.name, each.state) == (RUNS, "live")), None)
        row = None if live is None else self.database.projected[live.build].get((backend,))
        return None if row is None else row[1]
