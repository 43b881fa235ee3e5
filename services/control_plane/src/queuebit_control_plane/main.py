"""Wires the control plane."""

from __future__ import annotations

import os
import sys
from functools import partial

from pydantic import ValidationError

from queuebit_control_plane.app import ControlPlane
from queuebit_control_plane.settings import PREFIX, ControlPlaneSettings
from queuebit_control_plane.store_clock import StoreClock
from queuebit_problems.registry import built_in_modules, usable_kinds
from queuebit_runtime.processes.bounded_work import in_processes
from queuebit_runtime.service.interpreter import demanded_s
from queuebit_runtime.service.service import EXIT_USAGE, Service, run_service
from queuebit_runtime.service.settings import refuse_settings
from queuebit_store.errors import InvalidSettings, StoreUnavailable
from queuebit_store.postgres import PostgresSettings, PostgresStore, settings_from

NAME = "control-plane"
REMEDY = "Start PostgreSQL (`queuebit up`), or set QUEUEBIT_POSTGRES to the URL of a running server."


async def build(service: Service, database: PostgresSettings, settings: ControlPlaneSettings) -> None:
    """Connect, subscribe, and say what runs beside the bus."""
    store = await service.wait_for(
        "PostgreSQL", partial(PostgresStore.open, database), remedy=REMEDY, transient=(StoreUnavailable,)
    )
    service.on_close(store.close)
    clock = StoreClock(store, service.clock)
    await service.wait_for("PostgreSQL", clock.set, remedy=REMEDY, transient=(StoreUnavailable,))
    holder = f"{service.settings.worker_name}/{service.ids.mint()}"
    work = in_processes(("queuebit_control_plane.inbound.reading", *built_in_modules()))
    service.on_close(work.close)
    usable_kinds()
    plane = ControlPlane(
        store,
        service.bus,
        clock,
        service.telemetry,
        holder=holder,
        work=work,
        writing=settings.writing,
        shares=settings.shares,
        projections_share=settings.projections_share,
        demanded_s=demanded_s,
    )
    service.check("postgres", plane.watch.database)
    service.check("relay", plane.watch.relay)
    service.check("policy", plane.policies.standing)
    service.task("clock", clock.run)
    service.task("relay", plane.relay.run)
    service.task("timers", plane.timers.run)
    service.task("releaser", plane.releaser.run)
    if plane.waker is not None:
        service.task("waker", plane.waker.run)
    service.task("settler", plane.settler.run)
    service.task("partitions", plane.partitions.run)
    service.task("paths", plane.paths.run)
    if settings.projections:
        service.check("projections", plane.projections.standing)
        service.task("projections", plane.projections.run)


def main() -> int:
    """Run until told to stop; the exit code says why it ended."""
    try:
        settings = ControlPlaneSettings()
        database = settings_from(os.environ, service=NAME)
    except ValidationError as error:
        return refuse_settings(NAME, error, PREFIX)
    except InvalidSettings as error:
        sys.stderr.write(f"{NAME}: {error.detail} {error.remedy}\n")
        return EXIT_USAGE
    return run_service(NAME, partial(build, database=database, settings=settings))
