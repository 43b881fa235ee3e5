"""The gate as it stands: the register of holds read anew as often as decisions need it, and the backends that are known."""

from __future__ import annotations

from queuebit_domain.holds.codec import fold_holds
from queuebit_domain.holds.gate import OPEN, Gate
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.holds.register import REGISTER_ID, Holds
from queuebit_runtime.clock import Clock
from queuebit_store.ports import StreamStore

PAGE = 1000
STALE_S = 0.25
"""A hold is in force so long after it was stored, at the latest: everywhere, for every decision."""


class Gatekeeper:
    """Asked before every batch of decisions. It reads by version, so that no open transaction can hide a hold."""

    def __init__(self, store: StreamStore, lanes: Lanes, clock: Clock, *, stale_s: float = STALE_S) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock
        self._stale_s = stale_s
        self._holds = Holds()
        self._gate = OPEN
        self._read_at_s = float("-inf")

    async def gate(self) -> Gate:
        """The gate, at most `stale_s` old. Raises StoreUnavailable, also where it was known before: what may have been held
        since must not be let through.
        """
        now_s = self._clock.monotonic_s()
        if now_s >= self._read_at_s + self._stale_s:
            await self._read()
            self._read_at_s = now_s
        return self._gate

    async def _read(self) -> None:
        while stored := await self._store.events_of(REGISTER_ID, after_version=self._holds.version, limit=PAGE):
            # Another decision may have read on meanwhile.
            self._holds = fold_holds([each for each in stored if each.version > self._holds.version], self._holds)
            if len(stored) < PAGE:
                break
        holds = self._holds
        if holds.holds:
            self._gate = Gate(holds, self._lanes.backends(self._clock.now()))
        elif self._gate.version != holds.version:
            self._gate = Gate(holds)
