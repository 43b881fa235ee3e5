"""A namespace of its own on real servers, and `queuebit ops` as a process there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from queuebit_devstack.stack import Stack
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.fixtures import admin, empty_settings, postgres_store, settings
from tests.integration.operations.world import World, a_world
from tests.typed import typed

__all__ = ["admin", "empty_settings", "postgres_store", "settings"]

QUEUEBIT = str(Path(sys.executable).with_name("queuebit"))


@dataclass(frozen=True, slots=True)
class Said:
    """What a verb printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Ops:
    """`queuebit ops` on the servers and in the namespace of a test."""

    env: Mapping[str, str]

    async def __call__(self, *arguments: str, **env: str) -> Said:
        """Run a verb in a thread of this process."""
        return Said(*await asyncio.to_thread(typed, ("ops", *arguments), {**self.env, **env}))

    async def beside(self, *arguments: str, **env: str) -> Said:
        """The same of a verb that stands beside `ops`."""
        return Said(*await asyncio.to_thread(typed, arguments, {**self.env, **env}))

    async def process(self, *arguments: str, **env: str) -> Said:
        """Run a verb as a process beside the event loop."""
        return await self._process([QUEUEBIT, "ops", *arguments], env)

    async def python(self, *arguments: str, **env: str) -> Said:
        """Run `python` with these arguments."""
        return await self._process([sys.executable, *arguments], env)

    async def _process(self, command: list[str], env: Mapping[str, str]) -> Said:
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
async def world(
    stack: Stack, postgres_store: PostgresStore, admin: asyncpg.Connection, settings: PostgresSettings
) -> AsyncIterator[World]:
    async with a_world(stack, postgres_store, admin, settings.namespace) as made:
        yield made


@pytest.fixture
def settings_namespace(settings: PostgresSettings) -> str:
    return settings.namespace


@pytest.fixture
def ops(stack: Stack, settings: PostgresSettings) -> Ops:
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    return Ops({**env, **stack.env(), "QUEUEBIT_NAMESPACE": settings.namespace})
