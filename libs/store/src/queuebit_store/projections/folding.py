"""One batch of events folded into rows: pure, with the first event that cannot be taken as a value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from queuebit_contracts.facts import Happened, read_fact
from queuebit_store.log.port import Position
from queuebit_store.projections.port import Build, Failure, Key, Progress, ReadEvent, Row, Shape


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
    def categories(self) -> Sequence[str]: ...
    @property
    def keys(self) -> Callable[[Happened], Sequence[Key]]: ...
    @property
    def apply(self) -> Callable[[Mapping[Key, Row], Happened], Mapping[Key, Row | None]]: ...
    @property
    def notify(self) -> Callable[[Happened, Mapping[Key, Row | None]], Sequence[Told]]: ...


class Read(NamedTuple):
    """An event and what it says, or why that cannot be read."""

    event: ReadEvent
    happened: Happened | Exception


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch makes of a build, and the event before which it has to stop, if there is one."""

    progress: Progress
    told: Sequence[Told]
    failure: Failure | None


def read_all(events: Iterable[ReadEvent]) -> list[Read]:
    """What the events say; read once for all projections."""
    return [Read(event, _happened(event)) for event in events]


def wanted_of(fold: Fold, build: Build, reads: Iterable[Read]) -> list[Read]:
    """Those that the build reads and has not taken yet."""
    types, cursor = fold.types, build.cursor
    return [each for each in reads if each.event.type in types and each.event[:3] > cursor]


def keys_of(fold: Fold, reads: Iterable[Read]) -> Collection[Key]:
    """The rows that must be known. Of an event that cannot be read, or whose keys cannot be told, none."""
    found: dict[Key, None] = {}
    for _, happened in reads:
        if isinstance(happened, Happened):
            try:
                found.update(dict.fromkeys(fold.keys(happened)))
            except Exception:
                # The fold meets it again, and says so.
                break
    return found.keys()


def fold_batch(
    fold: Fold, build: Build, reads: Sequence[Read], end: Position, rows: Mapping[Key, Row], now: datetime
) -> Folded:
    """Take the events in their order, from the rows that there are. `end`: up to where everything was read."""
    current, changed, told = dict(rows), dict[Key, Row | None](), list[Told]()
    at, failure, done = build.cursor, None, 0
    for event, happened in reads:
        try:
            if isinstance(happened, Exception):
                raise happened
            changes = fold.apply(current, happened)
            if build.state == "live" and event[:3] > build.quiet_until:
                told.extend(fold.notify(happened, changes))
        except Exception as error:
            # Whatever it is: the event stays as it is, and this one projection stops before it.
            failure = failure_of(event, error, now)
            end = at
            break
        for key, row in changes.items():
            changed[key] = row
            if row is None:
                current.pop(key, None)
            else:
                current[key] = row
        at = Position(*event[:3])
        done += 1
    put = [row for key, row in changed.items() if row is not None and rows.get(key) != row]
    gone = [key for key, row in changed.items() if row is None and key in rows]
    return Folded(Progress(build.cursor, end, done, put, gone), told, failure)


def failure_of(event: ReadEvent, error: Exception, now: datetime) -> Failure:
    """Why a projection stops before an event; without the text of the error, which may quote a customer's data."""
    said = getattr(error, "detail", None) if hasattr(error, "remedy") else None
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return Failure(event.position, event.stream_id, event.version, event.type, text[:500], now)


def _happened(event: ReadEvent) -> Happened | Exception:
    try:
        fact = read_fact(event.type, event.schema_version, event.data)
    except Exception as error:
        return error
    return Happened(event.stream_id, event.version, event.tenant, event.time, event.type, fact)


def registry_of(folds: Iterable[Any]) -> Mapping[tuple[str, int], Fold]:
    """Folds by name and version."""
    return {(each.name, each.version): each for each in folds}
