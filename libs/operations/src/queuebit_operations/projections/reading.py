"""What is asked of projections: always of the builds that are live."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson

from queuebit_operations.connections.own import own_connection
from queuebit_operations.connections.room import RoomReader, statements_of
from queuebit_operations.errors import NotThere
from queuebit_store.connections.settings import PostgresSettings
from queuebit_store.errors import SchemaMismatch

ORDERS = {
    "submitted": "submitted_at DESC, job_id DESC",
    "updated": "updated_at DESC, job_id DESC",
    "seconds": "wall_s DESC, job_id DESC",
    "cost": "(SELECT COALESCE(sum(c.value::numeric), 0) FROM jsonb_each_text(cost) AS c) DESC, job_id DESC",
}
"""By what jobs can be listed. Cost adds up currencies as if they were one: it finds the dear ones."""
_JSON = frozenset({"labels", "cost", "jobs", "executions", "lane_s"})


@dataclass(frozen=True, slots=True)
class JobQuestion:
    """Which jobs, by what the list knows; None means any. `order` is one of `ORDERS`, the largest first."""

    tenant: str | None = None
    states: Sequence[str] | None = None
    kind: str | None = None
    lane: str | None = None
    backend: str | None = None
    code: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    order: str = "submitted"
    limit: int = 50


@asynccontextmanager
async def opened_reading(settings: PostgresSettings) -> AsyncIterator[Reading]:
    """Connected until the end of the block. Raises what the store raises."""
    async with own_connection(settings) as connection:
        yield Reading(connection)


class Reading(RoomReader):
    """Made by `opened_reading`. Everything raises NotThere where nobody has built the projection yet."""

    room = "projections"

    async def backlog(self, tenant: str | None, by: Sequence[str]) -> list[dict[str, Any]]:
        """Open jobs by state, lane, tier and what else is named."""
        groups = ", ".join(("state", "lane", "tier", *by))
        text = statements_of(self.room)["backlog"].format(groups=groups, by="".join(f"{each}, " for each in by))
        return await self._asked(text, tenant)

    async def usage(self, tenant: str | None, after: date, limit: int) -> list[dict[str, Any]]:
        """A document a day and tenant."""
        return await self._asked(statements_of(self.room)["usage"], tenant, after, limit)

    async def job_list(self, asked: JobQuestion) -> list[dict[str, Any]]:
        """A document a job."""
        wanted = orjson.dumps(dict(asked.labels)).decode() if asked.labels else None
        text = statements_of(self.room)["job_list"].format(order=ORDERS[asked.order])
        given = (asked.tenant, asked.states, asked.kind, asked.lane, asked.backend, asked.code, wanted)
        return await self._asked(text, *given, asked.since, asked.until, asked.limit)

    async def size(self, build: str) -> tuple[int, int]:
        """Rows, about, and bytes of a build."""
        (row,) = await self._fetch("size_of_build", f'"projection_{build}"')
        return row["rows"], row["bytes"]

    async def events_about(self) -> int:
        """How many events there are, about."""
        return int((await self._fetch("events_about"))[0][0])

    async def _asked(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        try:
            found = await self._fetch_text(statement, *arguments)
        except SchemaMismatch:
            raise NotThere(
                "Nobody has built this projection yet.",
                remedy="Let a control plane run, or: queuebit ops projections run --once",
            ) from None
        return [{name: _value(name, value) for name, value in row.items()} for row in found]


def _value(name: str, value: Any) -> Any:
    return orjson.loads(value) if name in _JSON and isinstance(value, str) else value
