"""The ASGI app: routes, and how errors become problems."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Scope

from queuebit_contracts.errors import FieldError
from queuebit_gateway.http import (
    approvals_api,
    artifacts_api,
    audit_api,
    backends_api,
    batches_api,
    budgets_api,
    console_api,
    events_api,
    figures_api,
    jobs_api,
    keys_api,
    kinds_api,
    openapi,
    operations_api,
    operators_api,
    outcomes_api,
    paths_api,
    policies_api,
    quotes_api,
    replan_api,
    stream_api,
    webhooks_api,
)
from queuebit_gateway.http.envelope import ANSWERED, Shell, problem_response, request_id_of
from queuebit_gateway.http.parts import Parts
from queuebit_gateway.http.tracing import Traced
from queuebit_gateway.problem_details import ERRORS_MAX, Refusal
from queuebit_runtime.bus.port import BusError
from queuebit_store.errors import StoreError

DESCRIPTION = "Submit a problem, watch it, read the checked answer. Every error is a problem document (RFC 9457)."
RETRY_AFTER_S = 1.0
ROUTERS = (
    jobs_api.router,
    replan_api.router,
    artifacts_api.router,
    batches_api.router,
    stream_api.router,
    events_api.router,
    figures_api.router,
    kinds_api.router,
    backends_api.router,
    operators_api.router,
    operations_api.router,
    paths_api.router,
    policies_api.router,
    outcomes_api.router,
    approvals_api.router,
    budgets_api.router,
    quotes_api.router,
    console_api.router,
    webhooks_api.router,
    keys_api.router,
    audit_api.router,
)


def create_app(parts: Parts) -> ASGIApp:
    """The gateway as an ASGI app over its parts."""
    shell = Shell(create_api(parts), parts.ids)
    return Traced(shell, parts.telemetry, parts.clock) if parts.telemetry.on else shell


def create_api(parts: Parts | None) -> FastAPI:
    """The FastAPI app without its shell; with `parts` None it can only describe itself."""
    app = FastAPI(
        title="Queuebit", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.parts = parts
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
        Refusal: _refused,
        RequestValidationError: _invalid,
        HTTPException: _http,
        StoreError: _failed,
        BusError: _failed,
        OverflowError: _failed,
        ClientDisconnect: _gone,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    return app


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of the gateway: what schemas/openapi.json holds."""
    return openapi.document(create_api(None))


async def _refused(request: Request, error: Refusal) -> Response:
    return problem_response(error, request_id_of(request.scope))


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    """Query, path and headers that FastAPI refused: named, never echoed. One that is repeated has one name."""
    fields = tuple(
        FieldError(":".join(str(part) for part in item["loc"][:2]), item["type"], item["msg"])
        for item in error.errors()[:ERRORS_MAX]
    )
    return await _refused(
        request, Refusal("invalid_request", f"{fields[0].pointer}: {fields[0].detail}.", errors=fields)
    )


async def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == 405:
        allowed = _methods_at(request.scope) or dict(error.headers or {}).get("Allow", "")
        return await _refused(request, Refusal("method_not_allowed", headers={"Allow": allowed}))
    code = "not_found" if error.status_code == 404 else "invalid_request"
    return await _refused(request, Refusal(code, headers=error.headers))


def _methods_at(scope: Scope) -> str:
    """Every method that this path has, over all its routes."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    found = [route.methods or set() for route in routes if route.matches(scope)[0] is not Match.NONE]
    return ", ".join(sorted(set().union(*found)))


async def _failed(request: Request, error: Exception) -> Response:
    """The store or the bus did not do it: try again where it is transient."""
    if isinstance(error, OverflowError) or getattr(error, "transient", False):
        return await _refused(request, Refusal("service_unavailable", retry_after_s=RETRY_AFTER_S))
    if type(error).__name__ == "RecordTooLarge":
        return await _refused(request, Refusal("body_too_large"))
    raise error


async def _gone(request: Request, _error: Exception) -> Response:
    """Nobody is there to read it. That a caller goes away is no error."""
    return await _refused(request, Refusal("request_timeout"))


async def _unexpected(request: Request, _error: Exception) -> Response:
    request.scope[ANSWERED] = True
    return await _refused(request, Refusal("internal"))
