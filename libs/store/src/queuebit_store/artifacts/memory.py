"""Artifacts in memory, for tests and the simulation."""

from __future__ import annotations

from datetime import datetime

from queuebit_store.artifacts import port
from queuebit_store.artifacts.port import BYTES_MAX, FORGOTTEN_MAX, Now, Shelf
from queuebit_store.errors import ArtifactGone


class MemoryArtifacts:
    """`now` is the clock by which they are forgotten."""

    def __init__(self, now: Now, *, bytes_max: int = BYTES_MAX) -> None:
        self._now = now
        self._bytes_max = bytes_max
        self.kept: dict[str, tuple[datetime, bytes]] = {}
        """By place: when it was last put, and the bytes."""

    def put(self, data: bytes, shelf: Shelf) -> str:
        sha256 = port.hash_of(port.checked_size(data, self._bytes_max))
        self.kept[port.place_of(sha256, shelf)] = self._now(), data
        return sha256

    def get(self, sha256: str) -> bytes:
        port.checked_hash(sha256)
        for shelf in Shelf:
            if (found := self.kept.get(port.place_of(sha256, shelf))) is not None:
                return port.checked(found[1], sha256)
        raise ArtifactGone(f"There is no artifact {sha256} in memory.")

    def forget(self, shelf: Shelf, before: datetime, limit: int = FORGOTTEN_MAX) -> int:
        places = [place for place, (at, _) in self.kept.items() if place.startswith(f"{shelf.value}/") and at < before][
            :limit
        ]
        for place in places:
            del self.kept[place]
        return len(places)
