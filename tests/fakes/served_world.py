"""All five services in this process, behind a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from queuebit_gateway.http.server import HttpServer
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_workbench.local import one_world
from queuebit_workbench.world import World


@dataclass(frozen=True)
class ServedWorld:
    """Where it answers, and the key that opens it."""

    url: str
    api_key: str
    world: World


@asynccontextmanager
async def served_world() -> AsyncIterator[ServedWorld]:
    """Started, and gone afterwards."""
    async with one_world(lambda *_: None) as (world, api_key):
        assert world.app is not None
        assert world.gateway is not None
        ids = SystemIds(SystemClock())
        server = HttpServer(world.app, world.gateway.tailer, ids, host="127.0.0.1", port=0, drain_s=1)
        await server.start()
        try:
            yield ServedWorld(f"http://127.0.0.1:{server.port}", api_key, world)
        finally:
            await server.stop()
