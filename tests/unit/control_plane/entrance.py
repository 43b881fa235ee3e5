"""What comes in on one store: records in, streams out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest

from queuebit_contracts import channels
from queuebit_control_plane.inbound.admission import Intake
from queuebit_control_plane.inbound.subscriptions import Consumer
from queuebit_control_plane.inbound.superseding import Superseded
from queuebit_control_plane.inbound.tenants import Tenants
from queuebit_domain.holds.lanes import Lanes
from queuebit_runtime.bus.decoding import Received, sort_out
from queuebit_runtime.bus.port import Record
from queuebit_runtime.processes.bounded_work import inline
from queuebit_store.memory import MemoryStore
from tests.builders import NOW, a_request
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.fakes.deliveries import Batch
from tests.unit.control_plane.handling import a_handler

TIMES = ["2026-01-02T03:04:05Z", "1969-07-20T20:17:40Z", "9999-12-31T23:59:59-12:00"]


class CountingStore(MemoryStore):
    """Counts what the names of tenants cost."""

    looked = 0

    async def known_tenants(self, names: Sequence[str]) -> frozenset[str]:
        self.looked += 1
        return await super().known_tenants(names)


class Plane:
    """The entrance and the command handler on one store: records in, streams out."""

    def __init__(self) -> None:
        self.store, self.clock = CountingStore(), StoppedClock()
        lanes = Lanes()
        intake = Intake(self.store, Tenants(self.store), lanes)
        self.consumer = Consumer(
            CollectingBus(),
            a_handler(self.store, self.clock),
            intake,
            lanes,
            self.clock,
            inline(),
            Superseded(self.store, self.clock),
        )

    async def hear(self, *records: Record) -> None:
        items, _ = sort_out(records, None, refusals=True)
        assert len(items) == len(records), "nothing is poison"
        await self.consumer.on_messages(items, Batch([item for item in items if isinstance(item, Received)]))

    def streams(self) -> dict[UUID, list[str]]:
        return {stream: [event.type for event in events] for stream, events in self.store.database.events.items()}

    def jobs(self) -> list[UUID]:
        return [stream for stream, names in self.streams().items() if names[0] == "JobSubmitted"]


@pytest.fixture
async def plane() -> Plane:
    plane = Plane()
    for tenant in ("acme", "globex"):
        await plane.store.add_tenant(tenant, NOW)
    return plane


def asked(
    name: str,
    time: str = TIMES[0],
    *,
    source: str = "/a",
    key: str | None = None,
    ce_tenant: str | None = None,
    beside: Mapping[str, Any] | None = None,
    **request: Any,
) -> Record:
    """A question as it lies on the topic. `beside`: what it says beside the request."""
    data = {"request": a_request(**request).model_dump(mode="json"), "idempotency_key": key, **(beside or {})}
    headers = {
        "ce_specversion": "1.0",
        "content-type": "application/json",
        "ce_id": name,
        "ce_source": source,
        "ce_type": "io.queuebit.JobSubmitted.v1",
        "ce_time": time,
        **({"ce_tenant": ce_tenant} if ce_tenant else {}),
    }
    pairs = tuple((each, value.encode()) for each, value in headers.items())
    return Record(channels.SUBMITTED, 0, 0, b"k", orjson.dumps(data), pairs)
