"""What is known of backends: the last report of each, and the figures of our own attempts there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

KEPT_DAYS = 30.0
"""A backend that has not reported for so long is forgotten."""
BACKENDS_MAX = 1000
"""So many are told at most."""


@dataclass(frozen=True, slots=True)
class ReportedBackend:
    """A report as it was made. `status`: what it says, as a document. `runs`: the row of the projection `backend_runs`, as a
    document; None where nothing ran there, or where nobody has built the projection.
    """

    backend: str
    reported_at: datetime
    status: Mapping[str, Any]
    runs: Mapping[str, Any] | None = None


class BackendReports(Protocol):
    """Every method raises StoreUnavailable where the store does not answer."""

    async def keep_reports(self, reports: Collection[ReportedBackend]) -> None:
        """Keep each as the last of its backend, unless a newer one is there; forget what has not reported for long."""
        ...

    async def reported_backends(self) -> list[ReportedBackend]:
        """All of them, by name."""
        ...
