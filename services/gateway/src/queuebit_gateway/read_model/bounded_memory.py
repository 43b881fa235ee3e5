"""A memory of bounded size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Keeps values up to `bytes_max` in all; the least recently used go first. One that is larger by itself is not kept."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self.bytes = 0

    def get(self, key: K) -> V | None:
        """The value, where it is still there."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, size_bytes: int) -> None:
        """Keep this value of this size, in place of the one before."""
        before = self._values.pop(key, None)
        self.bytes -= before[1] if before else 0
        if size_bytes > self._bytes_max:
            return
        self._values[key] = (value, size_bytes)
        self.bytes += size_bytes
        while self.bytes > self._bytes_max:
            _, (_, gone) = self._values.popitem(last=False)
            self.bytes -= gone
