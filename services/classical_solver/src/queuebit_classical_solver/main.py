"""Wires the classical solver."""

from __future__ import annotations

import asyncio
import logging
import os

from pydantic import ValidationError

from queuebit_classical_solver.searches.compiled.ahead import COMPILE, COMPILE_TIMEOUT_S, is_kept
from queuebit_classical_solver.shell import child
from queuebit_classical_solver.shell.executor import ClassicalExecutor
from queuebit_classical_solver.shell.flights import Flights
from queuebit_classical_solver.shell.settings import PREFIX, SolverSettings
from queuebit_contracts.channels import Service as ServiceName
from queuebit_contracts.channels import queued
from queuebit_contracts.jobs import TIERS
from queuebit_runtime.bus.port import Bus
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.processes.hops import AnyHop
from queuebit_runtime.processes.pool import NICENESS, Pool, ProcessPool
from queuebit_runtime.service.service import Service, run_service
from queuebit_runtime.service.settings import refuse_settings
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_runtime.worker.opening import Keyring
from queuebit_runtime.worker.shell import WorkShell
from queuebit_store.keys.opening import ring_of_service

log = logging.getLogger(__name__)

SERVICE: ServiceName = "classical-solver"
TOPICS = tuple(queued("classical", tier) for tier in TIERS)


def build_shell(
    bus: Bus,
    clock: Clock,
    pool: Pool,
    settings: SolverSettings,
    *,
    worker_name: str,
    hop: AnyHop = asyncio.to_thread,
    telemetry: Telemetry = SILENT,
    ring: Keyring | None = None,
) -> WorkShell:
    """The solver over these ports, subscribed. A simulation passes an InlinePool and a hop that calls directly. `ring` opens
    orders that are sealed.
    """
    flights = Flights(ClassicalExecutor(pool, clock, worker=worker_name, grace_s=settings.grace_s, hop=hop))
    return WorkShell(
        bus,
        flights,
        service=SERVICE,
        topics=TOPICS,
        group=SERVICE,
        worker_name=worker_name,
        clock=clock,
        concurrency_max=settings.workers_max,
        in_flight_max=settings.in_flight_max,
        hop=hop,
        telemetry=telemetry,
        joiner=flights,
        ring=ring,
    )


def build_service(service: Service, settings: SolverSettings, ring: Keyring | None = None) -> None:
    """The solver as a service of its own."""
    pool = ProcessPool(
        settings.workers_max, settings.process_memory_max_mb, warm_import=child.warm_imports(), niceness=NICENESS
    )
    shell = build_shell(
        service.bus,
        service.clock,
        pool,
        settings,
        worker_name=service.settings.worker_name,
        telemetry=service.telemetry,
        ring=ring,
    )

    async def keep_warm(stop: asyncio.Event) -> None:
        if not is_kept():
            try:
                await pool.run(COMPILE, None, timeout_s=COMPILE_TIMEOUT_S, stop=stop)
            except PoolError as error:
                log.warning("nothing is compiled ahead, so first jobs may wait for that: %s", error)
        await pool.warm(settings.warm_processes)
        await stop.wait()

    service.task("warm processes", keep_warm)
    service.gauge(shell.show_queue)
    service.on_drain(shell.stop)
    service.on_close(pool.close)


def main() -> int:
    """Run until it is asked to end; the exit code says how it ended."""
    try:
        settings = SolverSettings()
    except ValidationError as error:
        return refuse_settings(SERVICE, error, PREFIX)

    async def wire(service: Service) -> None:
        build_service(service, settings, await ring_of_service(service, SERVICE, os.environ))

    return run_service(SERVICE, wire)
