"""Stored events of a path, read back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from queuebit_contracts.paths import PathEvent
from queuebit_contracts.registry import REGISTRY
from queuebit_domain.errors import CorruptStream
from queuebit_domain.paths.state import NoPath, Path, evolve_path
from queuebit_domain.stored import Stored


def fold_path(stored: Iterable[Stored], path: NoPath | Path) -> NoPath | Path:
    """The path after more of its events. Raises CorruptStream where versions have a gap or the story makes no sense."""
    for event in stored:
        version = 0 if isinstance(path, NoPath) else path.version
        if event.version != version + 1:
            raise CorruptStream(f"the path {event.stream_id} has version {event.version} after {version}")
        data = REGISTRY.read_stored(event.type, event.schema_version, event.data)
        path = evolve_path(path, cast(PathEvent, data), event.time)
    return path
