"""The gate: which hold stops a leg of a job, looked up in the holds that are in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts.jobs import Lane
from queuebit_domain.holds.register import NO_HOLDS, Hold, Holds


class Asking(NamedTuple):
    """What a gate looks at of a job."""

    job_id: UUID
    tenant: str
    kind: str
    tier: str


class Gate:
    """Holds, and which backends each lane is known to have. It is closed while there is any hold. `version`: that of the
    register; of holds that were placed later it knows nothing.
    """

    def __init__(self, holds: Holds = NO_HOLDS, backends: Mapping[Lane, frozenset[str]] | None = None) -> None:
        self.holds = holds
        self.closed = bool(holds.holds)
        self.version: float = holds.version
        self.backends = backends or {}
        self._by: dict[tuple[str, str], Hold] = {(hold.scope, hold.value): hold for hold in holds.holds}
        self._lanes = {lane: hold for lane, names in self.backends.items() if (hold := self._all_held(names))}

    def on_job(self, job: Asking, *, eased: bool = False) -> Hold | None:
        """The hold that stops every leg of a job; with `eased`, only one that lets nothing through."""
        return self._first(*_scopes(job), eased=eased)

    def eased_over(self, job: Asking) -> list[Hold]:
        """The eased holds that legs of a job may have to pass: on lanes and backends any, as its legs are not known here."""
        return [
            hold
            for hold in self.holds.holds
            if hold.rate_per_s is not None
            and (hold.scope in ("lane", "backend") or (hold.scope, hold.value) in _scopes(job))
        ]

    def on_leg(self, job: Asking, lane: Lane, *, eased: bool = False) -> Hold | None:
        """The hold that stops a leg on a lane: one on the job, on the lane, or on all of the backends that the lane has."""
        held = self.on_job(job, eased=eased) or self._first(("lane", lane), eased=eased)
        if held is not None:
            return held
        backends = self._lanes.get(lane)
        return None if backends is None or (eased and backends.rate_per_s is not None) else backends

    def on_backend(self, backend: str) -> Hold | None:
        """The hold on a backend; none where it lets work through again."""
        return self._first(("backend", backend), eased=True)

    def suspected(self, backend: str) -> Hold | None:
        """The hold on a backend whose answers are not believed: one that only waits does not make them suspect."""
        hold = self.on_backend(backend)
        return hold if hold is not None and hold.why == "quarantine" else None

    def held_of(self, lane: Lane) -> tuple[str, ...] | None:
        """The backends of a lane that are held, where there are any."""
        names = self.backends.get(lane, frozenset())
        return tuple(name for name in sorted(names) if self.on_backend(name) is not None) or None

    def standing(self, number: int, *, eased: bool = False) -> Hold | None:
        """The hold of that number, while it stops what it stopped."""
        hold = self.holds.numbered(number)
        return None if hold is None or (eased and hold.rate_per_s is not None) else hold

    def _first(self, *wanted: tuple[str, str], eased: bool) -> Hold | None:
        found = [hold for each in wanted if (hold := self._by.get(each)) is not None]
        return next((hold for hold in found if not (eased and hold.rate_per_s is not None)), None)

    def _all_held(self, backends: frozenset[str]) -> Hold | None:
        """One of their holds, where all are held: an eased one, as work may flow to that backend again."""
        found = [hold for name in sorted(backends) if (hold := self._by.get(("backend", name))) is not None]
        if not found or len(found) < len(backends):
            return None
        return next((hold for hold in found if hold.rate_per_s is not None), found[0])


def _scopes(job: Asking) -> tuple[tuple[str, str], ...]:
    """What a hold on all legs of a job may name."""
    return (
        ("all", ""),
        ("job", str(job.job_id)),
        ("tenant", job.tenant),
        ("kind", job.kind),
        ("tier", job.tier),
    )


OPEN = Gate()
"""Nothing is held, and will not be."""
OPEN.version = float("inf")
