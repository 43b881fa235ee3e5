"""The bus in memory: partitions, offsets, groups, commits, redelivery and rebalance, as a broker would do them.

Several `MemoryBus` members share one `MemoryBroker`. Nothing here sleeps but through the clock, and the same calls with the
same seed give the same order, so a simulation can drive it on a virtual clock.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from queuebit_runtime.bus.holds import Holds
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.reader import COMMIT_INTERVAL_S, REBALANCE_DRAIN_S, MemorySettings, Reader
from queuebit_runtime.bus.port import BusError, Outgoing, Subscription
from queuebit_runtime.bus.record_size import check_size
from queuebit_runtime.service.readiness import Reason


class MemoryBus:
    """One member: its subscriptions and its way to publish."""

    def __init__(
        self,
        broker: MemoryBroker,
        *,
        namespace: str = "",
        commit_interval_s: float = COMMIT_INTERVAL_S,
        rebalance_drain_s: float = REBALANCE_DRAIN_S,
    ) -> None:
        self.namespace = namespace
        self._settings = MemorySettings(namespace, commit_interval_s, rebalance_drain_s)
        self._broker = broker
        self._readers: list[Reader] = []
        self._started = False
        self._stopped = False
        self._holds = Holds()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if not self._started or self._stopped:
            raise BusError("The bus is not running.")
        for record in records:
            check_size(record)
        self._broker.append(records, self.namespace)
        await asyncio.sleep(0)

    def subscribe(self, subscription: Subscription) -> None:
        assert not self._started, "subscribe before start"
        self._readers.append(Reader(self._broker, subscription, self._settings))

    async def start(self) -> None:
        self._started = True
        for reader in self._readers:
            await reader.start()

    async def stop(self, drain_s: float = 10.0) -> None:
        """Publishing works until everything is drained, as handlers in flight publish."""
        await asyncio.gather(*(reader.stop(drain_s) for reader in self._readers))
        self._stopped = True

    async def crash(self) -> None:
        """Fault: the process is gone. The group goes on without it and reads again what it had not committed."""
        self._stopped = True
        for reader in self._readers:
            await reader.crash()
        for reader in self._readers:
            if not reader.member.subscription.broadcast:
                await self._broker.group(reader.group).leave(reader)

    def healthy(self) -> bool:
        return not self.stuck() and not any(reader.member.failing for reader in self._readers)

    def stuck(self) -> BusError | None:
        if not self._started or self._stopped or not all(reader.running for reader in self._readers):
            return BusError("Nothing moves on the bus.")
        return None

    async def probe(self) -> Reason | None:
        return self._holds.first

    def hold(self, group: str, reason: Reason | None) -> None:
        self._holds.say(group, reason)

    def lags(self) -> Mapping[tuple[str, str], int]:
        found: Counter[tuple[str, str]] = Counter()
        for reader in self._readers:
            group = reader.member.subscription.group
            for place, offset in reader.lags().items():
                found[group, place[0]] += offset
        return found

    def gone(self) -> Mapping[tuple[str, str], int]:
        """Nothing here is ever taken away."""
        return {}
