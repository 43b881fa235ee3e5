"""`python -m queuebit_workbench.bench.quantum`: what running circuits as jobs costs beside running them by hand.

A hundred circuits of one structure and 12 qubits, each a job of its own: through the quantum adapter alone, from the first
order to the last answer; and through all services, from the first submission to the last verdict; both in this process on the
memory ports, with circuits in one process of a pool. Beside them in turn, in such a process too, the same angles by hand. Then
one small job on a noisy device of 133 qubits, and simulations of 24 qubits that are cancelled while they run. Ratios are of the
same turn, and their median is what counts.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from uuid import UUID

import orjson
import uvloop
from rich.console import Console

from queuebit_contracts.channels import COMPLETED, EXECUTIONS, SUBMITTED, queued
from queuebit_contracts.envelope import Envelope, binary_headers, encode_data, encode_headers, rfc3339
from queuebit_contracts.events import ExecutionSucceeded, JobCompleted, JobQueued, JobSubmitted, ProblemSize
from queuebit_contracts.ids import job_id_of, uuid7
from queuebit_contracts.jobs import Problem
from queuebit_contracts.registry import type_bytes_of
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.providers.aer.offer import noisy_aer
from queuebit_quantum_adapter.shell.app import WARM_MODULES, QuantumAdapter
from queuebit_quantum_adapter.shell.executor import ATTEMPT
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_quantum_adapter.shell.task import Outcome, Recipe, Task
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_runtime.processes.pool import ProcessPool
from queuebit_workbench.bench.quantum_by_hand import LAYERS, RING, ByHand, text_of
from queuebit_workbench.bench.quantum_cancel import QUBITS, WITHIN_S, cancels
from queuebit_workbench.bench.quantum_watch import PATIENCE_S, Watch
from queuebit_workbench.world import World

TENANT = "bench"
SHOTS = 1024
MEMORY_MB = 4096
BY_HAND = "queuebit_workbench.bench.quantum_by_hand:run"
DEVICE = "fake_torino"
OPERATIONS = RING + LAYERS * (RING + RING // 2 + RING) + RING
ADAPTER_BAR, WHOLE_BAR, NOISY_S_BAR = 1.2, 2.5, 0.5
CANCELS = 5
CLOCK = SystemClock()

Sets = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds of one turn: by hand, through the adapter, through all; of the processor for the adapter's circuits, and how many
    executions these took.
    """

    by_hand: dict[str, float]
    adapter_s: float
    adapter_cpu_s: float
    whole_s: float
    executions: int


def problem_of(angles: Sequence[float]) -> Problem:
    return Problem(kind="circuit_sampling", statement={"qasm": text_of(angles), "shots": SHOTS})


def orders_of(sets: Sets, numbers: random.Random) -> list[Outgoing]:
    """An order a set of angles, as the control plane writes it."""
    found = []
    for angles in sets:
        job = UUID(int=numbers.getrandbits(128))
        order = JobQueued(
            attempt_id=UUID(int=numbers.getrandbits(128)),
            leg="primary",
            role="primary",
            lane="simulator",
            number=1,
            tier="interactive",
            problem=problem_of(angles),
            fingerprint="0" * 64,
            seed=numbers.getrandbits(31),
            budget_s=60.0,
            size=ProblemSize(variables=RING, qubits=RING, terms=OPERATIONS),
        )
        envelope = Envelope(UUID(int=numbers.getrandbits(128)), "/queuebit/bench", str(job), CLOCK.now(), order, TENANT)
        topic = queued("quantum", "interactive")
        found.append(Outgoing(topic, str(job).encode(), encode_data(order), encode_headers(envelope)))
    return found


