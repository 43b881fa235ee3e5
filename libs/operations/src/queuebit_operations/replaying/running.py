"""Runs a shadow over a selection: page by page, into a store and topics of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from queuebit_contracts.streams import PUBLISHED
from queuebit_operations.replaying.records import records_of
from queuebit_operations.replaying.shadow import Divergence, Shadowed, shadow
from queuebit_operations.scan.port import Scan, Selection
from queuebit_runtime.bus.port import Bus
from queuebit_store.ports import EventLog


@dataclass(slots=True)
class Report:
    """What came of it. `shown` are the first differences; `by_place` counts all of them by event and path."""

    jobs: int = 0
    differing: int = 0
    messages: int = 0
    recorded: int = 0
    produced: int = 0
    taken_over: int = 0
    by_place: Counter[str] = field(default_factory=Counter)
    shown: list[Divergence] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return self.by_place.total()

    def add(self, shadowed: Shadowed, limit: int) -> None:
        self.jobs += 1
        self.differing += bool(shadowed.divergences)
        self.messages += shadowed.messages
        self.recorded += len(shadowed.stream.events)
        self.produced += len(shadowed.events)
        self.taken_over += shadowed.taken_over
        self.by_place.update(f"{each.name}{each.path}" for each in shadowed.divergences)
        self.shown += shadowed.divergences[: max(0, limit - len(self.shown))]

    def document(self) -> dict[str, Any]:
        counts = ("jobs", "differing", "messages", "recorded", "produced", "taken_over", "differences")
        return {
            **{name: getattr(self, name) for name in counts},
            "by_place": dict(self.by_place.most_common()),
            "shown": [each.document() for each in self.shown],
        }


async def run_shadow(
    scan: Scan,
    selection: Selection,
    store: EventLog,
    bus: Bus | None,
    replay_id: str,
    *,
    limit: int,
    on_progress: Callable[[Report], None],
) -> Report:
    """Handle every selected job again, and keep what comes of it. Raises what scan, store and bus raise."""
    report = Report()
    async for page in scan.streams(selection):
        done = [shadow(stream) for stream in page if stream.events and stream.events[0].category in PUBLISHED]
        whole = [each for each in done if each.events]
        await store.append([each.append() for each in whole])
        if bus is not None:
            await bus.publish(
                [record for each in whole for row in each.rows() for record in records_of(row, replay_id)]
            )
        for each in done:
            report.add(each, limit)
        on_progress(report)
    return report
