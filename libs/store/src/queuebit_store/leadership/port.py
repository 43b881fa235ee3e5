"""Leadership as a lease on the database's clock: one holder of a name at a time, and a token that fences off former ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Lease:
    """A name held for `ttl_s` seconds at a time. `token` rises whenever the name passes to another holder.

    `holder` must be new at each start of a process: a restarted one is another holder.
    """

    name: str
    holder: str
    token: int
    ttl_s: float


class Leadership(Protocol):
    """Who may act under a name.

    The store compares its own clock alone. The holder has to stop by its own monotonic clock, counted from before it asked:
    it may be frozen at any moment, and then somebody else leads when the time is over. What a former holder still writes under
    its lease is refused. A session that is cut changes nothing; a process that ends without a release leads for the rest of
    the time.
    """

    async def take(self, name: str, holder: str, ttl_s: float) -> Lease | None:
        """Take the name, or keep it for `ttl_s` seconds from now; None while somebody else has it.

        A holder that comes late keeps its token as long as nobody else took the name in between. Raises StoreUnavailable: then
        the name may have been taken, and asking again as the same holder tells.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """Let anybody have it at once; a lease that is held no more is no error."""
        ...
