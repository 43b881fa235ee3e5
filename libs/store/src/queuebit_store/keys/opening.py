"""The key ring of a process, on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from queuebit_store.keys.port import Keys
from queuebit_store.keys.ring import KeyRing, master_keys_from


class Timed(Protocol):
    """A clock of the process."""

    def now(self) -> datetime: ...

    def monotonic_s(self) -> float: ...


def ring_over(
    keys: Keys, file: Path, *, now: Callable[[], datetime], monotonic_s: Callable[[], float], mint: Callable[[], UUID]
) -> KeyRing:
    """The ring over a store of keys, with the master keys of the file. Raises InvalidSettings."""
    masters = master_keys_from(file)
    return KeyRing(keys, masters, now=now, monotonic_s=monotonic_s, random=secrets.token_bytes, mint=mint)


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
    return ring_over(PostgresKeys(session), file, now=clock.now, monotonic_s=clock.monotonic_s, mint=mint)
