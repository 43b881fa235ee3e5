"""The database looked through, table by table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson

from queuebit_operations.connections.room import RoomReader, statements_of


class StoreSearch(RoomReader):
    """Looks for texts in every table that there is."""

    room: ClassVar[str] = "erasing"

    async def tables(self) -> list[str]:
        return [row[0] for row in await self._fetch("tables")]

    async def look(self, table: str, texts: Sequence[str]) -> tuple[int, int]:
        """Rows, and those that hold one of the texts: as text, or as bytes."""
        quoted = '"' + table.replace('"', '""') + '"'
        statement = statements_of(self.room)["looked_through"].format(table=quoted)
        patterns = [f"%{_escaped(form)}%" for text in texts for form in (text, text.encode().hex())]
        rows = await self._fetch_text(statement, patterns)
        return rows[0][0], rows[0][1]

    async def events_of(self, jobs: Sequence[UUID]) -> list[tuple[UUID, int, str, dict[str, Any]]]:
        """The events of the jobs, in order."""
        rows = await self._fetch("events_of_jobs", list(jobs))
        return [(row[0], row[1], row[2], orjson.loads(row[3])) for row in rows]

    async def made_from(self, jobs: Sequence[UUID], tenant: str) -> list[UUID]:
        """The jobs, and those that operators made from them: what was sealed goes on in those under the same keys."""
        return [row[0] for row in await self._fetch("made_from", list(jobs), tenant)]

    async def vacuum_keys(self) -> None:
        """Take what is left of destroyed keys out of their table."""
        await self._fetch_text("VACUUM subject_key")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
