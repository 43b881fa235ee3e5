"""Queuebit itself: the five services as processes, jobs over Kafka as an upstream service sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from queuebit_contracts.channels import COMPLETED, FAILED, SUBMITTED
from queuebit_devstack.bench.driver import Driver, Route
from queuebit_devstack.bench.figures import Figures
from queuebit_devstack.bench.measure import Say, measure, warm_up
from queuebit_devstack.bench.questions import TENANT, upstream
from queuebit_devstack.bench.rates import measure_parts
from queuebit_devstack.bench.settings import BenchSettings, round_jobs
from queuebit_devstack.ports import free_ports
from queuebit_devstack.stack import Stack
from queuebit_devstack.supervise import ServiceSpec, Supervisor, prepare, service_specs
from queuebit_runtime.clock import SystemClock
from queuebit_store.postgres import PostgresSettings, PostgresStore

TELEMETRY_ON: Mapping[str, str] = {"QUEUEBIT_TELEMETRY": "console"}
"""Spans, metrics and logs written to the log file of each service: what it costs to make them."""


def services(env: Mapping[str, str] | None = None) -> tuple[ServiceSpec, ...]:
    """The five services, the gateway on a free port."""
    return service_specs(free_ports(1)[0], env=env)


async def measure_queuebit(stack: Stack, figures: Figures, settings: BenchSettings, say: Say) -> Figures:
    """Prepare the servers, then measure the services, their parts alone, and the services with telemetry."""
    await prepare(stack)
    source = PostgresSettings(stack.postgres)
    await add_tenant(source, SystemClock().now())
    async with Supervisor(stack, services()) as supervisor, _driver(stack, settings) as driver:
        pids = {name: supervisor.pid(name) for name in supervisor.names}
        figures = replace(figures, queuebit=await measure(stack, driver, pids, settings, say))
    say("  the store, the relay and the bus alone")
    figures = replace(figures, store=await measure_parts(stack.kafka, source))
    say("  with telemetry")
    with_telemetry = await short_measure(stack, services(TELEMETRY_ON), settings)
    return replace(figures, telemetry_jobs_per_s=with_telemetry)


async def short_measure(stack: Stack, specs: Sequence[ServiceSpec], settings: BenchSettings) -> float:
    """Jobs a second of one round, after a warm-up."""
    async with Supervisor(stack, specs), _driver(stack, settings) as driver:
        jobs = round_jobs(settings, await warm_up(driver, settings))
        return jobs / await driver.burst(driver.ask(jobs), settings.in_flight_max)


async def add_tenant(source: PostgresSettings, now: datetime) -> None:
    """The tenant whose jobs the benchmark sends."""
    async with await PostgresStore.open(source) as store:
        await store.add_tenant(TENANT, now)


def _driver(stack: Stack, settings: BenchSettings) -> Driver:
    ask = upstream(SystemClock(), settings.seed)
    return Driver(stack.kafka, Route(SUBMITTED, COMPLETED, FAILED), ask, stuck_s=settings.stuck_s)
