"""How the blueprints reach Queuebit: the platform that the environment or a profile names, or all services in this process."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from queuebit_client.asynchronous import AsyncQueuebit


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with what all blueprints take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--here", action="store_true", help="run all services in this process: no server, nothing is kept"
    )
    return parser


@asynccontextmanager
async def opened(*, here: bool, policy: Path | None = None) -> AsyncIterator[AsyncQueuebit]:
    """A client. `policy` is activated where the services are here; a platform has operators for that."""
    if not here:
        async with AsyncQueuebit() as client:
            yield client
        return
    from queuebit_operations.policies.files import read_document
    from queuebit_operations.policies.register import PolicyRegister
    from queuebit_workbench.local import one_world

    async with one_world(lambda *_: None) as (world, api_key):
        if policy is not None:
            register = PolicyRegister(world.store(), world.clock)
            version, _ = await register.publish(read_document(policy), actor="blueprint", reason="a blueprint")
            await register.activate(version, actor="blueprint", reason="a blueprint")
            await world.clock.sleep(1.0)
        assert world.app is not None
        transport = httpx2.ASGITransport(world.app)
        async with AsyncQueuebit("http://queuebit.local", api_key, transport=transport) as client:
            yield client
