"""Wires the gateway."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from functools import partial
from importlib.metadata import entry_points
from typing import Protocol

from pydantic import ValidationError

from queuebit_gateway.access.authentication import Authenticator
from queuebit_gateway.access.issuing import Issuing
from queuebit_gateway.access.proxies import NO_PROXIES, Proxies
from queuebit_gateway.access.rate_limits import RATES, Limiter, Rate, RouteClass
from queuebit_gateway.access.tokens import Tokens
from queuebit_gateway.access.use import note_use
from queuebit_gateway.bulk import BulkOperations
from queuebit_gateway.commands import Submitter
from queuebit_gateway.database import database_reason
from queuebit_gateway.egress.post import Egress, EgressPolicy
from queuebit_gateway.http.admission import Reader
from queuebit_gateway.http.app import create_app
from queuebit_gateway.http.parts import Parts
from queuebit_gateway.http.server import HttpServer
from queuebit_gateway.personal_retention import PersonalRetention
from queuebit_gateway.quotes import Quotes
from queuebit_gateway.read_model.approvals import Approvals
from queuebit_gateway.read_model.artifacts import Evidence
from queuebit_gateway.read_model.budgets import BudgetsRead
from queuebit_gateway.read_model.cursors import EventCursors, PageCursors
from queuebit_gateway.read_model.etas import Etas
from queuebit_gateway.read_model.figures import Figures, FiguresStore
from queuebit_gateway.read_model.frames import Frames
from queuebit_gateway.read_model.jobs import Jobs
from queuebit_gateway.read_model.operators import Operators
from queuebit_gateway.read_model.paths import PathsRead
from queuebit_gateway.read_model.payloads import Payloads
from queuebit_gateway.read_model.places import Places
from queuebit_gateway.read_model.policies import PoliciesRead
from queuebit_gateway.read_model.shares import SharesRead
from queuebit_gateway.read_model.tenant_events import READERS_MAX, READERS_OF_TENANT_MAX, TenantEvents
from queuebit_gateway.read_model.watching import POLL_INTERVAL_S, Tailer
from queuebit_gateway.settings import GatewaySettings
from queuebit_gateway.trail import Trail
from queuebit_gateway.webhooks.endpoints import Endpoints
from queuebit_gateway.webhooks.sealing import Sealer
from queuebit_gateway.webhooks.service import WebhookService
from queuebit_problems.registry import built_in_modules, usable_kinds
from queuebit_runtime.bus.port import Bus
from queuebit_runtime.clock import Clock, SystemClock
from queuebit_runtime.errors import DependencyUnavailable
from queuebit_runtime.ids import Ids
from queuebit_runtime.processes.bounded_work import BoundedWork, in_processes, inline
from queuebit_runtime.processes.hops import AnyHop
from queuebit_runtime.service.service import EXIT_USAGE, Service, run_service
from queuebit_runtime.service.settings import refuse_settings
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_store.artifacts.opening import artifacts_from
from queuebit_store.artifacts.port import Artifacts
from queuebit_store.audit.port import AuditTrail
from queuebit_store.backends.port import BackendReports
from queuebit_store.budgets.port import Budgets
from queuebit_store.errors import InvalidSettings, StoreUnavailable
from queuebit_store.keys.opening import ring_over
from queuebit_store.keys.ring import KeyRing
from queuebit_store.ports import Directory, StreamStore, TenantLog
from queuebit_store.postgres import PostgresSettings, PostgresStore, settings_from
from queuebit_store.webhooks.port import Webhooks

NAME = "gateway"
STREAMS_MAX = 10_000
"""Of single jobs, at once."""
BESIDE = "queuebit.gateway.tasks"
"""Entry points of what other distributions run beside the routes: each value is an
`async def run(stop: asyncio.Event) -> None`.
"""
PROCESS_MODULES = (
    "queuebit_gateway.http.admission",
    "queuebit_gateway.http.replanning",
    "queuebit_gateway.read_model.shares",
)
"""Where tasks are that worker processes do."""
REMEDY = "Start PostgreSQL (`queuebit up`), or set QUEUEBIT_POSTGRES to the URL of a running server."


class Store(StreamStore, TenantLog, FiguresStore, BackendReports, Budgets, Webhooks, AuditTrail, Protocol):
    """What a gateway reads."""


def build_parts(
    store: Store,
    directory: Directory,
    bus: Bus,
    *,
    pepper: bytes,
    clock: Clock,
    ids: Ids,
    rates: dict[RouteClass, Rate] = RATES,
    poll_interval_s: float = POLL_INTERVAL_S,
    hop: AnyHop = asyncio.to_thread,
    proxies: Proxies = NO_PROXIES,
    work: BoundedWork | None = None,
    telemetry: Telemetry = SILENT,
    console: bool = True,
    egress: EgressPolicy = EgressPolicy(),  # noqa: B008 - a frozen value
    authenticator: Authenticator | None = None,
    payloads: Payloads | None = None,
    artifacts: Artifacts | None = None,
    runs_operations: bool = False,
) -> Parts:
    """`work` reads what is large, `hop` takes it off the loop. `egress`: where webhooks may lead. `payloads` seals data."""
    jobs, tailer, work = Jobs(store, hop=hop), Tailer(store, clock, poll_interval_s=poll_interval_s), work or inline()
    payloads, seldom_s, trail = payloads or Payloads(), 4 * poll_interval_s, Trail(store, clock, ids)
    return Parts(
        authenticator=authenticator or Authenticator(directory, pepper, clock),
        limiter=Limiter(rates),
        jobs=jobs,
        etas=Etas(store, clock, telemetry),
        evidence=Evidence(artifacts, hop),
        backends=store,
        frames=Frames(store, hop),
        figures=Figures(store),
        reader=Reader(work),
        submitter=Submitter(store, bus, jobs, clock, ids, payloads),
        tailer=tailer,
        cursors=PageCursors(pepper),
        tenant_events=TenantEvents(store, clock, hop, is_closing=lambda: tailer.closing, poll_interval_s=seldom_s),
        event_cursors=EventCursors(pepper),
        operators=Operators(store, runs=runs_operations),
        bulk=BulkOperations(store, clock, ids, runs=runs_operations),
        paths=PathsRead(store),
        payloads=payloads,
        shares=SharesRead(store, payloads, work),
        budgets=BudgetsRead(store),
        store=store,
        quotes=Quotes(pepper),
        policies=PoliciesRead(store),
        approvals=Approvals(store, jobs),
        webhooks=Endpoints(store, Sealer(pepper, secrets.token_bytes), egress, clock, ids, trail),
        issuing=Issuing(directory, pepper, clock, secrets.randbits, trail),
        trail=trail,
        clock=clock,
        ids=ids,
        job_streams=Places("streams", in_all_max=STREAMS_MAX, of_tenant_max=STREAMS_MAX // 2),
        tenant_streams=Places("streams", in_all_max=READERS_MAX, of_tenant_max=READERS_OF_TENANT_MAX),
        proxies=proxies,
        telemetry=telemetry,
        console=console,
    )


def _ring(service: Service, settings: GatewaySettings, store: PostgresStore) -> KeyRing | None:
    """The keys of sealed data, where this installation has some, and what ends such data in time. Raises InvalidSettings."""
    if settings.master_key_file is None:
        return None
    clock, mint = service.clock, service.ids.mint
    ring = ring_over(store, settings.master_key_file, monotonic_s=clock.monotonic_s, mint=mint)
    if settings.personal_keep_d:
        keeping = PersonalRetention(store, ring, clock, service.telemetry, keep_d=settings.personal_keep_d)
        service.task("personal-data", keeping.run)
    return ring


async def build(
    service: Service, settings: GatewaySettings, database: PostgresSettings, artifacts: Artifacts | None = None
) -> None:
    """Connect, take the port, and serve from when the bus has started until told to stop."""
    store = await service.wait_for(
        "PostgreSQL", partial(PostgresStore.open, database), remedy=REMEDY, transient=(StoreUnavailable,)
    )
    service.on_close(store.close)
    service.check("postgres", partial(database_reason, store))
    work = in_processes((*PROCESS_MODULES, *built_in_modules()))
    service.on_close(work.close)
    usable_kinds()
    pepper = settings.pepper.get_secret_value().encode()
    egress, issuer = Egress(settings.egress()), settings.issuer()
    service.on_close(egress.close)
    tokens = Tokens(issuer, egress.get, service.clock).actor if issuer else None
    parts = build_parts(
        store,
        store,
        service.bus,
        pepper=pepper,
        clock=service.clock,
        ids=service.ids,
        proxies=settings.proxies(),
        work=work,
        telemetry=service.telemetry,
        console=settings.console,
        egress=settings.egress(),
        authenticator=Authenticator(store, pepper, service.clock, tokens, hardware=settings.hardware_roles),
        payloads=Payloads(_ring(service, settings, store), settings.personal_keep_d),
        artifacts=artifacts,
        runs_operations=_beside(service, settings),
    )
    if settings.webhooks:
        webhooks = WebhookService(store, egress.post, Sealer(pepper, secrets.token_bytes), service.clock)
        service.task("webhooks", webhooks.run)
    certificate = settings.certificate()
    if certificate is not None:
        service.task("certificate", partial(certificate.run, clock=service.clock))
    service.task("key-use", partial(note_use, parts.authenticator.used, store, service.clock))
    server = HttpServer(
        create_app(parts),
        parts.tailer,
        service.ids,
        host=settings.http_host,
        port=settings.http_port,
        bounds=settings.bounds(),
        proxies=parts.proxies,
        keep_alive_s=settings.http_keep_alive_s,
        tls=None if certificate is None else certificate.context,
    )
    service.on_drain(server.stop)
    try:
        server.bind()
    except OSError as error:
        raise DependencyUnavailable(
            f"Port {settings.http_port} of {settings.http_host} cannot be taken: {error.strerror}.",
            remedy="Stop whoever has it, or set QUEUEBIT_HTTP_PORT.",
        ) from error
    service.task("http", server.run, restarts=False)


def _beside(service: Service, settings: GatewaySettings) -> bool:
    """Run what other distributions bring for operators, where that is asked for; whether there is any."""
    points = entry_points(group=BESIDE) if settings.operations else ()
    for point in points:
        service.task(point.name, point.load())
    return bool(points)


def main() -> int:
    """Run until told to stop; the exit code says why it ended."""
    try:
        settings = GatewaySettings()
        database = settings_from(os.environ, service=NAME)
        artifacts = artifacts_from(os.environ, SystemClock().now)
    except ValidationError as error:
        return refuse_settings(NAME, error)
    except InvalidSettings as error:
        sys.stderr.write(f"{NAME}: {error.detail} {error.remedy}\n")
        return EXIT_USAGE
    return run_service(NAME, partial(build, settings=settings, database=database, artifacts=artifacts), settings)
