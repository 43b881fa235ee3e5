"""The register of holds as operators change it: read, decide, append, and once more where somebody else was quicker.

It stands in PostgreSQL alone: a hold is placed with Kafka down, and with no service running.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from queuebit_contracts.operators import HoldEvent, HoldPlaced
from queuebit_domain.holds.codec import fold_holds
from queuebit_domain.holds.register import (
    CATEGORY,
    HEAD_STATE,
    NO_HOLDS,
    OPERATOR,
    REGISTER_ID,
    Hold,
    Holds,
    lift,
    place,
)
from queuebit_operations.errors import InConflict, NotThere
from queuebit_runtime.clock import Clock
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, EventLog, Head, Heads

TRIES_MAX = 10
PAGE = 1000


class Store(EventLog, Heads, Protocol):
    """What the register needs of the store."""


class HoldRegister:
    """Who holds what back, and why. Every change names its actor and its reason."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def holds(self) -> Holds:
        """What is in force now."""
        holds = NO_HOLDS
        while stored := await self._store.events_of(REGISTER_ID, after_version=holds.version, limit=PAGE):
            holds = fold_holds(stored, holds)
        return holds

    async def place(self, wanted: HoldPlaced) -> tuple[Hold, bool]:
        """Hold this back from now on: the hold, and whether it is a new one."""
        found, changed = await self._change(lambda holds: place(holds, wanted))
        hold = found.on(wanted.scope, wanted.value)
        assert hold is not None
        return hold, changed

    async def lift(self, number: int, *, actor: str, reason: str, rate_per_s: float | None = None) -> bool:
        """Lift a hold, at once or at a rate; whether that changed anything. Raises NotThere."""

        def decide(holds: Holds) -> Sequence[HoldEvent]:
            hold = holds.numbered(number)
            if hold is None:
                raise NotThere(f"There is no hold {number} in force.", remedy="See: queuebit ops quarantine list")
            return lift(holds, hold, actor=actor, reason=reason, rate_per_s=rate_per_s)

        return (await self._change(decide))[1]

    async def waiting(self, *, limit: int) -> int:
        """How many jobs are held, counted up to `limit`."""
        return len(await self._store.held_heads(limit=limit))

    async def _change(self, decide: Callable[[Holds], Sequence[HoldEvent]]) -> tuple[Holds, bool]:
        for _ in range(TRIES_MAX):
            holds = await self.holds()
            events = decide(holds)
            if not events:
                return holds, False
            new = new_events(REGISTER_ID, holds.version, events, self._clock.now())
            head = Head(HEAD_STATE)
            append = Append(REGISTER_ID, OPERATOR, holds.version, new, head, category=CATEGORY)
            if (await self._store.append([append]))[0]:
                return await self.holds(), True
        raise InConflict("Others keep changing what is held.", remedy="Try again.")
