"""Which lanes have a backend, as the adapters report it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from queuebit_contracts.backends import REPORT_AGE_S_MAX
from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.jobs import Lane


class Lanes:
    """The latest report of each backend; a lane is available while one of its backends said so recently."""

    def __init__(self) -> None:
        self._backends: dict[str, tuple[BackendStatusReported, datetime]] = {}
        self._available: frozenset[Lane] = frozenset()

    def report(self, status: BackendStatusReported, at: datetime) -> None:
        """Take a report that was made at `at`; an older one never replaces a newer."""
        known = self._backends.get(status.backend)
        if known is None or known[1] <= at:
            self._backends[status.backend] = (status, at)

    def look(self, now: datetime) -> None:
        """Set the moment that `available` speaks of."""
        oldest = now - timedelta(seconds=REPORT_AGE_S_MAX)
        self._available = frozenset(s.lane for s, at in self._backends.values() if s.available and at >= oldest)

    def backends(self, now: datetime) -> Mapping[Lane, frozenset[str]]:
        """The backends of each lane that reported themselves available within the last `REPORT_AGE_S_MAX` seconds."""
        oldest = now - timedelta(seconds=REPORT_AGE_S_MAX)
        found: dict[Lane, frozenset[str]] = {}
        for status, at in self._backends.values():
            if status.available and at >= oldest:
                found[status.lane] = found.get(status.lane, frozenset()) | {status.backend}
        return found

    def available(self, lane: Lane) -> bool:
        """Whether a backend of the lane reported itself available within the last `REPORT_AGE_S_MAX` seconds."""
        return lane in self._available
