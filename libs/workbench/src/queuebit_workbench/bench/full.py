"""Queuebit itself: the five services as processes, jobs over Kafka as an upstream service sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions  # type: ignore[import-untyped]

from queuebit_contracts.channels import COMPLETED, FAILED, SUBMITTED
from queuebit_devstack.credentials import gateway_env
from queuebit_devstack.ports import free_ports
from queuebit_devstack.stack import Stack
from queuebit_devstack.supervise import ServiceSpec, Supervisor, prepare, service_specs
from queuebit_operations.policies.files import read_document
from queuebit_operations.policies.register import PolicyRegister
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.bench.driver import Driver, Route
from queuebit_workbench.bench.figures import BurstFigures, Figures
from queuebit_workbench.bench.measure import Say, measure, measure_burst, until_calm
from queuebit_workbench.bench.profile import profiled, tell_profiles
from queuebit_workbench.bench.questions import TENANT, upstream
from queuebit_workbench.bench.rates import measure_parts
from queuebit_workbench.bench.settings import PARTITIONS, BenchSettings

TRACE_RATIO = float(RuntimeSettings.model_fields["trace_ratio"].default)
TELEMETRY_ON: Mapping[str, str] = {"QUEUEBIT_TELEMETRY": "console", "QUEUEBIT_TRACE_RATIO": str(TRACE_RATIO)}
"""Spans and metrics written to the log file of each service: what it costs to make them."""


def services(
    stack: Stack, env: Mapping[str, str] | None = None, *, planes: int = 1, workers: int = 1
) -> tuple[ServiceSpec, ...]:
    """The five services, the gateway on a free port, and more of the control plane and of those who work."""
    specs = service_specs(free_ports(1)[0], env=gateway_env(stack.data_dir) | dict(env or {}))
    more = {"control_plane": planes, "classical_solver": workers, "result_validation": workers}
    return specs + tuple(_another(spec, number) for spec in specs for number in range(2, more.get(spec.name, 1) + 1))


def _another(spec: ServiceSpec, number: int) -> ServiceSpec:
    name = f"{spec.name}-{number}"
    (port,) = free_ports(1)
    return replace(spec, name=name, health_port=port, env={**spec.env, "QUEUEBIT_GROUP_INSTANCE": name})


async def measure_queuebit(stack: Stack, figures: Figures, settings: BenchSettings, say: Say) -> Figures:
    """Prepare the servers, then measure the services, their parts alone, the services with telemetry, and under a policy: these
    beside the services as they are, before and after.
    """
    source = await prepared(stack, settings)
    planes, workers = settings.planes, settings.workers
    async with (
        Supervisor(stack, services(stack, planes=planes, workers=workers)) as supervisor,
        driver_of(stack, settings) as driver,
    ):
        await until_calm(pids_of(supervisor))
        figures = replace(figures, queuebit=await measure(stack, driver, pids_of(supervisor), settings, say))
    say("  the store, the relay and the bus alone")
    figures = replace(figures, store=await measure_parts(stack.access(), source))
    say("  as they are, beside what follows")
    before = await _burst(stack, settings)
    say("  with telemetry")
    telemetry = await _burst(stack, settings, TELEMETRY_ON)
    say("  as they are, once more")
    plain = before.joined(await _burst(stack, settings))
    figures = replace(figures, plain=plain, telemetry=telemetry)
    if settings.policy is None:
        return figures
    say("  under the policy")
    await _plan_by(settings.policy, source)
    return replace(figures, policy=await _burst(stack, settings))


async def _burst(stack: Stack, settings: BenchSettings, env: Mapping[str, str] | None = None) -> BurstFigures:
    """Throughput of new processes, asked by somebody who traces all questions and keeps a few."""
    specs = services(stack, env, planes=settings.planes, workers=settings.workers)
    async with Supervisor(stack, specs) as supervisor, driver_of(stack, settings, trace_ratio=TRACE_RATIO) as driver:
        await until_calm(pids_of(supervisor))
        return await measure_burst(driver, pids_of(supervisor), settings)


async def _plan_by(policy: str, source: PostgresSettings) -> None:
    """Activate the policy that lies in a file."""
    document = read_document(Path(policy))
    async with await PostgresStore.open(source) as store:
        register = PolicyRegister(store, SystemClock())
        version, _ = await register.publish(document, actor="bench", reason="It is measured.")
        await register.activate(version, actor="bench", reason="It is measured.")


async def profile_queuebit(stack: Stack, settings: BenchSettings, say: Say) -> None:
    """One burst with each service under cProfile; tells where the time goes. Everything is about half as fast so."""
    await prepared(stack, settings)
    folder = stack.data_dir / "profiles"
    folder.mkdir(exist_ok=True)
    jobs_before = settings.warm_up_jobs
    async with (
        Supervisor(stack, profiled(services(stack), folder)) as supervisor,
        driver_of(stack, settings) as driver,
    ):
        await driver.burst(driver.ask(jobs_before), settings.in_flight_max)
        await driver.burst(driver.ask(settings.jobs), settings.in_flight_max)
        names = supervisor.names
    tell_profiles(folder, names, jobs_before + settings.jobs, say)


async def prepared(stack: Stack, settings: BenchSettings) -> PostgresSettings:
    """Schema, topics with so many partitions, and the tenant whose jobs the benchmark sends."""
    await prepare(stack)
    if settings.partitions > PARTITIONS:
        await _divide(stack, settings.partitions)
    source = PostgresSettings(stack.postgres)
    async with await PostgresStore.open(source) as store:
        await store.add_tenant(TENANT, SystemClock().now())
    return source


async def _divide(stack: Stack, partitions: int) -> None:
    """Topics that have the usual partitions get so many."""
    admin = AIOKafkaAdminClient(**stack.client())
    await admin.start()
    try:
        topics = await admin.describe_topics()
        usual = [each["topic"] for each in topics if len(each["partitions"]) == PARTITIONS]
        await admin.create_partitions({topic: NewPartitions(partitions) for topic in usual})
    finally:
        await admin.close()


def driver_of(stack: Stack, settings: BenchSettings, *, trace_ratio: float | None = None) -> Driver:
    """Who asks on Kafka and waits for the ends."""
    ask = upstream(SystemClock(), settings.seed, trace_ratio=trace_ratio)
    return Driver(stack.access(), Route(SUBMITTED, COMPLETED, FAILED), ask, stuck_s=settings.stuck_s)


def pids_of(supervisor: Supervisor) -> dict[str, int]:
    """The services by their names."""
    names: Sequence[str] = supervisor.names
    return {name: supervisor.pid(name) for name in names}
