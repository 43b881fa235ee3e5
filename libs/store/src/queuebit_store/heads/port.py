"""Heads: what is known of a stream without its events, in lists and by the time at which to look at it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol
from uuid import UUID

NO_ATTRIBUTES: Final[Mapping[str, str]] = {}


class Head(NamedTuple):
    """What is known of a stream without its events: for lists and timers. Always derivable by folding the events.

    `wake_at`: the moment at which somebody must look at the stream again, or None. `attributes`: what else the streams of a
    category are listed by; the projection of the category declares their names.
    """

    state: str
    wake_at: datetime | None = None
    attributes: Mapping[str, str] = NO_ATTRIBUTES


class Line(NamedTuple):
    """Jobs of a tenant that wait on one queue."""

    tenant: str = ""
    waits: str = ""


FIRST_LINE: Final = Line()
"""Stands before all of them."""


class Place(NamedTuple):
    """Where a stream stands in lists: by the time of its first event, and among those of the same time by its id."""

    created_at: datetime
    stream_id: UUID


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream's head as stored. `created_at` is the time of its first event, `updated_at` that of its last."""

    stream_id: UUID
    tenant: str
    version: int
    head: Head
    created_at: datetime
    updated_at: datetime
    category: str = "job"

    @property
    def place(self) -> Place:
        return Place(self.created_at, self.stream_id)


@dataclass(frozen=True, slots=True)
class StreamFilter:
    """Which streams of a tenant to list, newest first. The page starts after the place `before`.

    No states mean any. `attributes`: name to the values of which it must have one. `created_from` is inclusive, `created_to`
    exclusive.
    """

    tenant: str
    states: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before: Place | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    categories: tuple[str, ...] = ("job",)


class Heads(Protocol):
    """Heads by id, in lists, by time. An append writes them together with its events."""

    async def heads(self, stream_ids: Sequence[UUID], *, tenant: str | None = None) -> dict[UUID, StreamRow]:
        """The head of each stream; a stream that does not exist is absent, and with `tenant` so is one of others."""
        ...

    async def list_heads(self, wanted: StreamFilter, *, limit: int) -> list[StreamRow]:
        """A page of heads, newest first, by their places. Empty at the end.

        Pages that follow one another skip nothing that was there when the first was read, and repeat nothing.
        """
        ...

    async def walk_heads(self, after: UUID | None = None, *, limit: int, category: str = "job") -> list[StreamRow]:
        """Heads over all tenants in the order of their ids, after one. Empty at the end. For operators: it may take long."""
        ...

    async def due(self, now: datetime, *, limit: int, category: str = "job") -> list[UUID]:
        """Streams of a category whose `wake_at` has come, earliest first."""
        ...

    async def held_heads(self, after: Place | None = None, *, limit: int) -> list[StreamRow]:
        """Jobs in the state `held`, over all tenants, by their places, after one; the oldest first. Empty at the end."""
        ...

    async def waiting_heads(self, after: Line = FIRST_LINE, *, each: int, lines: int) -> list[StreamRow]:
        """Jobs in the state `held` with the attribute `waits`: of each tenant and value of it the oldest `each`, of `lines`
        tenants and values at most, in their order from behind `after`.
        """
        ...

    async def rewrite_heads(self, rows: Sequence[tuple[UUID, int, Head]]) -> int:
        """Replace heads by what folding gives, where the version still matches; returns how many were replaced."""
        ...
