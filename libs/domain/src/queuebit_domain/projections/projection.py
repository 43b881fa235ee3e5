"""What a projection is: a name, a version, columns, and a pure fold from events to rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from queuebit_contracts.facts import Happened
from queuebit_contracts.streams import PUBLISHED

Key = tuple[Any, ...]
"""The first columns of a row, by which it is one."""
Row = tuple[Any, ...]
"""A row: a value for each column, in order. No value is ever changed, only replaced."""
Rows = Mapping[Key, Row]
Changes = Mapping[Key, Row | None]
"""Rows that are new or other than before; None where there is no row any more."""


class Notice(NamedTuple):
    """Something to tell the world outside, once: `id` is the same whenever the same event leads to it."""

    id: UUID
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Projection:
    """A fold over events in the order in which they were committed.

    `columns`: name to type in PostgreSQL, in order, of which the first `key_columns` are the key. `types`: the events that it
    reads; all others pass by. `keys`: of which rows it must know how they are, for one event. `apply`: what one event changes,
    from the rows of those keys that there are. `by_job`: whether a row is of one job, by whose id, so that there is none
    before its first event. `notify`: what is to be told because of an event, if anything ever is; it is asked while the
    projection is live, and never while history is read again.

    Another fold or other columns need another version: the rows of two versions are never mixed.
    """

    name: str
    version: int
    meaning: str
    columns: Mapping[str, str]
    key_columns: int
    types: frozenset[str]
    keys: Callable[[Happened], Sequence[Key]]
    apply: Callable[[Rows, Happened], Changes]
    by_job: bool
    indexes: Sequence[str] = ()
    categories: Sequence[str] = PUBLISHED
    notify: Callable[[Happened, Changes], Sequence[Notice]] | None = None


def of_its_job(happened: Happened) -> Sequence[Key]:
    """The key of a projection with a row a job."""
    return ((happened.job_id,),)
