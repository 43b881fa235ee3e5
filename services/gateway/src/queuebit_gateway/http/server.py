"""The HTTP server: uvicorn, started and stopped by the service and deaf to signals."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from queuebit_gateway.access.proxies import NO_PROXIES, Proxies
from queuebit_gateway.http.envelope import whole_problem
from queuebit_gateway.http.guard import Bounds, Connections, Door, GuardedProtocol
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.watching import Tailer
from queuebit_runtime.ids import Ids

BACKLOG = 2048
OVERLOAD_S = 1.0
FILES_SPARE = 256
"""File descriptors that are not for connections of callers: the store, the bus, logs."""

KEEP_ALIVE_S = 20
STRICT = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
"""With every answer over HTTPS: a browser that has been here speaks nothing else to this host for two years."""
DEFAULT = Bounds()


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
    """Listens from `bind`, serves from `start` to `stop`.

    Connections that come between `bind` and `start` wait. Streams and long waits are ended first when it stops, so that a stop
    takes no longer than its drain.
    """

    def __init__(
        self,
        app: ASGIApp,
        tailer: Tailer,
        ids: Ids,
        *,
        host: str,
        port: int,
        bounds: Bounds = DEFAULT,
        proxies: Proxies = NO_PROXIES,
        keep_alive_s: int = KEEP_ALIVE_S,
        drain_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Port 0 takes a free one; `port` tells which after `bind`. `ids` name the requests that are refused at the door.
        `tls`: HTTPS is spoken, and nothing else.
        """
        self.port = port
        self._host = host
        self._tailer = tailer
        self._listener: socket.socket | None = None
        bounds = replace(bounds, connections_max=min(bounds.connections_max, _connections_max()))
        self._connections = Connections(bounds, proxies)
        protocol = partial(GuardedProtocol, bounds=bounds, taken=self._connections, render=partial(_render, ids))
        self._server = _QuietServer(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=protocol,  # type: ignore[arg-type]
                proxy_headers=False,
                timeout_keep_alive=keep_alive_s,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                log_level="warning",
                backlog=BACKLOG,
                server_header=False,
                timeout_graceful_shutdown=_seconds(drain_s),
                headers=None if tls is None else [STRICT],
                ssl_context_factory=None if tls is None else lambda _config, _default: tls,
            )
        )
        self._task: asyncio.Task[None] | None = None

    def bind(self) -> None:
        """Take the port. Raises OSError where it is taken."""
        self._listener = socket.create_server((self._host, self.port), backlog=BACKLOG)
        self.port = self._listener.getsockname()[1]

    @property
    def connections(self) -> Connections:
        """How many there are now."""
        return self._connections

    async def start(self) -> None:
        """Serve."""
        if self._listener is None:
            self.bind()
        assert self._listener is not None
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._task.done():
            await self._task

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; returns before only where the server has ended by itself."""
        await self.start()
        assert self._task is not None
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({self._task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()

    async def stop(self, drain_s: float | None = None) -> None:
        """Take no more, end streams, let running requests finish within the drain time."""
        self._tailer.close()
        if drain_s is not None:
            self._server.config.timeout_graceful_shutdown = _seconds(drain_s)
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        elif self._listener is not None:
            self._listener.close()


def _render(ids: Ids, code: Door) -> bytes:
    retry_after_s = OVERLOAD_S if code == "overloaded" else None
    return whole_problem(Refusal(code, retry_after_s=retry_after_s), str(ids.mint()))


def _connections_max() -> int:
    """As many as this process may have files, less what else it opens."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else max(16, soft - FILES_SPARE)


def _seconds(drain_s: float) -> int:
    return max(1, int(drain_s))
