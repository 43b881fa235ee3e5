"""One batch of events folded into rows: pure, with the first event that cannot be taken as a value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from queuebit_contracts.facts import Happened, read_fact, version_of
from queuebit_store.log.port import Position
from queuebit_store.projections.port import Build, Failure, Key, Progress, ReadEvent, Row, Shape

SLICE_EVENTS = 250
"""So many are folded before whatever else the process has to do gets its turn."""
_T = TypeVar("_T")


class Told(Protocol):
    """What a projection has to tell outside."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...


class Fold(Shape, Protocol):
    """A projection with its fold, as whoever knows the events declares it."""

    @property
    def types(self) -> frozenset[str]: ...
    @property
    def by_job(self) -> bool: ...
    @property
    def categories(self) -> Sequence[str]: ...
    @property
    def keys(self) -> Callable[[Happened], Sequence[Key]]: ...
    @property
    def apply(self) -> Callable[[Mapping[Key, Row], Happened], Mapping[Key, Row | None]]: ...
    @property
    def notify(self) -> Callable[[Happened, Mapping[Key, Row | None]], Sequence[Told]] | None: ...


class Read(NamedTuple):
    """An event and what it says, or why that cannot be read."""

    event: ReadEvent
    happened: Happened | Exception


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch makes of a build, and the event before which it has to stop, if there is one. `changed`: the rows that are
    other than before, None where there is none any more.
    """

    progress: Progress
    changed: Mapping[Key, Row | None]
    told: Sequence[Told]
    failure: Failure | None


def read_all(events: Iterable[ReadEvent]) -> list[Read]:
    """What the events say; read once for all projections."""
    return [Read(event, _happened(event)) for event in events]


def types_of(folds: Iterable[Fold]) -> dict[str, int]:
    """The events that they read, each with the version whose facts need no payload."""
    names = frozenset[str]().union(*(each.types for each in folds))
    return {name: version_of(name) or 0 for name in sorted(names)}


def wanted_of(fold: Fold, reads: Iterable[Read]) -> list[Read]:
    """Those that the fold takes."""
    types = fold.types
    return [each for each in reads if each[0].type in types]


def unknown_keys(fold: Fold, reads: Iterable[Read], known: Mapping[Key, Row]) -> Collection[Key]:
    """The rows that must be asked for: not those that are known, nor those of a job that begins here, which has none.
    Of an event that cannot be read, or whose keys cannot be told, none.
    """
    found: dict[Key, None] = {}
    if fold.by_job:
        begun = {event.stream_id for event, _ in reads if event.version == 1}
        for stream_id in {event.stream_id for event, _ in reads} - begun:
            if (stream_id,) not in known:
                found[(stream_id,)] = None
        return found.keys()
    for _, happened in reads:
        if isinstance(happened, Happened):
            try:
                found.update(dict.fromkeys(fold.keys(happened)))
            except Exception:
                # The fold meets it again, and says so.
                break
    return found.keys() - known.keys()


class Batch:
    """Takes events of a build in their order, from the rows that there are; as many at once as the caller likes."""

    def __init__(self, fold: Fold, build: Build, rows: Mapping[Key, Row]) -> None:
        self._fold = fold
        self._build = build
        self._rows = rows
        self._current = dict(rows)
        self._changed: dict[Key, Row | None] = {}
        self._told: list[Told] = []
        self._last: ReadEvent | None = None
        self._done = 0
        self._failed: tuple[ReadEvent, Exception] | None = None

    def take(self, reads: Iterable[Read]) -> None:
        """Fold them; behind one that cannot be taken nothing is."""
        if self._failed is not None:
            return
        apply, current, changed = self._fold.apply, self._current, self._changed
        notify = self._fold.notify if self._build.state == "live" else None
        for event, happened in reads:
            try:
                if isinstance(happened, Exception):
                    raise happened
                changes = apply(current, happened)
                if notify is not None and event[:3] > self._build.quiet_until:
                    self._told.extend(notify(happened, changes))
            except Exception as error:
                # Whatever it is: the event stays as it is, and this one projection stops before it.
                self._failed = event, error
                return
            for key in changes:
                row = changed[key] = changes[key]
                if row is not None:
                    current[key] = row
                elif key in current:
                    del current[key]
            self._last = event
            self._done += 1

    def folded(self, end: Position, now: datetime) -> Folded:
        """What came of it. `end`: up to where everything was read."""
        before, failure, rows = self._build.cursor, None, self._rows
        if self._failed is not None:
            failure = failure_of(*self._failed, now)
            end = before if self._last is None else self._last.position
        put = [row for key, row in self._changed.items() if row is not None and rows.get(key) != row]
        gone = [key for key, row in self._changed.items() if row is None and key in rows]
        return Folded(Progress(before, end, self._done, put, gone), self._changed, self._told, failure)


def failure_of(event: ReadEvent, error: Exception, now: datetime) -> Failure:
    """Why a projection stops before an event; without the text of the error, which may quote a customer's data."""
    said = getattr(error, "detail", None) if hasattr(error, "remedy") else None
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return Failure(event.position, event.stream_id, event.version, event.type, text[:500], now)


def sentence_of(failure: Failure) -> str:
    """Which event it is and why, for people."""
    place = "/".join(map(str, failure.position))
    return f"version {failure.version} of {failure.stream_id} ({failure.type}, position {place}): {failure.error}"


def _happened(event: ReadEvent) -> Happened | Exception:
    try:
        fact = read_fact(event.type, event.schema_version, event.data)
    except Exception as error:
        return error
    return Happened(event.stream_id, event.version, event.tenant, event.time, event.type, fact)


def slices(rows: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """A few at a time."""
    return (rows[at : at + SLICE_EVENTS] for at in range(0, len(rows), SLICE_EVENTS))


def registry_of(folds: Iterable[Any]) -> Mapping[tuple[str, int], Fold]:
    """Folds by name and version."""
    return {(each.name, each.version): each for each in folds}
