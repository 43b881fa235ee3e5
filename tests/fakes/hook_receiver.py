"""A receiver of webhooks on this machine: it keeps what comes, and answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hook:
    """A request that came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class HookReceiver:
    """`answer` gives the status of each request; None hangs up without a word. `extra` are further lines of the head."""

    answer: Callable[[Hook], int | None] = lambda _hook: 200
    extra: str = ""
    hooks: list[Hook] = field(default_factory=list)
    port: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def until(self, enough: Callable[[list[Hook]], bool], timeout_s: float = 60.0) -> list[Hook]:
        """What came, when it is enough."""
        async with asyncio.timeout(timeout_s):
            while not enough(self.hooks):
                self._came.clear()
                await self._came.wait()
        return self.hooks

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value for name, _, value in lines}
            hook = Hook(headers, await reader.readexactly(int(headers.get("content-length", "0"))))
            status = self.answer(hook)
            if status is not None:
                writer.write(f"HTTP/1.1 {status} -\r\n{self.extra}Content-Length: 2\r\n\r\nok".encode())
                await writer.drain()
            self.hooks.append(hook)
            self._came.set()
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def a_hook_receiver() -> AsyncIterator[HookReceiver]:
    """It listens, and is gone afterwards."""
    found = HookReceiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
