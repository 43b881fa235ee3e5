"""The key ring of a process, on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import UUID

from queuebit_store.errors import StoreUnavailable
from queuebit_store.keys.port import Keys
from queuebit_store.keys.ring import KeyRing, master_keys_from

T = TypeVar("T")
REMEDY = "Start PostgreSQL, or set QUEUEBIT_POSTGRES: keys of sealed data lie there."


class Timed(Protocol):
    """A clock of the process."""

    def monotonic_s(self) -> float: ...


class Minting(Protocol):
    """Where new ids come from."""

    def mint(self) -> UUID: ...


class Configured(Protocol):
    """What a service is told of its keys."""

    @property
    def master_key_file(self) -> Path | None: ...


class Starting(Protocol):
    """A service that starts, as far as its keys need it."""

    @property
    def settings(self) -> Configured: ...

    @property
    def clock(self) -> Timed: ...

    @property
    def ids(self) -> Minting: ...

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None: ...

    async def wait_for(
        self,
        what: str,
        attempt: Callable[[], Awaitable[T]],
        *,
        remedy: str,
        transient: tuple[type[Exception], ...],
    ) -> T: ...


async def ring_of_service(service: Starting, name: str, env: Mapping[str, str]) -> KeyRing | None:
    """The keys of sealed data of a service that starts, where this installation has some; it waits for PostgreSQL."""
    opening = partial(
        ring_of_process,
        env,
        service.settings.master_key_file,
        service=name,
        clock=service.clock,
        mint=service.ids.mint,
        on_close=service.on_close,
    )
    return await service.wait_for("PostgreSQL", opening, remedy=REMEDY, transient=(StoreUnavailable,))


def ring_over(keys: Keys, file: Path, *, monotonic_s: Callable[[], float], mint: Callable[[], UUID]) -> KeyRing:
    """The ring over a store of keys, with the master keys of the file. Raises InvalidSettings."""
    masters = master_keys_from(file)
    return KeyRing(keys, masters, monotonic_s=monotonic_s, random=secrets.token_bytes, mint=mint)


async def ring_of_process(
    env: Mapping[str, str],
    file: Path | None,
    *,
    service: str,
    clock: Timed,
    mint: Callable[[], UUID],
    on_close: Callable[[Callable[[], Awaitable[None]]], None],
) -> KeyRing | None:
    """The ring of a service that needs nothing else of the database; None where there is no file of master keys. Raises
    InvalidSettings, and what the store raises.
    """
    if file is None:
        return None
    # A process without such keys loads no driver of a database.
    from queuebit_store.connections.migrations import check_schema
    from queuebit_store.connections.session import Session
    from queuebit_store.connections.settings import settings_from
    from queuebit_store.keys.postgres import PostgresKeys

    session = Session(settings_from(env, service=service))
    on_close(session.close)
    await session.open()
    await check_schema(session)
    return ring_over(PostgresKeys(session), file, monotonic_s=clock.monotonic_s, mint=mint)
