"""An operator who holds work back and lets it go again, in the middle of everything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Literal, cast
from uuid import UUID

from queuebit_contracts.channels import dead_letter
from queuebit_contracts.ids import uuid7
from queuebit_contracts.jobs import LANES, TIERS
from queuebit_contracts.operators import HoldPlaced, HoldScope
from queuebit_operations.bulk.operation import Operation, freeze
from queuebit_operations.bulk.runner import Runner, Step
from queuebit_operations.bulk.store import Operations
from queuebit_operations.dead_letters.acting import REDRIVE, arguments_of
from queuebit_operations.dead_letters.box import Kept
from queuebit_operations.dead_letters.reading import LetterReader, groups_with_letters
from queuebit_operations.dead_letters.redrive import REDRIVEN, Redrive, RedriveSettings, plan_redrive
from queuebit_operations.dead_letters.sending import headers_again
from queuebit_operations.holding.register import HoldRegister
from queuebit_operations.jobs.acting import INVALIDATE, RECALL, act_of
from queuebit_operations.records.port import Place, Span
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_record
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Outgoing, Record
from queuebit_workbench.world import World
from tests.simulation.plan import TENANTS
from tests.simulation.virtual import VirtualClock

BACKENDS = ("aer_simulator", "queuebit-problems", "queuebit-problems")
KINDS = ("maxcut", "knapsack")
RATE_PER_S = 40.0


SETTINGS = RedriveSettings(stage_s=0.5, failures_max=100, settle_s=0.5, replays_max=2)


class _Topics:
    """The topics of dead letters as an operator reads and writes them."""

    def __init__(self, broker: MemoryBroker, pause_s: float) -> None:
        self._broker = broker
        self._pause_s = pause_s

    async def spans(self, topics: Collection[str]) -> dict[Place, Span]:
        return {Place(topic, 0): Span(0, len(self._broker.records(topic))) for topic in topics}

    async def read(self, spans: Mapping[Place, Span]) -> AsyncIterator[Sequence[Record]]:
        for place, span in spans.items():
            yield self._broker.records(place.topic)[span.begin : span.end]

    async def send(self, kept: Kept, redrive: str) -> int:
        letter = kept.letter
        key, value = letter.key or b"", cast(bytes, letter.value)
        topic = letter.origin.topic
        self._broker.append([Outgoing(topic, key, value, headers_again(kept, redrive, {}))])
        log = self._broker.log(topic)
        offset = len(log[partition_of(key, len(log))]) - 1
        await self._broker.clock.sleep(self._pause_s)
        return offset

    async def mark(self, mark: Mark, group: str) -> None:
        self._broker.append([mark_record(mark, group)])


class _Killed(Exception):
    """The operator's tool ends here."""


class Operator:
    """Acts through a session of its own, which no weather reaches: what was promised to a person was stored."""

    def __init__(self, world: World, clock: VirtualClock, random: Random) -> None:
        self._world = world
        self._store = world.store()
        self._register = HoldRegister(self._store, clock)
        self._operations = Operations(self._store, clock)
        self._clock = clock
        self._random = random

    async def hold_for(self, for_s: float, *, eases: bool) -> None:
        """Hold something back for a while; then let it go at once, or ease it and leave the rest to the control plane."""
        scope, value = self._what()
        # What a backend says is not believed meanwhile; what merely waits is no worse for it.
        why: Literal["pause", "quarantine"] = "quarantine" if scope == "backend" else "pause"
        wanted = HoldPlaced(why=why, scope=scope, value=value, actor="alice", reason="I want to look at it")
        hold, _ = await self._register.place(wanted)
        if self._random.random() < 0.5:
            await self._recall()
        await self._clock.sleep(for_s)
        # Somebody may have held the same and let it go meanwhile.
        if (await self._register.holds()).numbered(hold.number) is not None:
            rate = RATE_PER_S if eases else None
            await self._register.lift(hold.number, actor="alice", reason="it is fine", rate_per_s=rate)

    async def _recall(self) -> None:
        """Take back what is out and was not begun."""
        queued = [str(row.stream_id) for row in self._world.database.streams.values() if row.head.state == "queued"]
        operation_id = self._new_id()
        await self._operations.create(operation_id, freeze(RECALL, {}, queued, "alice"))
        act = act_of(RECALL, self._store, self._clock, operation_id)
        await Runner(self._store, self._clock, holder="only").run(operation_id, act, actor="alice", reason="a look")

    def _new_id(self) -> UUID:
        return uuid7(int(self._clock.now().timestamp() * 1000), self._random.getrandbits(74))

    async def redrive(self, pause_s: float) -> int:
        """Send open dead letters of some group again, those that follow one another in their order, while everything goes on;
        how many were sent.
        """
        topics = _Topics(self._world.broker, pause_s)
        reader = LetterReader(cast(Any, topics))
        sent = 0
        for group in groups_with_letters():
            if not self._world.broker.records(dead_letter(group)):
                continue
            shelf = await reader.shelf(group)
            shelf.choose([each for each in shelf.wanted() if self._random.random() < 0.7])
            plan = plan_redrive(shelf.in_sequence(), replays_max=SETTINGS.replays_max)
            targets = [f"{group}:{each}" for each in plan.send]
            if not targets:
                continue
            operation_id = self._new_id()
            await self._operations.create(operation_id, freeze(REDRIVE, arguments_of(SETTINGS), targets, "alice"))
            act = Redrive(operation_id.hex, SETTINGS, topics, reader, self._clock)
            runner = Runner(self._store, self._clock, holder="only")
            ended = await runner.run(operation_id, act, actor="alice", reason="it is mended", rate_per_s=RATE_PER_S)
            sent += (ended.outcomes or {}).get(REDRIVEN, 0)
        return sent

    async def invalidate(self, *, dies: bool) -> None:
        """Find some answers suspect and ask the same again; with `dies`, the tool is killed in the middle and started again."""
        completed = [row.stream_id for row in self._world.database.streams.values() if row.head.state == "completed"]
        targets = [str(each) for each in self._random.sample(completed, min(len(completed), 5))]
        if not targets:
            return
        operation_id = self._new_id()
        arguments = {"requeue": self._random.choice(("yes", "no"))}
        await self._operations.create(operation_id, freeze(INVALIDATE, arguments, targets, "alice"))
        act = act_of(INVALIDATE, self._store, self._clock, operation_id)

        async def and_die(some: Sequence[str], operation: Operation) -> Step:
            await act(some, operation)
            raise _Killed

        for each, holder in ((and_die, "first"), (act, "second")) if dies else ((act, "only"),):
            runner = Runner(self._store, self._clock, holder=holder)
            with suppress(_Killed):
                await runner.run(operation_id, each, actor="alice", reason="it looks wrong")

    def _what(self) -> tuple[HoldScope, str]:
        choices: dict[HoldScope, tuple[str, ...]] = {
            "all": ("",),
            "tenant": TENANTS,
            "kind": KINDS,
            "lane": LANES,
            "tier": TIERS,
            "backend": BACKENDS,
            "job": tuple(str(stream_id) for stream_id in self._world.database.streams) or ("none",),
        }
        scope = self._random.choice((*choices, "backend", "backend", "backend"))
        return scope, self._random.choice(choices[scope])
