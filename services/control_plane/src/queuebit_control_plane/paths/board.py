"""How every path stands, read anew as often as a rollback must be followed, and for which jobs each is drawn."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from uuid import UUID

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import NOT_BEFORE_PARAM, JobRequest, Lane, Tier
from queuebit_contracts.paths import PathRegistered, PathReopened
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.paths.choosing import Cohort, by_cohort, path_of
from queuebit_domain.paths.codec import fold_path
from queuebit_domain.paths.cohort import CATEGORY, drawn, overlaid, path_id_of
from queuebit_domain.paths.state import NoPath, Path
from queuebit_domain.policy.facts import Facts
from queuebit_domain.policy.tables import Policy
from queuebit_domain.release.shares import Queue, Shares
from queuebit_store.errors import StoreError
from queuebit_store.ports import Position, StreamStore

log = logging.getLogger(__name__)

PAGE = 500
PATHS_MAX = 2000
_BEGINS = frozenset({PathRegistered.__name__, PathReopened.__name__})


class PathBoard:
    """The paths as they stand. `out`: how many jobs are measured by each, as the keeper counts them."""

    def __init__(self, store: StreamStore, lanes: Lanes, shares: Shares | None = None) -> None:
        """`shares`: who waits for which lane, where anybody does."""
        self._shares = shares
        self._store = store
        self._lanes = lanes
        self._unreadable: set[tuple[UUID, int]] = set()
        self._by_cohort: Mapping[Cohort, Path] = {}
        self._began: dict[UUID, Position] = {}
        self.paths: dict[UUID, Path] = {}
        self.out: dict[UUID, int] = {}

    @property
    def any(self) -> bool:
        """Whether there is a path that takes part in jobs."""
        return bool(self._by_cohort)

    async def read(self) -> None:
        """Read what has changed of any path. Raises StoreUnavailable."""
        changed = False
        for row in await self._store.walk_heads(limit=PATHS_MAX, category=CATEGORY):
            known = self.paths.get(row.stream_id)
            if (known is None or known.version < row.version) and (row.stream_id, row.version) not in self._unreadable:
                changed = await self.follow(row.stream_id, row.version) or changed
        if changed:
            self._index()

    async def follow(self, path_id: UUID, version: int) -> bool:
        """Read one path up to a version; whether it can be read. Raises StoreUnavailable."""
        path: NoPath | Path = self.paths.get(path_id, NoPath())
        try:
            while stored := await self._store.events_of(
                path_id, after_version=0 if isinstance(path, NoPath) else path.version, limit=PAGE
            ):
                path = fold_path(stored, path)
                begins = [each.position for each in stored if each.type in _BEGINS]
                self._began[path_id] = max([self._began.get(path_id, Position()), *begins])
        except StoreError:
            raise
        except Exception as error:
            self._leave(path_id, version, error)
            return True
        if isinstance(path, Path):
            self.paths[path_id] = path
        return True

    def leave_alone(self, path_id: UUID, error: Exception) -> None:
        """Nobody is measured or answered any more by a path of which nothing can be made, until its next event."""
        self._leave(path_id, self.paths[path_id].version, error)
        self._index()

    def _leave(self, path_id: UUID, version: int, error: Exception) -> None:
        # Whatever it is: the other paths go on, and so do the jobs.
        log.error("a path cannot be read and is left alone", exc_info=error, extra={"path_id": str(path_id)})
        self._unreadable.add((path_id, version))
        self.paths.pop(path_id, None)

    def began(self) -> Position:
        """Before this place of the log no plan names a path that is not retired."""
        open_ = [self._began[path_id] for path_id, path in self.paths.items() if path.stage != "retired"]
        return min(open_, default=Position())

    def put(self, path_id: UUID, path: Path) -> None:
        """How a path stands after what this process has just appended."""
        self.paths[path_id] = path
        self._index()

    def planned(
        self, request: JobRequest, facts: Facts, problem_fingerprint: str, planned: JobPlanned, policy: Policy
    ) -> JobPlanned:
        """The plan of a job, with what the path of its cohort adds to it; where a guard forbids its lane, nothing. Nor to
        one that begins later: its pair would hold up those behind it, and be late by the clock of those.
        """
        path = path_of(self._by_cohort, facts, planned, policy, self._lanes.available)
        if path is None or NOT_BEFORE_PARAM in request.params:
            return planned
        if not path.answers and self._is_crowded(path.registered.lane, facts.tier):
            return planned
        path_id = path_id_of(path.registered.key)
        try:
            draw = drawn(path, request.tenant, problem_fingerprint, self.out.get(path_id, 0))
            found = planned if draw is None else overlaid(planned, path, draw, facts.budget_s)
        except Exception as error:
            self.leave_alone(path_id, error)
            return planned
        if draw is not None and draw.measured:
            self.out[path_id] = self.out.get(path_id, 0) + 1
        return found

    def _is_crowded(self, lane: Lane, tier: Tier) -> bool:
        """Whether jobs wait for their turn there: then nothing is measured beside them that answers nobody."""
        return self._shares is not None and self._shares.is_crowded(Queue(lane, tier))

    def _index(self) -> None:
        self._by_cohort = by_cohort(self.paths.values())
