"""The server on standard input and output."""

from __future__ import annotations

import asyncio
import time

from queuebit_client.agents.allowance import Allowance
from queuebit_client.agents.server import server_of
from queuebit_client.asynchronous import AsyncQueuebit


def serve(url: str | None, profile: str | None, allowance: Allowance) -> None:
    """Until standard input ends, with the server and the key of the configuration."""

    async def run() -> None:
        async with AsyncQueuebit(url, profile=profile) as client:
            await server_of(client, allowance, time.monotonic).run_stdio_async()

    asyncio.run(run())
