"""Evidence in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from queuebit_store.evidence.port import EVIDENCE_MAX, Piece, Seen
from queuebit_store.memory_state.database import MemoryDatabase


class MemoryEvidence:
    """What was seen, on the database's clock."""

    database: MemoryDatabase

    async def note_evidence(self, key: UUID, epoch: int, seen: Sequence[Seen]) -> None:
        noted = self.database.evidence.setdefault(key, [])
        at = datetime.fromtimestamp(self.database.now_s(), UTC)
        for each in seen:
            last = next((piece.seen for piece in reversed(noted) if piece.seen.name == each.name), None)
            known = last is not None and (last.sha256, last.status) == (each.sha256, each.status)
            if not known and len(noted) < EVIDENCE_MAX:
                noted.append(Piece(key, at, epoch, each))

    async def evidence(self, key: UUID) -> list[Piece]:
        return list(self.database.evidence.get(key, ()))

    async def evidence_of_lineage(self, lineage: UUID) -> list[Piece]:
        rows = [row for row in self.database.submissions.values() if row.lineage == lineage]
        rows.sort(key=lambda row: (row.created_at, row.key))
        return [piece for row in rows for piece in self.database.evidence.get(row.key, ())]
