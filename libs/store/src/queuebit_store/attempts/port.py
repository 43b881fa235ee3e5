"""Attempts that outlive the process that took them: the order as it came, what is waited for, and who carries it on now.

An attempt is stored before its order is done at the bus. Whoever carries it on claims it for a time, on the clock of the store;
a claim that is over may be taken by anybody, and what a former owner still writes is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An order that is to be kept. `lineage` is the same for every try of one leg of a job, `number` tells the tries apart.
    `told_as`: as whose it tells of itself, which is kept when the order is forgotten.
    """

    attempt_id: UUID
    lineage: UUID
    number: int
    backend: str
    order: bytes
    told_as: bytes | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What was used at a provider."""

    qpu_s: float = 0.0
    shots: int = 0


@dataclass(frozen=True, slots=True)
class Charge:
    """Something that has ended at a provider, of which it is not known whether all that it used was told. `concluded`: its
    result is stored; `counted`: the outcome of an attempt has told what it used, as far as that was known then. `attempt_id`
    and `told_as`: of the last try that it was handed in for; None where that is forgotten. `told`: what is told late of it.
    """

    key: UUID
    backend: str
    provider_id: str
    concluded: bool
    counted: bool
    detail: str
    attempt_id: UUID | None = None
    told_as: bytes | None = None
    told: Use | None = None


@dataclass(frozen=True, slots=True)
class KeptAttempt:
    """Where an attempt stands.

    `journal` is what was found out on the way and must be the same when the attempt is gone through again. `awaits`: the
    submission whose end it waits for; None where it can go on at once. `outcome` is what came of it, not yet told. `signs`: how
    many signs of life it has given; `wakes` rises whenever something happens to it from outside. `epoch` rises with every claim
    and fences off former owners. `due_at`: when somebody has to look at it, None where it has ended.
    """

    attempt_id: UUID
    lineage: UUID
    number: int
    backend: str
    created_at: datetime
    updated_at: datetime
    journal: bytes | None = None
    awaits: UUID | None = None
    outcome: bytes | None = None
    signs: int = 0
    wakes: int = 0
    stop_wanted: bool = False
    epoch: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    due_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.due_at is None


class Attempts(Protocol):
    """Every method raises StoreUnavailable where the store does not answer: a write may then have taken effect."""

    async def attempts_now(self) -> datetime:
        """The clock of the store."""
        ...

    async def keep_attempt(self, new: NewAttempt) -> KeptAttempt:
        """Store an order, due at once, with the journal of the last try of its lineage; earlier tries have ended then, but for
        one whose outcome is stored. Where the attempt is known, what is stored there, unchanged.
        """
        ...

    async def claim_attempt(self, backends: Collection[str], owner: str, lease_s: float) -> KeptAttempt | None:
        """Carry on the attempt that has been due for longest, of these backends or one that nobody wants any more; None where
        nobody waits for one.
        """
        ...

    async def claim_kept(self, attempt_id: UUID, owner: str, lease_s: float) -> KeptAttempt | None:
        """Carry on this attempt, due or not. None where it has ended, while somebody else does, and where there is none."""
        ...

    async def renew_attempt(self, attempt_id: UUID, epoch: int, lease_s: float) -> bool:
        """Carry it on for so long from now; False where somebody else has claimed it since, or nobody wants it any more."""
        ...

    async def save_journal(self, attempt_id: UUID, epoch: int, journal: bytes) -> bool:
        """Keep what was found out. False where somebody else has claimed it since: then nothing was written."""
        ...

    async def save_attempt(self, attempt: KeptAttempt, *, release: bool) -> bool:
        """Write a claimed row, but its journal. It is due at `due_at`, or at once where something happened to it since it was
        claimed. False where somebody else has claimed it since: then nothing was written.
        """
        ...

    async def end_attempt(self, attempt: KeptAttempt, *, counted: bool = False) -> bool:
        """Nothing is left to do: order and outcome are forgotten. False where somebody else has claimed it since. `counted`:
        its outcome has told what it counted; else others tell it.
        """
        ...

    async def count_uses(self, attempt: KeptAttempt, keys: Collection[UUID]) -> Mapping[UUID, Use]:
        """The outcome of a claimed attempt tells what these submissions used: those of them that no other outcome tells, each
        with what was told late of it before.
        """
        ...

    async def claim_charges(self, backends: Collection[str], before: datetime, limit: int) -> list[Charge]:
        """What has ended at these backends, and all of whose attempts ended before a moment, or what is told late and not
        settled: those that were due for longest. They are due again later, and the later the longer they have been.
        """
        ...

    async def note_late(self, charge: Charge, use: Use) -> bool:
        """So much is told late: no outcome tells it from now on. False where an outcome has come to tell it since."""
        ...

    async def settle_charge(self, key: UUID) -> None:
        """All that it used was told: nobody has to look again."""
        ...

    async def attempt(self, attempt_id: UUID) -> KeptAttempt | None: ...

    async def attempt_order(self, attempt_id: UUID) -> bytes | None:
        """The order as it came; None where the attempt is not known or has ended."""
        ...

    async def stop_attempts(self, attempt_ids: Collection[UUID]) -> Sequence[UUID]:
        """Note that nobody wants these any more, and have them looked at now; those that had not ended."""
        ...

    async def list_attempts(self, *, limit: int) -> list[KeptAttempt]:
        """Those that have not ended, the oldest first."""
        ...

    async def forget_attempts(self, before: datetime, limit: int) -> int:
        """Delete those that ended before a moment, so many at most; how many those are."""
        ...

    async def cancel_orphans(self, before: datetime, limit: int) -> int:
        """Have submissions cancelled whose attempts have all ended before a moment, for nobody would take their results."""
        ...
