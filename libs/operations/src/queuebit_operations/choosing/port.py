"""Which jobs are chosen: by what answered them, or by where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """Completed jobs whose answers count still, by what gave them and when. Absent means any."""

    backend: str | None = None
    version: str | None = None
    calibrated_at: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    tenant: str | None = None
    kind: str | None = None
    suspect: bool = False
    """Those that were invalidated instead, and not asked again since."""


@dataclass(frozen=True, slots=True)
class ProvedBy:
    """Completed jobs whose answers count still, and are held for optimal on the word of a solver, by its name or its method.
    Absent means any.
    """

    solver: str
    version: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    tenant: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Jobs that have not ended, by where they stand. Absent means any."""

    state: str | None = None
    tenant: str | None = None
    kind: str | None = None
    tier: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Surveyed(NamedTuple):
    """What a backend did in a stretch of time: how many of its answers were judged, how many of them were refused or doubted,
    and how far they were from the bound and how sure the validator was, on average.
    """

    began_at: datetime
    backend: str
    version: str
    answers: int
    refused: int
    doubted: int
    mean_gap: float | None
    mean_confidence: float | None


class Choosing(Protocol):
    """Chooses jobs in the order of their ids, at one moment."""

    async def answered(self, wanted: AnsweredBy) -> list[UUID]: ...

    async def proved(self, wanted: ProvedBy) -> list[UUID]: ...

    async def refuted(self, wanted: ProvedBy) -> list[UUID]:
        """Those that failed, as that solver proved that no answer exists."""
        ...

    async def standing(self, wanted: Standing) -> list[UUID]: ...

    async def survey(self, since: datetime, until: datetime, every_s: float) -> list[Surveyed]: ...
