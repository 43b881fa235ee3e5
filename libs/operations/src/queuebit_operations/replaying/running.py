"""Runs a shadow over a selection: page by page, into a store and topics of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from queuebit_contracts.streams import PUBLISHED
from queuebit_operations.replaying.answers import Answered, answered_again
from queuebit_operations.replaying.records import records_of
from queuebit_operations.replaying.services import Handlers
from queuebit_operations.replaying.shadow import Divergence, Shadowed, shadow
from queuebit_operations.scan.port import Scan, Selection, Stream
from queuebit_runtime.bus.port import Bus
from queuebit_store.ports import EventLog


@dataclass(slots=True)
class Report:
    """What came of it. `shown` are the first differences; `by_place` counts all of them by event and path, `by_kind` by service
    and kind. `services`: how many questions each was asked again, and of how many the record does not tell enough.
    """

    jobs: int = 0
    differing: int = 0
    messages: int = 0
    recorded: int = 0
    produced: int = 0
    taken_over: int = 0
    by_place: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    services: dict[str, Counter[str]] = field(default_factory=dict)
    shown: list[Divergence] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return self.by_place.total()

    def add(self, shadowed: Shadowed | None, answered: Answered, limit: int) -> None:
        """A job as the control plane decides on it now, where that is asked for, and as the other services answer it."""
        self.jobs += 1
        divergences = [*(shadowed.divergences if shadowed is not None else ()), *answered.divergences]
        self.differing += bool(divergences)
        self.by_place.update(f"{each.name}{each.path}" for each in divergences)
        self.by_kind.update(f"{each.service}: {each.kind}" for each in divergences)
        self.shown += divergences[: max(0, limit - len(self.shown))]
        for name in self.services:
            counts = {"handled": answered.handled[name], "not_comparable": answered.not_comparable[name]}
            self.services[name].update(counts)
        if shadowed is not None:
            self._decided(shadowed)

    def _decided(self, shadowed: Shadowed) -> None:
        self.messages += shadowed.messages
        self.recorded += len(shadowed.stream.events)
        self.produced += len(shadowed.events)
        self.taken_over += shadowed.taken_over

    def document(self) -> dict[str, Any]:
        counts = ("jobs", "differing", "messages", "recorded", "produced", "taken_over", "differences")
        return {
            **{name: getattr(self, name) for name in counts},
            "by_place": dict(self.by_place.most_common()),
            "by_kind": dict(self.by_kind.most_common()),
            "services": {name: dict(counts) for name, counts in self.services.items()},
            "shown": [each.document() for each in self.shown],
        }


async def run_shadow(
    scan: Scan,
    selection: Selection,
    store: EventLog,
    bus: Bus | None,
    replay_id: str,
    handlers: Handlers,
    *,
    decide: bool = True,
    limit: int,
    on_progress: Callable[[Report], None],
) -> Report:
    """Handle every selected job again, and keep what is decided; `decide`: by the control plane too. Raises what scan, store
    and bus raise.
    """
    report = Report(services={name: Counter({"handled": 0, "not_comparable": 0}) for name in handlers})
    async for page in scan.streams(selection):
        streams = [stream for stream in page if stream.events and stream.events[0].category in PUBLISHED]
        done = [shadow(stream) for stream in streams] if decide else []
        answered = await _answered(streams, handlers)
        whole = [each for each in done if each.events]
        await store.append([each.append() for each in whole])
        if bus is not None:
            await bus.publish(
                [record for each in whole for row in each.rows() for record in records_of(row, replay_id)]
            )
        for decided, again in zip_longest(done, answered):
            report.add(decided, again, limit)
        on_progress(report)
    return report


async def _answered(streams: Sequence[Stream], handlers: Handlers) -> list[Answered]:
    """In a thread. Who is interrupted waits for one job at most, not for a page of searches."""
    ended = threading.Event()

    def answer() -> list[Answered]:
        return [answered_again(each, handlers) for each in streams if not ended.is_set()]

    try:
        return await asyncio.to_thread(answer)
    finally:
        ended.set()