def submissions_of(sets: Sets, numbers: random.Random) -> list[Outgoing]:
    """A job a set of angles, as an upstream service publishes it."""
    found = []
    for angles in sets:
        now = CLOCK.now()
        key = uuid7(int(now.timestamp() * 1000), numbers.getrandbits(74))
        job = str(job_id_of(TENANT, key))
        request = {"tenant": TENANT, "problem": problem_of(angles).model_dump(), "lane": "simulator"}
        value = orjson.dumps({"request": request, "idempotency_key": str(key)})
        headers = binary_headers(
            key, "/queuebit/bench", type_bytes_of(JobSubmitted), job, rfc3339(now), tenant=TENANT, version=None,
            traceparent=None,
        )  # fmt: skip
        found.append(Outgoing(SUBMITTED, job.encode(), value, headers))
    return found


async def through_adapter(
    pool: ProcessPool, all_sets: Sequence[Sets], numbers: random.Random
) -> list[tuple[float, float, int]]:
    """Of each turn the seconds from the first order to the last answer, those of the processor that the jobs say they took, and
    in how many executions the circuits ran.
    """
    broker = MemoryBroker(CLOCK)
    bus = MemoryBus(broker)
    adapter = QuantumAdapter(bus, pool, CLOCK, SystemIds(CLOCK), AdapterSettings(), worker_name="bench", warm=False)
    watch, found = Watch(broker, EXECUTIONS, ExecutionSucceeded), []
    await bus.start()
    try:
        for sets in all_sets:
            orders = orders_of(sets, numbers)
            begun_s = time.perf_counter()
            await bus.publish(orders)
            answers = await watch.until(len(orders))
            took_s = time.perf_counter() - begun_s
            runs = [each.provenance["run"].get("batch", {}).get("id") for each in answers]
            cpu_s = sum(each.usage.cpu_s or 0.0 for each in answers)
            found.append((took_s, cpu_s, len(set(runs) - {None}) + runs.count(None)))
    finally:
        await adapter.stop()
        await bus.stop(1.0)
    return found


async def through_all(pool: ProcessPool, all_sets: Sequence[Sets], numbers: random.Random) -> list[float]:
    """Of each turn the seconds from the first submission to the last end of a job, its answer validated."""
    world = World(CLOCK, SystemIds(CLOCK), pool)
    await world.store().add_tenant(TENANT, CLOCK.now())
    watch, found = Watch(world.broker, COMPLETED, JobCompleted), []
    await world.start()
    bus = MemoryBus(world.broker)
    await bus.start()
    try:
        for sets in all_sets:
            jobs = submissions_of(sets, numbers)
            begun_s = time.perf_counter()
            await bus.publish(jobs)
            await watch.until(len(jobs))
            found.append(time.perf_counter() - begun_s)
    finally:
        await bus.stop(1.0)
        await world.stop()
    return found


async def noisy(pool: ProcessPool, count: int) -> list[float]:
    """Seconds of each of so many jobs of one structure and 8 qubits on a noisy device, the first of which transpiles it."""
    spec = noisy_aer(AdapterSettings().limits, snapshot_of(DEVICE))
    found = []
    for number in range(count):
        turns = "".join(f"ry({0.1 * number + 0.2 * qubit:.3f}) q[{qubit}];" for qubit in range(8))
        chain = "".join(f"cx q[{qubit}], q[{qubit + 1}];" for qubit in range(7))
        text = f'OPENQASM 3.0; include "stdgates.inc"; qubit[8] q; bit[8] c; {turns} {chain} c = measure q;'
        problem = Problem(kind="circuit_sampling", statement={"qasm": text, "shots": SHOTS})
        task = Task(UUID(int=number), problem, 7, 60.0, Recipe(), AdapterSettings().limits, spec)
        begun_s = time.perf_counter()
        ended = await pool.run(ATTEMPT, task, timeout_s=PATIENCE_S)
        assert isinstance(ended, Outcome), ended
        found.append(time.perf_counter() - begun_s)
    return found


