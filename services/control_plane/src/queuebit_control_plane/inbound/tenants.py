"""Which tenants there are, remembered."""

from __future__ import annotations

from collections.abc import Set

from queuebit_store.ports import Directory


class Tenants:
    """A known tenant stays known; those that are not are looked up, all of a batch at once, each time: a tenant that was added
    a moment ago is there. What is asked of the store does not grow with the number of tenants.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: set[str] = set()

    async def known(self, wanted: Set[str]) -> frozenset[str]:
        """Those of `wanted` that are tenants."""
        missing = wanted - self._known
        if missing:
            self._known |= await self._directory.known_tenants(sorted(missing))
        return frozenset(wanted & self._known)
