"""Wires the quantum adapter."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from queuebit_quantum_adapter.app import WARM_MODULES, QuantumAdapter
from queuebit_quantum_adapter.settings import PREFIX, AdapterSettings
from queuebit_runtime.processes import ProcessPool
from queuebit_runtime.service import EXIT_USAGE, Service, run_service

NAME = "quantum-adapter"


def main() -> int:
    """Run the service until it is asked to end; returns its exit code."""
    try:
        settings = AdapterSettings()
    except ValidationError as error:
        fields = "; ".join(
            f"{PREFIX}{str(each['loc'][0]).upper() if each['loc'] else 'SETTINGS'}: {each['msg']}"
            for each in error.errors()
        )
        sys.stderr.write(f"{NAME}: a setting is wrong: {fields}\n")
        return EXIT_USAGE

    async def build(service: Service) -> None:
        pool = ProcessPool(settings.workers_max, settings.process_memory_max_mb, WARM_MODULES)
        adapter = QuantumAdapter(
            service.bus,
            pool,
            service.clock,
            service.ids,
            settings,
            worker_name=service.settings.worker_name,
            warm=True,
            telemetry=service.telemetry,
        )
        service.task("backends", adapter.run)
        service.on_drain(adapter.stop)
        service.on_close(pool.close)

    return run_service(NAME, build)
