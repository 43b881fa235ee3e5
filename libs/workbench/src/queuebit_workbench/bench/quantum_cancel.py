"""How soon a simulation of 24 qubits that runs is over when its attempt is abandoned: through the adapter, from the word to the
failure that says so, before which its process is dead.
"""

from __future__ import annotations

import asyncio
import random
import time
from uuid import UUID

from queuebit_contracts.channels import CONTROL, EXECUTIONS, queued
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import (
    AttemptAbandoned,
    Event,
    ExecutionFailed,
    ExecutionProgressed,
    JobQueued,
    ProblemSize,
)
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.shell.app import QuantumAdapter
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_runtime.processes.pool import ProcessPool
from queuebit_workbench.bench.quantum_watch import Watch

QUBITS, LAYERS = 24, 60
"""Some minutes of work."""
BUDGET_S, WITHIN_S = 600.0, 1.0
CLOCK = SystemClock()


async def cancels(pool: ProcessPool, tenant: str, times: int) -> list[float]:
    """Seconds from the word to the failure, so many times. Raises TimeoutError, or AssertionError where it failed otherwise."""
    broker, numbers, found = MemoryBroker(CLOCK), random.Random(24), []
    bus = MemoryBus(broker)
    adapter = QuantumAdapter(bus, pool, CLOCK, SystemIds(CLOCK), AdapterSettings(), worker_name="bench", warm=False)
    progress, failures = Watch(broker, EXECUTIONS, ExecutionProgressed), Watch(broker, EXECUTIONS, ExecutionFailed)
    await bus.start()
    try:
        for _ in range(times):
            order = _order(numbers)
            job = str(UUID(int=numbers.getrandbits(128)))

            def record(topic: str, event: Event, job: str = job) -> Outgoing:
                about = UUID(int=numbers.getrandbits(128)), "/queuebit/bench", job, CLOCK.now(), event, tenant
                return Outgoing(topic, job.encode(), encode_data(event), encode_headers(Envelope(*about)))

            await bus.publish([record(queued("quantum", order.tier), order)])
            detail = ""
            while detail != "running":  # it is read, checked and compiled before
                detail = (await progress.until(1))[-1].detail
            await asyncio.sleep(numbers.uniform(0.5, 1.5))
            begun_s = time.perf_counter()
            abandoned = AttemptAbandoned(attempt_id=order.attempt_id, leg=order.leg, reason="nobody wants it")
            await bus.publish([record(CONTROL, abandoned)])
            (failed,) = await failures.until(1)
            found.append(time.perf_counter() - begun_s)
            assert failed.code is FailureCode.CANCELLED, failed
    finally:
        await adapter.stop()
        await bus.stop(1.0)
    return found


def _order(numbers: random.Random) -> JobQueued:
    """An order that takes long. Angles are drawn, so that nothing of it is known from before."""
    lines = ['OPENQASM 3.0; include "stdgates.inc";', f"qubit[{QUBITS}] q; bit[{QUBITS}] c;"]
    for _ in range(LAYERS):
        lines += [f"ry({numbers.uniform(0.1, 3.0)!r}) q[{qubit}];" for qubit in range(QUBITS)]
        lines += [f"cx q[{qubit}], q[{qubit + 1}];" for qubit in range(QUBITS - 1)]
    text = "\n".join([*lines, "c = measure q;"])
    return JobQueued(
        attempt_id=UUID(int=numbers.getrandbits(128)),
        leg="primary",
        role="primary",
        lane="simulator",
        number=1,
        tier="batch",
        problem=Problem(kind="circuit_sampling", statement={"qasm": text, "shots": 100}),
        fingerprint="0" * 64,
        seed=numbers.getrandbits(31),
        budget_s=BUDGET_S,
        size=ProblemSize(variables=QUBITS, qubits=QUBITS, terms=LAYERS * (2 * QUBITS - 1)),
    )
