"""What a tenant used, and what of its is on the way: from the projections, which lag a moment behind the events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

from pydantic import Field

from queuebit_contracts.model import Model
from queuebit_contracts.streams import PUBLISHED
from queuebit_domain.projections.backlog import BACKLOG
from queuebit_domain.projections.projection import Projection
from queuebit_domain.projections.usage import USAGE, UsageRow
from queuebit_gateway.problem_details import Refusal
from queuebit_store.diagnosis.port import Diagnosis
from queuebit_store.projections.port import Build, Projections

GROUPS_MAX = 200
BEHIND_MAX = 1
"""Whether anything waits, and for how long the oldest: how much it is costs more, and says no more."""


class FiguresStore(Projections, Diagnosis, Protocol):
    """What is asked of the store."""


class Fresh(Model):
    """How far behind the events the figures are."""

    behind_s: float = Field(
        description="For how long the oldest event waits that is not counted yet; 0 where none does."
    )
    counts_from: datetime | None = Field(
        default=None, description="What began before was archived when the figures were built, and is not in them."
    )


class UsageDay(Model):
    """One day, in UTC. Amounts are exact decimals as text."""

    day: date
    jobs: Mapping[str, int] = Field(description="By what became of them: submitted, completed, failed and so on.")
    executions: Mapping[str, int] = Field(description="Attempts that ended, by outcome.")
    shots: int
    cost: Mapping[str, str] = Field(description="By currency.")
    lane_s: Mapping[str, str] = Field(description="Seconds that attempts ran, by lane.")


class UsageView(Fresh):
    """What the tenant used, the latest day first; a day without anything is left out."""

    days: tuple[UsageDay, ...]


class BacklogGroup(Model):
    """Jobs that have not ended, and are at the same place."""

    state: str
    lane: str
    tier: str
    jobs: int
    there_since: datetime = Field(description="Since when the one is in this state that is there longest.")
    submitted_at: datetime = Field(description="When the oldest of them was submitted.")


class BacklogView(Fresh):
    """The jobs of the tenant that have not ended, the largest groups first. `open` counts those of the groups shown."""

    open: int
    groups: tuple[BacklogGroup, ...]


class Figures:
    """Reads the builds that are live."""

    def __init__(self, store: FiguresStore) -> None:
        self._store = store

    async def usage(self, tenant: str, today: date, days: int) -> UsageView:
        """Of so many days, today included. Raises Refusal where nobody has counted yet."""
        build, behind_s = await self._live(USAGE)
        keys = [(today - timedelta(days=nth), tenant) for nth in range(days)]
        found = await self._store.rows(USAGE, build.build, keys)
        rows = [UsageRow._make(found[key]) for key in keys if key in found]
        counted = [
            UsageDay(
                day=row.day, jobs=row.jobs, executions=row.executions, shots=int(row.shots), cost=row.cost, lane_s=row.lane_s
            )
            for row in rows
        ]  # fmt: skip
        return UsageView(days=tuple(counted), behind_s=behind_s, counts_from=build.counts_from)

    async def backlog(self, tenant: str) -> BacklogView:
        """What is on its way. Raises Refusal where nobody has counted yet."""
        build, behind_s = await self._live(BACKLOG)
        found = await self._store.counted(
            BACKLOG,
            build.build,
            equal={"tenant": tenant},
            by=("state", "lane", "tier"),
            least=("since", "submitted_at"),
            limit=GROUPS_MAX,
        )
        groups = [
            BacklogGroup(state=state, lane=lane, tier=tier, jobs=jobs, there_since=since, submitted_at=submitted_at)
            for state, lane, tier, jobs, since, submitted_at in found
        ]
        count = sum(group.jobs for group in groups)
        return BacklogView(open=count, groups=tuple(groups), behind_s=behind_s, counts_from=build.counts_from)

    async def _live(self, projection: Projection) -> tuple[Build, float]:
        """The build that is live in the version that this release reads, and how far behind it is."""
        wanted = (projection.name, projection.version, "live")
        for build in await self._store.builds():
            if (build.name, build.version, build.state) == wanted:
                waits = await self._store.backlog(build.lease, count_max=BEHIND_MAX, categories=PUBLISHED)
                return build, waits.oldest_age_s or 0.0
        raise Refusal("figures_unavailable", retry_after_s=1.0)
