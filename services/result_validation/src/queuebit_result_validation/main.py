"""Wires the validator."""

from __future__ import annotations

import asyncio
import os

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
from queuebit_store.keys.opening import ring_of_service

WARM_IMPORT = ("queuebit_result_validation.validate",)


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
        ring = await ring_of_service(service, SERVICE, os.environ)
        build_validator(service.bus, service.clock, settings, pool=pool, telemetry=service.telemetry, ring=ring)

    return run_service(SERVICE, wire)
