"""The witnesses of a run: they work beside our load while things break, and are heard when it is quiet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from queuebit_devstack.stack import Stack
from queuebit_runtime.waiting import end_task
from queuebit_store.connections.migrations import migrate
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.witnesses import porcupine
from queuebit_workbench.witnesses.errors import WitnessMissing
from queuebit_workbench.witnesses.history import Historian
from queuebit_workbench.witnesses.verifiable import Verifiable, opened_verifiable

NAMESPACE = "witness"
"""A log of its own in the same PostgreSQL: our services know nothing of it."""
CLIENTS = 4
UNDECIDED_SHARE_MAX = 0.05
"""A checker may give a stream up where too many answers were lost at once."""
APPENDS_MIN, REFUSED_MIN, READS_MIN, RECORDS_MIN = 100, 20, 100, 500


@dataclass
class Testimony:
    """What they said. `missing`: who could not be had, and why."""

    violations: list[str] = field(default_factory=list)
    too_little: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class Witnesses:
    """Those that could be had."""

    def __init__(self, seed: int) -> None:
        self.testimony = Testimony()
        self._history = Historian(seed)
        self._program: Path | None = None
        self._verifiable: Verifiable | None = None
        self._stop = asyncio.Event()
        self._clients: asyncio.Task[None] | None = None

    async def begin(self, stack: Stack, opened: AsyncExitStack) -> None:
        """Start them; what they hold is let go with `opened`."""
        try:
            self._program = await porcupine.build_porcupine()
            settings = PostgresSettings(stack.postgres, namespace=NAMESPACE)
            await migrate(settings)
            stores = [await opened.enter_async_context(await PostgresStore.open(settings)) for _ in range(CLIENTS)]
            self._clients = asyncio.create_task(self._work(stores))
            opened.push_async_callback(end_task, self._clients)
        except WitnessMissing as error:
            self.testimony.missing.append(str(error))
        try:
            self._verifiable = await opened.enter_async_context(opened_verifiable(stack))
        except WitnessMissing as error:
            self.testimony.missing.append(str(error))

    async def _work(self, stores: list[PostgresStore]) -> None:
        async with asyncio.TaskGroup() as group:
            for number, store in enumerate(stores):
                group.create_task(self._history.client(number, store, self._stop))

    async def hear(self) -> Testimony:
        """Let them finish, and judge. Call it when nothing breaks any more."""
        self._stop.set()
        if self._clients is not None and self._program is not None:
            await self._clients
            await self._hear_porcupine(self._program)
        if self._verifiable is not None:
            await self._hear_verifiable(self._verifiable)
        return self.testimony

    async def _hear_porcupine(self, program: Path) -> None:
        operations, said = self._history.operations, self.testimony
        found = await porcupine.check(program, operations)
        kinds = Counter(f"{each.kind} {each.outcome}" for each in operations)
        said.counts |= {f"porcupine: {name}": number for name, number in sorted(kinds.items())}
        said.counts |= {"porcupine: streams": found.streams, "porcupine: streams given up": len(found.undecided)}
        if found.illegal:
            said.violations.append(f"porcupine: no order explains the answers of {', '.join(found.illegal[:5])}")
        if len(found.undecided) > UNDECIDED_SHARE_MAX * found.streams:
            said.too_little.append(f"porcupine gave up {len(found.undecided)} of {found.streams} streams")
        least = {"append ok": APPENDS_MIN, "append refused": REFUSED_MIN, "read ok": READS_MIN}
        said.too_little += [
            f"porcupine saw only {kinds[name]} of {name}, at least {number} must be"
            for name, number in least.items()
            if kinds[name] < number
        ]

    async def _hear_verifiable(self, verifiable: Verifiable) -> None:
        found, said = await verifiable.finish(), self.testimony
        said.violations += found.violations()
        said.counts |= {
            "kafka-tools: records acknowledged": found.acknowledged,
            "kafka-tools: records read": found.read,
            "kafka-tools: sends that failed": found.refused,
        }
        if found.acknowledged < RECORDS_MIN:
            said.too_little.append(
                f"Kafka's verifiable producer wrote only {found.acknowledged} records, at least {RECORDS_MIN} must be"
            )


@asynccontextmanager
async def opened_witnesses(stack: Stack, seed: int) -> AsyncIterator[Witnesses]:
    """Started, those that can be had."""
    witnesses = Witnesses(seed)
    async with AsyncExitStack() as opened:
        await witnesses.begin(stack, opened)
        yield witnesses
