"""A tiny HTTP server for probes: `/live` and `/ready`, 200 or 503, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

REQUEST_TIMEOUT_S = 5.0
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class HealthServer:
    """`live`: restart the process when it says no. `ready`: send it work only while it says yes."""

    def __init__(self, live: Callable[[], bool], ready: Callable[[], bool]) -> None:
        self._checks = {"/live": live, "/ready": ready}
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
                writer.write(self._response(method, target.partition("?")[0]))
                await writer.drain()
        writer.close()

    def _response(self, method: str, path: str) -> bytes:
        check = self._checks.get(path)
        if method not in ("GET", "HEAD"):
            status = 405
        elif check is None:
            status = 404
        else:
            status = 200 if check() else 503
        body = f'{{"status":"{_REASONS[status]}"}}'.encode()
        head = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (body if method != "HEAD" else b"")
