"""What the verbs of `queuebit audit` work with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from queuebit_operations.connections.room import statements_of
from queuebit_operations.connections.store import OperatorStore, opened_store
from queuebit_store.ports import EventLog

ROOM = "audit"


@dataclass(frozen=True, slots=True)
class Audited:
    """The log, the categories of its streams, and the months whose events lie in files."""

    log: EventLog
    categories: tuple[str, ...]
    archived: frozenset[str]
    origin: str


@asynccontextmanager
async def opened(env: Mapping[str, str]) -> AsyncIterator[Audited]:
    """The log of this installation. Raises what the store raises."""
    async with opened_store(env) as store:
        yield await _audited(store)


async def _audited(store: OperatorStore) -> Audited:
    statements = statements_of(ROOM)
    categories = await store.session.fetch_text(statements["categories"])
    months = set()
    for row in await store.session.fetch_text(statements["archived"]):
        at = row["since"]
        while at < row["until"]:
            months.add(f"{at:%Y-%m}")
            at += timedelta(days=1)
    origin = f"queuebit/{store.session.settings.namespace}"
    return Audited(store, tuple(row["category"] for row in categories), frozenset(months), origin)
