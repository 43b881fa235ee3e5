"""Paths in the store. They stand in PostgreSQL alone: a path is frozen with Kafka down, and with no service running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from queuebit_contracts.paths import PathEvent, PathRegistered
from queuebit_domain.paths.codec import fold_path
from queuebit_domain.paths.cohort import CATEGORY, HEAD_STATE, OPERATOR, path_id_of
from queuebit_domain.paths.deciding import PathRefused, register
from queuebit_domain.paths.report import name_of
from queuebit_domain.paths.state import NoPath, Path
from queuebit_operations.errors import BadArgument, InConflict, NotThere
from queuebit_runtime.clock import Clock
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, EventLog, Head, Heads

TRIES_MAX = 10
PAGE = 1000
PATHS_MAX = 2000
LIST = "See: queuebit path list"


class Store(EventLog, Heads, Protocol):
    """What paths need of the store."""


class Paths:
    """Every change names its actor and its reason."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def all(self) -> list[Path]:
        """Every path, by its name."""
        rows = await self._store.walk_heads(limit=PATHS_MAX, category=CATEGORY)
        found = [await self._load(row.stream_id) for row in rows]
        return sorted((path for path in found if isinstance(path, Path)), key=lambda path: name_of(path.registered.key))

    async def named(self, text: str) -> Path:
        """The path of this name, version, id, or of the beginning of one of them. Raises NotThere and BadArgument."""
        paths = await self.all()
        exact = [path for path in paths if text in _names(path)]
        found = exact or [path for path in paths if any(name.startswith(text) for name in _names(path))]
        if not found:
            raise NotThere(f"There is no path {text}.", remedy=LIST)
        if len(found) > 1:
            names = ", ".join(name_of(path.registered.key) for path in found[:5])
            raise BadArgument(f"{text} may be several paths: {names}.", remedy="Write more of its name.")
        return found[0]

    async def register(self, wanted: PathRegistered) -> tuple[Path, bool]:
        """Register a path: how it stands, and whether it is new. Raises InConflict where it has another gate or budget."""
        return await self._change(path_id_of(wanted.key), lambda path: register(path, wanted))

    async def change(self, path: Path, decide: Callable[[Path], Sequence[PathEvent]]) -> tuple[Path, bool]:
        """Decide on the path as it stands when it is appended, and whether that changed anything. Raises InConflict."""

        def once(found: NoPath | Path) -> Sequence[PathEvent]:
            assert isinstance(found, Path)
            return decide(found)

        return await self._change(path_id_of(path.registered.key), once)

    async def _change(self, path_id: UUID, decide: Callable[[NoPath | Path], Sequence[PathEvent]]) -> tuple[Path, bool]:
        for _ in range(TRIES_MAX):
            path = await self._load(path_id)
            try:
                events = decide(path)
            except PathRefused as error:
                raise InConflict(error.detail, remedy=error.remedy) from None
            if not events:
                assert isinstance(path, Path)
                return path, False
            version = 0 if isinstance(path, NoPath) else path.version
            new = new_events(path_id, version, events, self._clock.now())
            if (
                await self._store.append([Append(path_id, OPERATOR, version, new, Head(HEAD_STATE), category=CATEGORY)])
            )[0]:
                after = await self._load(path_id)
                assert isinstance(after, Path)
                return after, True
        raise InConflict("Others keep changing this path.", remedy="Try again.")

    async def _load(self, path_id: UUID) -> NoPath | Path:
        path: NoPath | Path = NoPath()
        while stored := await self._store.events_of(
            path_id, after_version=0 if isinstance(path, NoPath) else path.version, limit=PAGE
        ):
            path = fold_path(stored, path)
        return path


def _names(path: Path) -> tuple[str, ...]:
    key = path.registered.key
    return name_of(key), key.version, str(path_id_of(key))
