"""One instance id, one process: a static member whose place another living process took ends, where it would take it back.

That somebody else has the id proves nothing: it may be an earlier life of ours, or one that a coordinator remembers which has
read an old log, or was frozen. Such members are silent, and a settled group puts the silent out. So a twin is proven by its
signs of life: the group keeps it for longer than it keeps the dead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]
from aiokafka import errors as kafka
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest  # type: ignore[import-untyped]

from queuebit_runtime.bus.kafka.members import Seen, who_has
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task

FENCED_INSTANCE_ID = 82
LOOK_INTERVAL_S = 1.0
PROOF_SESSIONS = 1.5
"""In a settled group nobody stays for more than one session without a sign of life."""
CLAIMS_MAX = 3
"""So often a claim that was never confirmed is simply made again: two that start at once come to an end so."""
IDS_KEPT = 64

Verdict = Literal["free", "open", "taken"]


@dataclass(frozen=True, slots=True)
class Claim:
    """The instance id that a member wants. `waits`: it puts nobody out with its first join, but waits until the id is free."""

    instance: str
    session_timeout_s: float
    waits: bool = False

    @property
    def proof_s(self) -> float:
        return PROOF_SESSIONS * self.session_timeout_s


class Doubt:
    """Whether another living process has the instance id, by what the coordinator says again and again. Pure."""

    def __init__(self, proof_s: float) -> None:
        self._proof_s = proof_s
        self._stranger = ""
        self._since_s = 0.0

    def weigh(self, seen: Seen, ours: Container[str], now_s: float) -> Verdict:
        """`ours`: the member ids of our own lives."""
        holder = seen.holder
        if holder is None or holder.member_id in ours:
            self.lose_sight()
            return "free"
        if not seen.settled:
            self.lose_sight()
            return "open"
        if holder.member_id != self._stranger:
            self._stranger, self._since_s = holder.member_id, now_s
        return "taken" if now_s - self._since_s >= self._proof_s else "open"

    def lose_sight(self) -> None:
        """What was seen so far proves nothing: the group may have begun anew to wait for signs of life."""
        self._stranger = ""


class FencedInstanceError(kafka.KafkaError):  # type: ignore[misc]
    """Another member has the instance id now."""


def guard_instance(
    consumer: AIOKafkaConsumer,
    claim: Claim,
    clock: Clock,
    *,
    on_taken: Callable[[str], None],
    on_doubt: Callable[[str | None], None],
) -> None:
    """Look at who has the instance id before this consumer, which is not started yet, takes it again.

    `on_taken` is told once, in words about it, that another living process has the id: from then on the consumer joins no more.
    `on_doubt` is told the same while it is not proven, and none when the id is ours again.
    """
    consumer._client.send = _Guard(consumer, claim, clock, on_taken=on_taken, on_doubt=on_doubt).send


async def start_guarded(
    consumer: AIOKafkaConsumer,
    claim: Claim,
    clock: Clock,
    *,
    on_taken: Callable[[str], None],
    on_doubt: Callable[[str | None], None],
) -> None:
    """Start the consumer under guard. A start waits for its partitions; it does not wait for those of an instance id that
    another process keeps: then it returns once `on_taken` is told.
    """
    taken = asyncio.Event()

    def end(by: str) -> None:
        on_taken(by)
        taken.set()

    guard_instance(consumer, claim, clock, on_taken=end, on_doubt=on_doubt)
    starting, ended = asyncio.ensure_future(consumer.start()), asyncio.ensure_future(taken.wait())
    try:
        await asyncio.wait((starting, ended), return_when=asyncio.FIRST_COMPLETED)
        if not taken.is_set():
            await starting
    finally:
        await end_task(starting)
        await end_task(ended)


class _Guard:
    """Stands before the requests of one consumer."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        claim: Claim,
        clock: Clock,
        *,
        on_taken: Callable[[str], None],
        on_doubt: Callable[[str | None], None],
    ) -> None:
        self._consumer = consumer
        self._claim = claim
        self._clock = clock
        self._on_taken = on_taken
        self._on_doubt = on_doubt
        self._send = consumer._client.send
        self._doubt = Doubt(claim.proof_s)
        self._ours: deque[str] = deque(maxlen=IDS_KEPT)
        self._asks = claim.waits
        self._claims = 0
        self._taken = False

    async def send(self, node_id: Any, request: Any, **how: Any) -> Any:
        """As the client's own. Raises FencedInstanceError where the consumer may not join now; it tries again soon."""
        if not isinstance(request, JoinGroupRequest | SyncGroupRequest):
            return await self._send(node_id, request, **how)
        coordinator = self._consumer._coordinator
        if isinstance(request, JoinGroupRequest) and not coordinator.member_id:
            await self._ask_first(node_id, coordinator.group_id, how)
        response = await self._send(node_id, request, **how)
        if response.error_code == FENCED_INSTANCE_ID:
            self._fenced()
            coordinator.reset_generation()
            raise FencedInstanceError("Another member has the instance id.")
        if response.error_code == 0 and isinstance(request, JoinGroupRequest):
            self._ours.append(response.member_id)
        elif response.error_code == 0:
            self._claims, self._asks = 0, True
        return response

    async def _ask_first(self, node_id: Any, group: str, how: dict[str, Any]) -> None:
        """Before a new life, once an earlier one was confirmed: who has the id?"""
        if self._taken:
            raise FencedInstanceError("Another living process has the instance id.")
        if not self._asks:
            return
        try:
            seen = await who_has(lambda request: self._send(node_id, request, **how), group, self._claim.instance)
        except kafka.KafkaError:
            self._doubt.lose_sight()
            raise
        match self._doubt.weigh(seen, self._ours, self._clock.monotonic_s()):
            case "free":
                self._asks = False
                self._on_doubt(None)
                return
            case "open":
                self._on_doubt(str(seen.holder))
                await self._clock.sleep(LOOK_INTERVAL_S)
            case "taken":
                self._taken = True
                self._on_taken(str(seen.holder))
        raise FencedInstanceError(f"It is not known whether {seen.holder} lives.")

    def _fenced(self) -> None:
        """A life that was never confirmed, as a broker died meanwhile, is begun again at once, but not for ever."""
        self._claims += 1
        if self._claims >= CLAIMS_MAX:
            self._asks = True
