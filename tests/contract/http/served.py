"""The gateway behind a real port."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from queuebit_gateway.http.server import HttpServer
from tests.contract.http.running_gateway import RunningGateway, a_body, a_world
from tests.typed import typed


@dataclass
class Served:
    """A world behind a real port, and a home folder for the command line."""

    world: RunningGateway
    server: HttpServer
    home: Path
    key: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def restart(self) -> None:
        """Stop the server and start another on the same port."""
        port = self.server.port
        await self.server.stop()
        self.world.parts.tailer.closing = False
        self.server = HttpServer(
            self.world.app, self.world.parts.tailer, self.world.parts.ids, host="127.0.0.1", port=port, drain_s=2
        )
        await self.server.start()

    async def cli(self, *words: str, stdin: str = "", **env: str) -> tuple[int, str, str]:
        """Run `queuebit` in a thread; exit code, standard output, standard error."""
        base = {name: value for name, value in os.environ.items() if not name.startswith(("QUEUEBIT_", "XDG_"))}
        settings = {"HOME": str(self.home), "QUEUEBIT_URL": self.url, "QUEUEBIT_API_KEY": self.key, **env}
        given = {**base, **{name: value for name, value in settings.items() if value}}
        return await asyncio.to_thread(typed, words, given, stdin=stdin, folder=self.home)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with a_world() as world:
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        served = Served(world, server, tmp_path, await world.key())
        (tmp_path / "problem.json").write_text(json.dumps(a_body()["problem"]))
        try:
            yield served
        finally:
            await served.server.stop()
