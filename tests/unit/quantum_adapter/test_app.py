"""The adapter as a service on the memory bus: an order in, its events out."""

from __future__ import annotations

import asyncio
from typing import Any

from queuebit_contracts.channels import BACKENDS, EXECUTIONS, queued
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.events import (
    BackendStatusReported,
    ExecutionFailed,
    ExecutionProgressed,
    ExecutionSucceeded,
    JobQueued,
    JobStarted,
)
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.shell.app import QuantumAdapter
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import JOB, NOW, an_order

TRIANGLE = Problem(kind="maxcut", statement={"nodes": 3, "edges": [[0, 1], [1, 2], [0, 2]]})


def a_record(order: JobQueued) -> Outgoing:
    envelope = Envelope(
        id=order.attempt_id, source="/test", subject=str(JOB), time=NOW, data=order, tenant="acme", version=3
    )
    topic = queued("quantum", order.tier)
    return Outgoing(topic, str(JOB).encode(), encode_data(order), encode_headers(envelope))


def said(broker: MemoryBroker, topic: str) -> list[Any]:
    return [decode(record.headers, record.value).data for record in broker.records(topic)]


async def test_orders_of_every_tier_become_events_of_their_job() -> None:
    clock = SystemClock()
    broker = MemoryBroker(clock)
    bus = MemoryBus(broker)
    adapter = QuantumAdapter(
        bus,
        InlinePool(),
        clock,
        SeededIds(clock, 1),
        AdapterSettings(qubits_interactive_max=2),
        worker_name="worker-1",
        warm=False,
    )
    stop = asyncio.Event()
    running = asyncio.ensure_future(adapter.run(stop))
    await bus.start()
    await bus.publish(
        [
            a_record(an_order(TRIANGLE, number=1, params={"rounds": 0})),
            a_record(an_order(TRIANGLE, number=2, tier="batch")),
        ]
    )

    async with asyncio.timeout(30):
        while len(said(broker, EXECUTIONS)) < 4 or ends(said(broker, EXECUTIONS)) != 2:
            await clock.sleep(0.01)
    stop.set()
    await running
    await adapter.stop()
    await bus.stop()

    found = said(broker, EXECUTIONS)
    refused = [event for event in found if isinstance(event, ExecutionFailed)]
    answered = [event for event in found if isinstance(event, ExecutionSucceeded)]
    assert [event.detail for event in refused] == [
        "The problem needs 3 qubits; the simulator takes at most 2 in the interactive tier."
    ]
    assert [(event.objective, event.worker) for event in answered] == [(2, "worker-1")]
    assert {type(event) for event in found} <= {JobStarted, ExecutionProgressed, ExecutionFailed, ExecutionSucceeded}
    assert [(status.backend, status.available) for status in said(broker, BACKENDS)] == [("aer_simulator", True)]
    assert all(isinstance(status, BackendStatusReported) for status in said(broker, BACKENDS))


def ends(events: list[Any]) -> int:
    return sum(isinstance(event, ExecutionFailed | ExecutionSucceeded) for event in events)
