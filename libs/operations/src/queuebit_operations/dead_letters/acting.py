"""What the bulk verbs on dead letters do with a step of their targets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from queuebit_operations.bulk.operation import Operation
from queuebit_operations.bulk.runner import Act, Step
from queuebit_operations.collector import calm
from queuebit_operations.connections.bus import kafka_access, namespace_of
from queuebit_operations.dead_letters.box import letter_named
from queuebit_operations.dead_letters.reading import LetterReader
from queuebit_operations.dead_letters.redrive import DONE_BEFORE, DROPPED, GONE, Redrive, RedriveSettings
from queuebit_operations.dead_letters.sending import LetterSender
from queuebit_operations.dead_letters.shelf import Shelf
from queuebit_operations.records.kafka import opened_records
from queuebit_runtime.bus.dead_letters.marks import Mark
from queuebit_runtime.clock import Clock

REDRIVE, DROP, EDIT, ACCEPT = "dlq redrive", "dlq drop", "dlq edit", "dlq accept"
VERBS = frozenset({REDRIVE, DROP})
"""Those that act on many, in steps."""


def arguments_of(settings: RedriveSettings) -> dict[str, str]:
    """The settings as an operation keeps them."""
    return {
        "stage_s": f"{settings.stage_s:g}",
        "failures_max": str(settings.failures_max),
        "settle_s": f"{settings.settle_s:g}",
        "replays_max": str(settings.replays_max),
    }


def settings_of(arguments: Mapping[str, str]) -> RedriveSettings:
    """The settings that an operation has kept."""
    return RedriveSettings(
        stage_s=float(arguments["stage_s"]),
        failures_max=int(arguments["failures_max"]),
        settle_s=float(arguments["settle_s"]),
        replays_max=int(arguments["replays_max"]),
    )


@asynccontextmanager
async def opened_act(verb: str, env: Mapping[str, str], clock: Clock, operation_id: UUID) -> AsyncIterator[Act]:
    """What the verb does, connected. Raises BusError."""
    access, namespace = kafka_access(env), namespace_of(env)
    async with opened_records(access, namespace) as records, LetterSender(access, namespace) as sender:
        reader = LetterReader(records)
        with calm():
            if verb == DROP:
                yield _Dropping(sender, reader, clock)
            else:
                yield _Redriving(operation_id.hex, sender, reader, clock)


class _Redriving:
    """A redrive whose settings stand in its operation."""

    def __init__(self, id: str, sender: LetterSender, reader: LetterReader, clock: Clock) -> None:
        self._id, self._sender, self._reader, self._clock = id, sender, reader, clock
        self._redrive: Redrive | None = None

    async def __call__(self, targets: Sequence[str], operation: Operation) -> Step:
        if self._redrive is None:
            settings = settings_of(operation.arguments)
            self._redrive = Redrive(self._id, settings, self._sender, self._reader, self._clock)
        return await self._redrive(targets, operation)


class _Dropping:
    """Settles letters without sending them. What they hold is not kept here."""

    def __init__(self, sender: LetterSender, reader: LetterReader, clock: Clock) -> None:
        self._sender, self._reader, self._clock = sender, reader, clock
        self._shelves: dict[str, Shelf] = {}

    async def __call__(self, targets: Sequence[str], operation: Operation) -> Step:
        for group in {letter_named(each)[0] for each in targets} - self._shelves.keys():
            self._shelves[group] = await self._reader.shelf(group)
        return Step(
            dict(zip(targets, await asyncio.gather(*(self._one(each, operation) for each in targets)), strict=True))
        )

    async def _one(self, target: str, operation: Operation) -> str:
        group, offset = letter_named(target)
        lying = self._shelves[group].find(offset)
        if lying is None:
            return GONE
        if lying.settled:
            return DONE_BEFORE
        now = self._clock.now()
        await self._sender.mark(Mark("dropped", operation.actor, operation.reason, now, lying.origin, lying.key), group)
        return DROPPED
