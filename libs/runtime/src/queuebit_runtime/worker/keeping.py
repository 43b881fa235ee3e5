"""Orders that are kept somewhere else: done at the bus, and answered in their own time by whoever carries them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from queuebit_runtime.worker.orders import Work


class Keeper(Protocol):
    """Takes orders whose work outlives a process, such as circuits in the queue of a provider."""

    async def keep(self, work: Work) -> bool:
        """Whether the order is stored now, so that nothing more is done about it here."""
        ...

    async def abandon(self, attempt_ids: Sequence[UUID]) -> None:
        """Nobody wants these attempts any more; those that are not kept do not matter."""
        ...