async def measured(jobs: int, turns: int) -> tuple[list[Turn], list[float], list[float]]:
    """Each turn on its own angles: by hand, through the adapter, through all services. The first of each warms up."""
    numbers = random.Random(1)

    def some() -> Sets:
        return tuple(tuple(numbers.uniform(-1.5, 1.5) for _ in range(2 * LAYERS)) for _ in range(jobs))

    found: list[Turn] = []
    pools = [ProcessPool(count, MEMORY_MB, WARM_MODULES) for count in (1, 1, 2)]
    try:
        hand, adapter, whole = pools
        await hand.run(BY_HAND, ByHand(some(), SHOTS, 1), timeout_s=PATIENCE_S)
        await through_adapter(adapter, [some()], numbers)
        await through_all(whole, [some()], numbers)
        for turn in range(turns):
            by_hand = await hand.run(BY_HAND, ByHand(some(), SHOTS, turn), timeout_s=PATIENCE_S)
            [(adapter_s, cpu_s, executions)] = await through_adapter(adapter, [some()], numbers)
            [whole_s] = await through_all(whole, [some()], numbers)
            found.append(Turn(by_hand, adapter_s, cpu_s, whole_s, executions))
        return found, await noisy(hand, 4), await cancels(adapter, TENANT, CANCELS)
    finally:
        for pool in pools:
            await pool.close()


def told(
    jobs: int, turns: Sequence[Turn], noisy_s: Sequence[float], cancelled_s: Sequence[float], console: Console
) -> bool:
    """Prints the figures. Whether the bars were kept."""
    hand_s = median(turn.by_hand["bound"] for turn in turns)
    console.print(
        f"{jobs} circuits of {RING} qubits and {OPERATIONS} operations, {SHOTS} shots each; medians of {len(turns)} turns\n"
        f"by hand, one template bound, one run: {hand_s:.3f} s "
        f"({median(turn.by_hand['bound_cpu'] for turn in turns):.3f} s of the processor)\n"
        f"by hand, angles filled in by Aer:     {median(turn.by_hand['by_aer'] for turn in turns):.3f} s"
    )
    kept = True
    for name, bar, seconds in (
        ("first order to last answer", ADAPTER_BAR, [turn.adapter_s for turn in turns]),
        ("first submission to last end", WHOLE_BAR, [turn.whole_s for turn in turns]),
    ):
        ratio = median(each / turn.by_hand["bound"] for each, turn in zip(seconds, turns, strict=True))
        kept = kept and ratio <= bar
        console.print(f"{name}: {median(seconds):.3f} s, {ratio:.2f} times by hand (bar {bar:g})")
    cpu_ratio = median(turn.adapter_cpu_s / turn.by_hand["bound_cpu"] for turn in turns)
    console.print(f"of the processor, reading and checking included: {cpu_ratio:.2f} times by hand")
    console.print(f"executions of {jobs} jobs in the adapter: {[turn.executions for turn in turns]}")
    first_s, *warm_s = noisy_s
    console.print(
        f"8 qubits on {DEVICE}, noisy: {first_s:.2f} s the first, {median(warm_s):.3f} s warm (bar {NOISY_S_BAR:g} s)"
    )
    console.print(
        f"{QUBITS} qubits cancelled while they run: over within {max(cancelled_s):.3f} s, the longest of {len(cancelled_s)} "
        f"(bar {WITHIN_S:g} s)"
    )
    return kept and median(warm_s) < NOISY_S_BAR and max(cancelled_s) < WITHIN_S


def main(argv: Sequence[str]) -> int:
    """Run it; the exit status says whether the bars were kept."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.quantum", description=__doc__)
    parser.add_argument("--jobs", type=int, default=100, help="circuits, each a job of its own")
    parser.add_argument("--turns", type=int, default=5, help="how often it is measured, each turn by hand beside it")
    given = parser.parse_args(argv)
    turns, noisy_s, cancelled_s = uvloop.run(measured(given.jobs, given.turns))
    return 0 if told(given.jobs, turns, noisy_s, cancelled_s, Console(soft_wrap=True, highlight=False)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
