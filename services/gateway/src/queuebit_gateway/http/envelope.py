"""The outermost layer: a request id for every answer, a problem for every error, and no exception past this point."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from queuebit_gateway.problem_details import MEDIA_TYPE, Refusal
from queuebit_runtime.ids import Ids

VERSION = "2026-11-21"

ANSWERED = "queuebit.answered"
"""Set in the scope by whoever has turned an unexpected error into an answer."""

_log = logging.getLogger("queuebit.gateway")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECURITY: Mapping[str, str] = {
    "Queuebit-Version": VERSION,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def problem_response(refusal: Refusal, request_id: str) -> Response:
    """The refusal as problem+json."""
    headers = dict(refusal.headers)
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(refusal.retry_after_s + 0.5)))
    body = refusal.body(request_id).model_dump_json(exclude_none=True)
    return Response(body, refusal.problem.status, headers, media_type=MEDIA_TYPE)


def whole_problem(refusal: Refusal, request_id: str) -> bytes:
    """The refusal as HTTP/1.1, for a connection that is closed after it."""
    answer = problem_response(refusal, request_id)
    answer.headers.update({"Request-Id": request_id, "Connection": "close", **_SECURITY})
    status = HTTPStatus(answer.status_code)
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + bytes(answer.body)


class Shell:
    """Wraps the app. What it does not expect becomes a 500 that shows only the request id; the log has the rest."""

    def __init__(self, app: ASGIApp, ids: Ids) -> None:
        self._app = app
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["queuebit.request_id"] = request_id = _offered(scope) or str(self._ids.mint())
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["Request-Id"] = request_id
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
                for name, value in scope.get("queuebit.headers", {}).items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            _log.debug("The caller has gone", extra={"request_id": request_id, "path": scope["path"]})
        except Exception:
            _log.exception("Unexpected error", extra={"request_id": request_id, "path": scope["path"]})
            if not started:
                await problem_response(Refusal("internal"), request_id)(scope, receive, answer)
            elif not scope.get(ANSWERED):
                raise


def request_id_of(scope: Scope) -> str:
    """The id of the request, as the shell set it."""
    return str(scope.get("queuebit.request_id", ""))


def _offered(scope: Scope) -> str | None:
    """The caller's own X-Request-Id, where it is harmless."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            return text if _REQUEST_ID.fullmatch(text) else None
    return None
