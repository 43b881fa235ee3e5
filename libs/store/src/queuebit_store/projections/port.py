"""Projections: tables folded from the log, each with a cursor that is saved in the transaction that saves its rows.

A projection has builds: tables beside each other, of which one is live. A build is what is filled, switched to and dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

from queuebit_store.leadership.port import Lease
from queuebit_store.log.port import Position

PAGE_BYTES_MAX = 8 * 1024 * 1024
"""So many bytes of data a page has at most, or one event: answers may be of megabytes each."""
BuildState = Literal["building", "live", "retired"]
Key = tuple[Any, ...]
Row = tuple[Any, ...]


class Shape(Protocol):
    """What the table of a projection is like: `columns` by name and type in order, the key in front."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def columns(self) -> Mapping[str, str]: ...
    @property
    def key_columns(self) -> int: ...
    @property
    def indexes(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """The event that a build cannot take, and why: it stands before it until that has changed."""

    position: Position
    stream_id: UUID
    version: int
    type: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Build:
    """A table of a projection and how far it is.

    `cursor`: the last event that is in it. `events`: how many it took. `quiet_until`: because of events up to there nothing is
    told outside. `counts_from`: what began before lay in archives when it was built, and is not in it; None where nothing did.
    """

    build: str
    name: str
    version: int
    state: BuildState
    cursor: Position
    events: int
    quiet_until: Position
    counts_from: datetime | None
    failure: Failure | None
    created_at: datetime
    switched_at: datetime | None
    saved_at: datetime | None

    @property
    def lease(self) -> str:
        """Under which name one process at a time works on it."""
        return cursor_of(self.build)


class ReadEvent(NamedTuple):
    """What projections read of a stored event. Its data may lack a payload that is stored apart: see `read_page`."""

    epoch: int
    xid: int
    seq: int
    stream_id: UUID
    version: int
    type: str
    schema_version: int
    data: str
    time: datetime
    tenant: str

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.xid, self.seq)


@dataclass(frozen=True, slots=True)
class Page:
    """The next events of some types. `end`: the position up to which everything was read, also what has another type.
    `count`: how many that were. `more`: the page was full.
    """

    events: Sequence[ReadEvent]
    end: Position
    count: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What a batch of events made of a build that stood at `before` and stands at `after` then."""

    before: Position
    after: Position
    events: int
    put: Sequence[Row]
    gone: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Advance:
    """Progress of a build, by who holds its lease."""

    shape: Shape
    build: Build
    progress: Progress
    lease: Lease


def cursor_of(build: str) -> str:
    """The name of a build's cursor."""
    return f"projection/{build}"


def build_name(name: str, version: int, number: int) -> str:
    """The name of a build, which is that of its table behind `projection_`."""
    return f"{name}_v{version}" if number == 1 else f"{name}_v{version}_{number}"


class LogPages(Protocol):
    """The log as projections read it."""

    async def read_page(
        self, after: Position, *, limit: int, categories: Sequence[str], types: Mapping[str, int]
    ) -> Page:
        """The next `limit` events of these categories in their order, or as many as PAGE_BYTES_MAX hold, without those of other
        types. Only what no open transaction can still precede. `types`: each with the version whose data may lack a payload
        that is stored apart; those of other versions are whole, as their upcasts need them.
        """
        ...


class Projections(LogPages, Protocol):
    """Builds and their rows. Everything raises StoreUnavailable."""

    async def builds(self) -> list[Build]:
        """All builds, by name and the order in which they were made."""
        ...

    async def create_build(self, shape: Shape, *, live: bool) -> Build:
        """An empty table for the next build of the shape. `live`: it is the first, and what is asked of the projection is
        answered from it; then it is the one that is live already, where there is one.
        """
        ...

    async def rows(self, shape: Shape, build: str, keys: Collection[Key]) -> dict[Key, Row]:
        """The rows of a build that have these keys."""
        ...

    async def counted(
        self,
        shape: Shape,
        build: str,
        *,
        equal: Mapping[str, Any],
        by: Sequence[str],
        least: Sequence[str],
        limit: int,
    ) -> list[Row]:
        """The rows of a build that have these values, in groups by some columns, the largest first: those columns, how many,
        and the least of others.
        """
        ...

    async def advance(self, advances: Sequence[Advance]) -> Collection[str]:
        """Save rows and cursors of several builds, all in one transaction, and keep their leases; the names of those that were
        saved. Nothing of one is saved where it is gone, has another state or another cursor, or the lease is somebody else's.
        """
        ...

    async def stand_still(self, build: Build, failure: Failure | None) -> None:
        """Remember the event that it cannot take, or that it can now."""
        ...

    async def has_all(self, build: Build) -> None:
        """Remember that what lay in archives when it was made is in it too: it counts from the beginning."""
        ...

    async def switch(self, build: Build) -> bool:
        """Let a build be the live one, and the live one be retired, in one step, in which what is asked of the projection
        changes over. False where the build has another state by now, or would show less than the live one.
        """
        ...

    async def reopen(self, build: Build) -> bool:
        """Let a retired build be filled again."""
        ...

    async def drop_build(self, build: Build) -> bool:
        """Drop its table, its cursor and what is known of it. False where it is live."""
        ...
