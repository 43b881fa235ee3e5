"""What was seen of submissions, as it was seen: requests and answers of their providers, and the programs that were sent.

The bytes are artifacts; here are their hashes, beside the submission that they belong to. Nothing is ever changed or removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

EVIDENCE_MAX: Final = 10_000
"""So many pieces of a submission are noted. One that waits for a month is asked about nine thousand times before its result."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One piece. `name` says what it is, such as "POST /jobs answer"; `status` is that of an answer over HTTP. `sha256` is None
    where nothing came. `kept`: whether the bytes are kept, or only known by their hash.
    """

    name: str
    sha256: str | None
    bytes: int
    status: int | None = None
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """One that was noted: of which submission, when, and under which claim."""

    key: UUID
    at: datetime
    epoch: int
    seen: Seen


class Evidence(Protocol):
    """Every method raises StoreUnavailable where the store does not answer: a write may then have taken effect."""

    async def note_evidence(self, key: UUID, epoch: int, seen: Sequence[Seen]) -> None:
        """Note what was seen, in its order. What is as it was when it was last seen under its name is not noted again, and
        nothing is beyond EVIDENCE_MAX.
        """
        ...

    async def evidence(self, key: UUID) -> list[Piece]:
        """What was seen of a submission, in its order."""
        ...

    async def evidence_of_lineage(self, lineage: UUID) -> list[Piece]:
        """The same of all submissions of one leg of a job, one submission after the other."""
        ...
