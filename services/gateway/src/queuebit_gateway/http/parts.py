"""What the routes work with, and how a request becomes an actor that may."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import State

from queuebit_gateway.access.authentication import Action, Actor, Authenticator, require
from queuebit_gateway.access.issuing import Issuing
from queuebit_gateway.access.proxies import NO_PROXIES, Proxies
from queuebit_gateway.access.rate_limits import Limiter, RouteClass
from queuebit_gateway.bulk import BulkOperations
from queuebit_gateway.commands import Submitter
from queuebit_gateway.http.admission import Reader
from queuebit_gateway.http.tracing import ROUTE_CLASS
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.quotes import Quotes
from queuebit_gateway.read_model.approvals import Approvals
from queuebit_gateway.read_model.artifacts import Evidence
from queuebit_gateway.read_model.budgets import BudgetsRead
from queuebit_gateway.read_model.cursors import EventCursors, PageCursors
from queuebit_gateway.read_model.etas import Etas
from queuebit_gateway.read_model.figures import Figures
from queuebit_gateway.read_model.frames import Frames
from queuebit_gateway.read_model.jobs import Jobs
from queuebit_gateway.read_model.operators import Operators
from queuebit_gateway.read_model.paths import PathsRead
from queuebit_gateway.read_model.payloads import Payloads
from queuebit_gateway.read_model.places import Places
from queuebit_gateway.read_model.policies import PoliciesRead
from queuebit_gateway.read_model.priced_now import PricingStore
from queuebit_gateway.read_model.shares import SharesRead
from queuebit_gateway.read_model.tenant_events import TenantEvents
from queuebit_gateway.read_model.watching import Tailer
from queuebit_gateway.trail import Trail
from queuebit_gateway.webhooks.endpoints import Endpoints
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_store.backends.port import BackendReports


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a gateway is made of, wired in main.py and in tests."""

    authenticator: Authenticator
    limiter: Limiter
    jobs: Jobs
    etas: Etas
    evidence: Evidence
    backends: BackendReports
    frames: Frames
    figures: Figures
    reader: Reader
    submitter: Submitter
    tailer: Tailer
    cursors: PageCursors
    tenant_events: TenantEvents
    event_cursors: EventCursors
    webhooks: Endpoints
    issuing: Issuing
    operators: Operators
    bulk: BulkOperations
    paths: PathsRead
    payloads: Payloads
    shares: SharesRead
    budgets: BudgetsRead
    store: PricingStore
    quotes: Quotes
    policies: PoliciesRead
    approvals: Approvals
    trail: Trail
    clock: Clock
    ids: Ids
    job_streams: Places
    tenant_streams: Places
    proxies: Proxies = NO_PROXIES
    telemetry: Telemetry = SILENT
    console: bool = True


log = logging.getLogger(__name__)


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves this request."""
    state: State = request.app.state
    parts: Parts = state.parts
    return parts


@dataclass(frozen=True, slots=True)
class actor_who:
    """A dependency: the actor behind the API key, allowed to do `action`, within the rate of `route_class`.

    Keys that do not open are counted by the address of the client; beyond its rate they, and only they, are told to wait.
    Who is not let in, and what is denied to whom, is logged; beyond that rate no more.
    """

    action: Action
    route_class: RouteClass

    async def __call__(self, request: Request) -> Actor:
        parts = parts_of(request)
        request.scope[ROUTE_CLASS] = self.route_class
        try:
            address = parts.proxies.address_of(request.scope)
            actor = await parts.authenticator.actor(request.headers.get("authorization"), address)
        except Refusal as refusal:
            _admit(request, parts, parts.proxies.client_of(request.scope), "auth")
            log.warning("Not let in: %s", refusal.problem.code, extra=_about(request, parts, self.action))
            raise
        try:
            require(actor, self.action)
        except Refusal as refusal:
            if parts.limiter.check(actor.name, "auth", parts.clock.monotonic_s()).allowed:
                who = {"tenant": actor.tenant, "actor": actor.name}
                log.warning("Denied: %s", refusal.problem.code, extra=_about(request, parts, self.action) | who)
            raise
        _admit(request, parts, actor.tenant, self.route_class)
        return actor


def _about(request: Request, parts: Parts, action: Action) -> dict[str, str]:
    """What a line of the log says of who knocked: nothing of what was offered."""
    return {"address": parts.proxies.address_of(request.scope), "method": request.method, "action": action}


def tell(request: Request, header: str, value: str) -> None:
    """A header of the answer, whatever it will be."""
    extra: dict[str, Any] = request.scope.setdefault("queuebit.headers", {})
    extra[header] = value


def charge(request: Request, actor: Actor, route_class: RouteClass, count: int) -> None:
    """So many more of the class, in one request. Raises Refusal rate_limited; then none of them counts."""
    if count > 0:
        _admit(request, parts_of(request), actor.tenant, route_class, count)


def _admit(request: Request, parts: Parts, key: str, route_class: RouteClass, count: int = 1) -> None:
    """Raises Refusal rate_limited. Leaves the RateLimit headers in the request's state for the answer."""
    decision = parts.limiter.check(key, route_class, parts.clock.monotonic_s(), count)
    rate = parts.limiter.rates[route_class]
    reset_s = max(1, round(decision.retry_after_s + 0.5))
    tell(request, "RateLimit-Policy", f'"{route_class}";{rate.policy}')
    tell(request, "RateLimit", f'"{route_class}";r={decision.remaining};t={reset_s}')
    if not decision.allowed:
        raise Refusal("rate_limited", retry_after_s=decision.retry_after_s)
