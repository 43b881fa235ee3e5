"""Wires the validator."""

from __future__ import annotations

import asyncio
import os
from functools import partial

from pydantic import ValidationError

from queuebit_result_validation.consumer import SERVICE, Validator
from queuebit_result_validation.opening import Keyring
from queuebit_result_validation.settings import PREFIX, ValidationSettings
from queuebit_runtime.bus.port import Bus
from queuebit_runtime.clock import Clock
from queuebit_runtime.processes.bounded_work import IDLE_MAX_S, LARGE_MEMORY_MB
from queuebit_runtime.processes.hops import AnyHop
from queuebit_runtime.processes.pool import IDLE_NICENESS, Pool, ProcessPool
from queuebit_runtime.service.service import Service, run_service
from queuebit_runtime.service.settings import refuse_settings
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_store.errors import StoreUnavailable
from queuebit_store.keys.opening import ring_of_process
from queuebit_store.keys.ring import KeyRing

WARM_IMPORT = ("queuebit_result_validation.validate",)
REMEDY = "Start PostgreSQL, or set QUEUEBIT_POSTGRES: keys of sealed data lie there."


def build_validator(
    bus: Bus,
    clock: Clock,
    settings: ValidationSettings,
    *,
    hop: AnyHop = asyncio.to_thread,
    pool: Pool | None = None,
    telemetry: Telemetry = SILENT,
    ring: Keyring | None = None,
) -> Validator:
    """The validator over these ports, subscribed. `ring` opens answers that are sealed."""
    validator = Validator(
        bus, clock, inline_bytes_max=settings.inline_bytes_max, hop=hop, pool=pool, telemetry=telemetry, ring=ring
    )
    validator.subscribe(batch_max=settings.batch_max, in_flight_max=settings.in_flight_max)
    return validator


def main() -> int:
    """Run until it is asked to end; the exit code says how it ended."""
    try:
        settings = ValidationSettings()
    except ValidationError as error:
        return refuse_settings(SERVICE, error, PREFIX)

    async def wire(service: Service) -> None:
        pool = ProcessPool(1, LARGE_MEMORY_MB, WARM_IMPORT, niceness=IDLE_NICENESS, idle_max_s=IDLE_MAX_S)
        service.on_close(pool.close)
        ring = await _ring(service)
        build_validator(service.bus, service.clock, settings, pool=pool, telemetry=service.telemetry, ring=ring)

    return run_service(SERVICE, wire)


async def _ring(service: Service) -> KeyRing | None:
    """The keys of sealed data, where this installation has some."""
    opening = partial(
        ring_of_process,
        os.environ,
        service.settings.master_key_file,
        service=SERVICE,
        clock=service.clock,
        mint=service.ids.mint,
        on_close=service.on_close,
    )
    return await service.wait_for("PostgreSQL", opening, remedy=REMEDY, transient=(StoreUnavailable,))
