"""A gateway behind a real socket, with narrow bounds, and raw connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from queuebit_gateway.access.proxies import NO_PROXIES, Proxies
from queuebit_gateway.http.guard import Bounds
from queuebit_gateway.http.server import HttpServer
from tests.contract.http.running_gateway import RunningGateway, a_world

LONG_S = 60.0
"""Within this time everything here happens, on any machine."""


@dataclass
class Answer:
    """One answer off the wire; status 0 where the connection ended without one."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        found: str = orjson.loads(self.body)["code"] if self.body else ""
        return found


class Line:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        if self.writer.is_closing() or self.reader.at_eof():
            return
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), LONG_S)
        except OSError:
            return

    async def answer(self) -> Answer:
        """The next answer."""
        try:
            head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), LONG_S)
        except (asyncio.IncompleteReadError, OSError):
            return Answer(0, {}, b"")
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body)

    async def is_over(self) -> bool:
        """Whether the other side hangs up; waits for it."""
        try:
            while await asyncio.wait_for(self.reader.read(65536), LONG_S):
                pass
        except OSError:
            return True
        return True

    def close(self) -> None:
        self.writer.close()


@dataclass
class Door:
    """The gateway of a world, served."""

    world: RunningGateway
    server: HttpServer
    lines: list[Line]

    async def line(self, **options: Any) -> Line:
        """A new connection."""
        line = Line(*await asyncio.open_connection("127.0.0.1", self.server.port, **options))
        self.lines.append(line)
        return line

    async def ask(self, data: bytes) -> Answer:
        """Send this on a new connection, and read the answer."""
        line = await self.line()
        sending = asyncio.create_task(line.send(data))
        answer = await line.answer()
        sending.cancel()
        line.close()
        return answer

    async def get(self, path: str, *more: str) -> bytes:
        """The text of a GET with a key that may."""
        lines = [f"GET {path} HTTP/1.1", "Host: q", f"Authorization: Bearer {await self.world.key()}", *more, "", ""]
        return "\r\n".join(lines).encode()


@asynccontextmanager
async def a_door(bounds: Bounds, *, proxies: Proxies = NO_PROXIES, keep_alive_s: int = 5) -> AsyncIterator[Door]:
    """A door that is open, and shut afterwards."""
    async with a_world() as world:
        server = HttpServer(
            world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0,
            bounds=bounds, proxies=proxies, keep_alive_s=keep_alive_s, drain_s=1,
        )  # fmt: skip
        await server.start()
        door = Door(world, server, [])
        try:
            yield door
        finally:
            for line in door.lines:
                line.close()
            await server.stop()
