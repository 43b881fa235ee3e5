"""Evidence on PostgreSQL: single statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from queuebit_store.connections.session import Session
from queuebit_store.evidence.port import EVIDENCE_MAX, Piece, Seen


class PostgresEvidence:
    """What was seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def note_evidence(self, key: UUID, epoch: int, seen: Sequence[Seen]) -> None:
        if not seen:
            return
        columns = (
            [each.name for each in seen],
            [each.sha256 for each in seen],
            [each.bytes for each in seen],
            [each.status for each in seen],
            [each.kept for each in seen],
        )
        await self._session.fetch("note_evidence", key, epoch, *columns, EVIDENCE_MAX)

    async def evidence(self, key: UUID) -> list[Piece]:
        return [_piece(row) for row in await self._session.fetch("evidence", key)]

    async def evidence_of_lineage(self, lineage: UUID) -> list[Piece]:
        return [_piece(row) for row in await self._session.fetch("evidence_of_lineage", lineage)]


def _piece(row: Any) -> Piece:
    seen = Seen(row["name"], row["sha256"], row["bytes"], row["status"], row["kept"])
    return Piece(row["key"], row["at"], row["epoch"], seen)
