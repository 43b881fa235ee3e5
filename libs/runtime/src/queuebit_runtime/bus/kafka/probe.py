"""Whether any broker answers: one small request a second, on a connection of its own, never two unanswered at one broker."""

from __future__ import annotations

import asyncio
from functools import partial

from aiokafka.client import AIOKafkaClient, ConnectionGroup  # type: ignore[import-untyped]
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]

from queuebit_runtime.clock import Clock
from queuebit_runtime.service.readiness import Reason

ANSWER_WAIT_S = 1.2
SILENT_S = 3.0
"""Kafka is down when no broker has answered for so long."""


class KafkaProbe:
    """Asks the broker that answered last, and the others only where it does not."""

    def __init__(self, bootstrap: str, clock: Clock) -> None:
        self._bootstrap = bootstrap
        self._clock = clock
        self._answered_at_s = clock.monotonic_s()
        self._preferred: int | None = None
        self._asked: dict[int, asyncio.Future[None]] = {}

    def answered(self) -> None:
        """A broker has just been heard of."""
        self._answered_at_s = self._clock.monotonic_s()

    @property
    def silent(self) -> bool:
        """Whether no broker has answered for long."""
        return self._silent_for_s() >= SILENT_S

    async def ask(self, client: AIOKafkaClient) -> Reason | None:
        """Ask over the client's brokers, within ANSWER_WAIT_S. None where Kafka is there."""
        nodes = [broker.nodeId for broker in client.cluster.brokers()]
        first = [node for node in nodes if node == self._preferred] or nodes
        if not await self._any_answers(client, first, ANSWER_WAIT_S / 2):
            await self._any_answers(client, nodes, ANSWER_WAIT_S / 2)
        if not self.silent:
            return None
        silent_s = self._silent_for_s()
        return Reason(
            "kafka_down",
            f"No Kafka broker answers ({self._bootstrap}).",
            {"bootstrap": self._bootstrap, "silent_s": round(silent_s, 1)},
        )

    def end(self) -> None:
        """Wait for no answer any more."""
        for asked in self._asked.values():
            asked.cancel()
        self._asked.clear()

    def _silent_for_s(self) -> float:
        return self._clock.monotonic_s() - self._answered_at_s

    async def _any_answers(self, client: AIOKafkaClient, nodes: list[int], timeout_s: float) -> bool:
        before_s = self._answered_at_s
        for node in nodes:
            if node not in self._asked:
                asked = self._asked[node] = asyncio.ensure_future(_ask(client, node))
                asked.add_done_callback(partial(self._heard, node))
        asking = [self._asked[node] for node in nodes if node in self._asked]
        if asking:
            await asyncio.wait(asking, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            # The callbacks run in the next turn of the loop.
            await asyncio.sleep(0)
        return self._answered_at_s > before_s

    def _heard(self, node: int, asked: asyncio.Future[None]) -> None:
        if self._asked.get(node) is asked:
            del self._asked[node]
        if not asked.cancelled() and asked.exception() is None:
            self._preferred = node
            self.answered()


async def _ask(client: AIOKafkaClient, node: int) -> None:
    await client.send(node, MetadataRequest([]), group=ConnectionGroup.COORDINATION)
