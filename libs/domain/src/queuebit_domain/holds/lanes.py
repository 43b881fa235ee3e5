"""Which lanes have a backend, as the adapters report it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from queuebit_contracts.backends import REPORT_AGE_S_MAX
from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.jobs import Lane
from queuebit_contracts.regions import Regions, is_allowed

Backends = Mapping[Lane, frozenset[str]]


class LaneState(NamedTuple):
    """A lane by its available backends: the shortest queue, the most qubits, the newest calibration, how many have drifted;
    None where none says.
    """

    queue: int | None = None
    qubits_max: int | None = None
    calibration_age_s: float | None = None
    drifted: int | None = None


class Lanes:
    """The latest report of each backend; a lane is available while one of its backends said so recently."""

    def __init__(self) -> None:
        self._backends: dict[str, tuple[BackendStatusReported, datetime]] = {}
        self.there: frozenset[Lane] = frozenset()
        """The lanes of which `available` speaks."""
        self._open: frozenset[Lane] = frozenset()
        self._regions: frozenset[tuple[Lane, str]] = frozenset()
        self.version = 0
        """Rises with every report."""

    def report(self, status: BackendStatusReported, at: datetime) -> None:
        """Take a report that was made at `at`; an older one never replaces a newer."""
        known = self._backends.get(status.backend)
        if known is None or known[1] <= at:
            self._backends[status.backend] = (status, at)
            self.version += 1

    def look(self, now: datetime) -> None:
        """Set the moment that `available` and `takes` speak of."""
        oldest = now - timedelta(seconds=REPORT_AGE_S_MAX)
        found = [s for s, at in self._backends.values() if s.available and at >= oldest]
        self.there = frozenset(s.lane for s in found)
        self._open = frozenset(s.lane for s in found if not s.region_named)
        self._regions = frozenset((s.lane, s.region) for s in found if s.region)

    def backends(self, now: datetime) -> Mapping[Lane, frozenset[str]]:
        """The backends of each lane that reported themselves available within the last `REPORT_AGE_S_MAX` seconds."""
        oldest = now - timedelta(seconds=REPORT_AGE_S_MAX)
        found: dict[Lane, frozenset[str]] = {}
        for status, at in self._backends.values():
            if status.available and at >= oldest:
                found[status.lane] = found.get(status.lane, frozenset()) | {status.backend}
        return found

    def state(self, lane: Lane, now: datetime) -> LaneState:
        """How the available backends of a lane reported themselves."""
        oldest = now - timedelta(seconds=REPORT_AGE_S_MAX)
        told = [s for s, at in self._backends.values() if s.lane == lane and s.available and at >= oldest]
        queues = [each.queue_length for each in told if each.queue_length is not None]
        qubits = [each.qubits_max for each in told if each.qubits_max is not None]
        calibrated = [each.calibrated_at for each in told if each.calibrated_at is not None]
        age_s = (now - max(calibrated)).total_seconds() if calibrated else None
        probed = [each.drift for each in told if each.drift is not None]
        drifted = sum(each.drifted for each in probed) if probed else None
        return LaneState(min(queues, default=None), max(qubits, default=None), age_s, drifted)

    def paid(self, now: datetime, priced: Collection[str]) -> tuple[Backends, Backends]:
        """The backends of each lane that charge, and those that do not. What is handed in to those that charge outlives the
        process, or a price of theirs is known.
        """
        charging: dict[Lane, frozenset[str]] = {}
        free: dict[Lane, frozenset[str]] = {}
        for lane, names in self.backends(now).items():
            charging[lane] = frozenset(name for name in names if name in priced or _outlives(self._backends[name][0]))
            free[lane] = names - charging[lane]
        return charging, free

    def available(self, lane: Lane) -> bool:
        """Whether a backend of the lane reported itself available within the last `REPORT_AGE_S_MAX` seconds."""
        return lane in self.there

    def takes(self, lane: Lane, regions: Regions | None) -> bool:
        """Whether one of them may be given what a job says that names these regions, or none."""
        if regions is None:
            return lane in self._open
        return any(of == lane and is_allowed(region, regions) for of, region in self._regions)


def _outlives(status: BackendStatusReported) -> bool:
    return status.capabilities is not None and status.capabilities.recovery != "none"
