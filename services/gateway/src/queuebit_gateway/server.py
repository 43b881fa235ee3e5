"""The HTTP server: uvicorn, started and stopped by the service and deaf to signals."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from queuebit_gateway.tail import Tailer

BACKLOG = 2048


class _QuietServer(uvicorn.Server):
    """Signals belong to the service, not to the server; `listening` is set once connections are taken."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Listens from `start` to `stop`. Streams and long waits are ended first, so that a stop takes no longer than its drain."""

    def __init__(self, app: ASGIApp, tailer: Tailer, *, host: str, port: int, drain_s: float = 10.0) -> None:
        """Port 0 takes a free one; `port` tells which after `start`."""
        self.port = port
        self._host = host
        self._tailer = tailer
        self._server = _QuietServer(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                backlog=BACKLOG,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=max(1, round(drain_s)),
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        listener = socket.create_server((self._host, self.port), backlog=BACKLOG, reuse_port=False)
        self.port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        """Take no more, end streams, let running requests finish within the drain time."""
        self._tailer.close()
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    def healthy(self) -> bool:
        """Whether the server still serves."""
        return self._task is not None and not self._task.done()
