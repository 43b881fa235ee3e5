"""A tiny HTTP server for whoever watches the process: probes and other short pages, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import orjson

from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.telemetry.meters import MEDIA_TYPE, OPEN_MEDIA_TYPE

REQUEST_TIMEOUT_S = 5.0
JSON = "application/json"
_REASONS = {
    200: "OK",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Page(NamedTuple):
    """An answer."""

    status: int
    body: bytes
    media_type: str = JSON


def live_page(alive: bool) -> Page:
    """`/live`: restart the process when it says 503."""
    return Page(200 if alive else 503, orjson.dumps({"status": "alive" if alive else "stuck"}))


def ready_page(reasons: Sequence[Reason], warnings: Sequence[Reason] = ()) -> Page:
    """`/ready`: send it work only while it says 200. Warnings say what is late while work flows."""
    document = {"status": "not ready" if reasons else "ready", "reasons": [each.document() for each in reasons]}
    if warnings:
        document["warnings"] = [each.document() for each in warnings]
    return Page(503 if reasons else 200, orjson.dumps(document))


def metrics_page(text: Callable[[bool], bytes], accept: str) -> Page:
    """`/metrics`: what Prometheus scrapes; with examples where it says that it reads OpenMetrics."""
    examples = "application/openmetrics-text" in accept
    return Page(200, text(examples), OPEN_MEDIA_TYPE if examples else MEDIA_TYPE)


class HealthServer:
    """Answers GET and HEAD of the given paths; each page is made when it is asked for, on the event loop, at once, and is told
    what the caller accepts.
    """

    def __init__(self, pages: Mapping[str, Callable[[str], Page]]) -> None:
        self._pages = dict(pages)
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port. Raises OSError where it is taken."""
        self._server = await asyncio.start_server(self._answer, host, port, limit=8192)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ", 2)
                writer.write(self._response(method, target.partition("?")[0], _accepted(head)))
                await writer.drain()
        writer.close()

    def _response(self, method: str, path: str, accept: str) -> bytes:
        page = self._page(method, path, accept)
        head = (
            f"HTTP/1.1 {page.status} {_REASONS[page.status]}\r\nContent-Type: {page.media_type}\r\n"
            f"Content-Length: {len(page.body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (page.body if method != "HEAD" else b"")

    def _page(self, method: str, path: str, accept: str) -> Page:
        make = self._pages.get(path)
        status = 405 if method not in ("GET", "HEAD") else 404 if make is None else 200
        if status == 200 and make is not None:
            return make(accept)
        return Page(status, orjson.dumps({"status": _REASONS[status].lower()}))


def _accepted(head: bytes) -> str:
    """The header Accept, empty where there is none."""
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    found = next((value for name, _, value in lines if name.strip().lower() == b"accept"), b"")
    return found.decode("latin-1").lower()
