"""What a person asks when nothing goes on: does the store take writes, what waits to be read, and who holds it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from queuebit_store.errors import StoreUnavailable
from queuebit_store.log.port import Position

TRIES: Final = 4
"""A server that has just cut our sessions answers as soon as each of them has been replaced."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the store takes no writes now: a short name for machines, a sentence for a person."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """What an ordered reader has before it, on the store's clock.

    `position`: where its cursor was last saved. `count`: stored events behind that, counted up to a bound.
    `oldest_age_s`: for how long the oldest of them has been stored; None where nothing waits. `held_age_s`: for how long the
    oldest event has been stored that no ordered reader may see yet, because a transaction that began before it is still open;
    None where there is none.
    """

    position: Position
    count: int
    oldest_age_s: float | None
    held_age_s: float | None


@dataclass(frozen=True, slots=True)
class HorizonHolder:
    """A transaction that has written and has not ended. `who`: the process id of its session, or the name of a prepared one.

    Any database of the server's counts. `age_s` and `state` are None where our user may not see them.
    """

    kind: Literal["session", "prepared"]
    who: str
    database: str
    user: str
    application: str
    state: str | None
    age_s: float | None


class Diagnosis(Protocol):
    """Cheap enough to be asked each second. Everything raises StoreUnavailable."""

    async def writable(self) -> bool:
        """Whether the store takes writes: a standby does not, nor one that an operator set so."""
        ...

    async def now(self) -> datetime:
        """The moment on the store's clock: the one that all processes share."""
        ...

    async def backlog(self, cursor: str, *, count_max: int = 1000, categories: Sequence[str] = ("job",)) -> Backlog:
        """What the reader with this cursor has before it; counted up to `count_max`."""
        ...

    async def horizon_holders(self, *, limit: int = 3) -> list[HorizonHolder]:
        """The open transactions that have written, the oldest first: the first holds the horizon."""
        ...


async def trouble_of(store: Diagnosis) -> Trouble | None:
    """Why the store takes no writes now; None where it does."""
    trouble = None
    for _ in range(TRIES):
        try:
            if await store.writable():
                return None
            return Trouble("postgres_read_only", "PostgreSQL takes no writes: it is a standby, or set to read only.")
        except StoreUnavailable as error:
            trouble = Trouble("postgres_unavailable", error.detail)
    return trouble
