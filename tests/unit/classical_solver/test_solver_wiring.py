"""The solver wired on the memory bus, and what its parent process must not load."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from queuebit_classical_solver.main import TOPICS, build_shell, main
from queuebit_classical_solver.shell.settings import SolverSettings
from queuebit_contracts.channels import EXECUTIONS, queued
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.events import ExecutionSucceeded, JobQueued
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Problem
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.classical_solver.orders import JOB_ID, a_triangle, an_instance, an_order, as_problem

CLOCK = SystemClock()


def a_record(order: JobQueued) -> Outgoing:
    envelope = Envelope(
        id=derive_id(JOB_ID, "queued"),
        source="/queuebit/control-plane",
        subject=str(JOB_ID),
        time=CLOCK.now(),
        data=order,
        tenant="acme",
    )
    return Outgoing(queued("classical", order.tier), str(JOB_ID).encode(), encode_data(order), encode_headers(envelope))


def a_large_problem() -> Problem:
    return as_problem(*an_instance("mc_040_003_000")[:2])


@pytest.mark.parametrize(("problem", "best"), [(a_triangle(), 2), (a_large_problem(), 54)])
async def test_an_order_on_the_bus_is_answered_on_the_bus(problem: Problem, best: int) -> None:
    broker = MemoryBroker(CLOCK)
    bus = MemoryBus(broker)
    shell = build_shell(bus, CLOCK, InlinePool(), SolverSettings(), worker_name="solver-1")
    await bus.start()
    await bus.publish([a_record(an_order(problem))])
    found: list[ExecutionSucceeded] = []
    deadline = CLOCK.monotonic_s() + 60
    while not found and CLOCK.monotonic_s() < deadline:
        await asyncio.sleep(0.01)
        said = [decode(record.headers, record.value).data for record in broker.records(EXECUTIONS)]
        found = [each for each in said if isinstance(each, ExecutionSucceeded)]
    await shell.stop()
    await bus.stop()
    assert [(each.objective, each.proven_optimal, each.worker) for each in found] == [(best, True, "solver-1")]


def test_it_reads_the_work_orders_of_every_tier() -> None:
    assert TOPICS == (
        "jobs.queued.classical.interactive",
        "jobs.queued.classical.batch",
        "jobs.queued.classical.scheduled",
    )


def test_the_parent_process_loads_no_solver_and_no_numpy() -> None:
    code = (
        "import sys, queuebit_classical_solver.main; "
        "print([m for m in ('ortools', 'pyvrp', 'dwave', 'dimod', 'numpy') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_wrong_setting_is_named_and_ends_the_start(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("QUEUEBIT_SOLVER_WORKERS_MAX", "0")
    assert main() == 2
    assert "QUEUEBIT_SOLVER_WORKERS_MAX: " in capsys.readouterr().err
