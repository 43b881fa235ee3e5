"""The cloud of the provider as its own operator sees it: how long its line is, and what it accepted."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2

TIMEOUT_S = 30.0


class ProviderDesk:
    """A cloud of IBM on loopback, at a URL."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_loopback"

    async def queue(self, queue_s: float) -> None:
        """From now on a job runs so long after it was accepted."""
        await asyncio.to_thread(self._queue, queue_s)

    async def accepted(self) -> int:
        """How many jobs it took so far."""
        return await asyncio.to_thread(self._accepted)

    def _queue(self, queue_s: float) -> None:
        told: dict[str, Any] = {"behaviour": {"queue_s": queue_s}}
        httpx2.put(self._url, json=told, timeout=TIMEOUT_S).raise_for_status()

    def _accepted(self) -> int:
        return len(httpx2.get(self._url, timeout=TIMEOUT_S).raise_for_status().json()["jobs"])
