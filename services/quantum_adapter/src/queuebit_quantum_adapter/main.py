"""Wires the quantum adapter."""

from __future__ import annotations

import os
import sys
from functools import partial
from importlib.util import find_spec

from pydantic import ValidationError

from queuebit_quantum_adapter.credentials.keeping import Credentials
from queuebit_quantum_adapter.credentials.opening import sources_of
from queuebit_quantum_adapter.errors import CredentialsMissing
from queuebit_quantum_adapter.evidence.retention import Forgetting
from queuebit_quantum_adapter.shell.app import WARM_MODULES, QuantumAdapter
from queuebit_quantum_adapter.shell.settings import PREFIX, AdapterSettings
from queuebit_quantum_adapter.submissions.ledger import close_ledger, ledger_fault
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import NICENESS, ProcessPool
from queuebit_runtime.service.service import EXIT_USAGE, Service, run_service
from queuebit_runtime.service.settings import refuse_settings
from queuebit_store.artifacts.opening import artifacts_from, retention_from
from queuebit_store.errors import InvalidSettings
from queuebit_store.keys.opening import ring_of_service

NAME = "quantum-adapter"
CREDENTIALS = (
    "Look at QUEUEBIT_QUANTUM_CREDENTIALS and QUEUEBIT_QUANTUM_VAULT_URL: the adapter starts once they are there."
)
FOLLOWERS_MAX = 4
"""So many backends are followed at once, each in a process that is started when it is needed."""


def read_settings() -> AdapterSettings | int:
    """What the environment sets; where a variable is wrong, it is named on standard error and the exit code comes back."""
    try:
        return AdapterSettings()
    except ValidationError as error:
        return refuse_settings(NAME, error, PREFIX)


def main() -> int:
    """Run the service until it is asked to end; returns its exit code."""
    settings = read_settings()
    if isinstance(settings, int):
        return settings
    if settings.vault is not None and find_spec("hvac") is None:
        sys.stderr.write(f"{NAME}: QUEUEBIT_QUANTUM_VAULT_URL needs hvac: install queuebit-quantum-adapter[vault].\n")
        return EXIT_USAGE
    try:
        artifacts, retention = artifacts_from(os.environ, SystemClock().now), retention_from(os.environ)
    except InvalidSettings as error:
        sys.stderr.write(f"{NAME}: {error.detail} {error.remedy}\n")
        return EXIT_USAGE

    async def build(service: Service) -> None:
        pool = ProcessPool(settings.workers_max, settings.process_memory_max_mb, WARM_MODULES, niceness=NICENESS)
        follow_pool = ProcessPool(FOLLOWERS_MAX, settings.process_memory_max_mb, WARM_MODULES, niceness=NICENESS)

        def renew() -> None:
            pool.renew()
            follow_pool.renew()

        if sources := sources_of(settings.credentials, settings.vault, service.clock.monotonic_s):
            credentials = Credentials(sources, os.environ, renew)
            await service.wait_for(
                "The source of credentials", credentials.begin, remedy=CREDENTIALS, transient=(CredentialsMissing,)
            )
            service.task("credentials", partial(credentials.run, clock=service.clock))
        adapter = QuantumAdapter(
            service.bus,
            pool,
            service.clock,
            service.ids,
            settings,
            worker_name=service.settings.worker_name,
            warm=True,
            telemetry=service.telemetry,
            follow_pool=follow_pool,
            no_ledger=ledger_fault(),
            ring=await ring_of_service(service, NAME, os.environ),
        )
        service.task("backends", adapter.run)
        service.task("submissions", adapter.follow)
        service.task("attempts", adapter.conduct)
        service.task("probes", adapter.probe)
        service.task("templates", adapter.compile)
        if artifacts is not None:
            service.task("artifacts", Forgetting(artifacts, retention, service.clock).run)
        service.gauge(adapter.show)
        service.on_drain(adapter.stop)
        service.on_close(pool.close)
        service.on_close(follow_pool.close)
        service.on_close(close_ledger)

    return run_service(NAME, build)
