"""What of a partition is delivered and what is done.

A `Slot` is one partition during one assignment. Giving the partition away makes the slot dead, and everything said about its
records afterwards is ignored: that is the fence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

Place = tuple[str, int]
"""A topic and a partition."""

LARGE_BYTES = 65_536
"""Records of more are counted in bytes too."""


class Slot:
    """The delivered records of one partition in one assignment."""

    __slots__ = ("_next", "_open", "_order", "committed", "large", "live", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.live = True
        self.committed: int | None = None
        self._next: int | None = None
        self._order: deque[int] = deque()
        self._open: set[int] = set()
        self.large: dict[int, int] = {}
        """The bytes of the open records that have more than `LARGE_BYTES`, by offset."""

    def add(self, offsets: Sequence[int]) -> None:
        """Delivered: in order, after everything delivered before."""
        self._order.extend(offsets)
        self._open.update(offsets)
        self._next = offsets[-1] + 1

    def done(self, offset: int) -> bool:
        """Whether the record was open until now."""
        if not self.live or offset not in self._open:
            return False
        self._open.discard(offset)
        if self.large:
            self.large.pop(offset, None)
        return True

    def is_open(self, offset: int) -> bool:
        return self.live and offset in self._open

    @property
    def open_count(self) -> int:
        return len(self._open)

    def prefix(self) -> int | None:
        """The offset up to which, itself excluded, everything delivered is done; None before the first delivery."""
        order, is_open = self._order, self._open
        while order and order[0] not in is_open:
            order.popleft()
        return order[0] if order else self._next
