"""Which tenants there are, remembered between look-ups."""

from __future__ import annotations

from collections.abc import Set

from queuebit_runtime.clock import Clock
from queuebit_store.ports import Directory

REFRESH_INTERVAL_S = 2.0


class Tenants:
    """A known tenant stays known; a miss looks again, but not more often than every `REFRESH_INTERVAL_S`."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._looked_at_s: float | None = None

    async def known(self, wanted: Set[str]) -> frozenset[str]:
        """All tenants, fresh enough to have been asked for each of `wanted`."""
        if not wanted <= self._known:
            now_s = self._clock.monotonic_s()
            if self._looked_at_s is None or now_s - self._looked_at_s >= REFRESH_INTERVAL_S:
                self._known = await self._directory.tenants()
                self._looked_at_s = now_s
        return self._known
