"""The ledger of submissions: what is to be handed in, where it stands, and who may act on it now.

A submission is stored before anything is sent and outlives every process. Whoever acts on it claims it for a time; a claim
that is over may be taken by anybody, and what a former owner still writes is refused. Every write adds a note to the history
in the same transaction. All times are on the clock of the store.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from queuebit_contracts.ids import derive_id

_PROBES = UUID(int=0)


class SubmissionState(StrEnum):
    """Where a submission stands.

    INTENDED: nothing was sent. SUBMITTING: its owner is sending it. UNKNOWN: it was sent perhaps, and is looked up by its key.
    FOLLOWING: the provider has it. SUCCEEDED: the provider has its result. CONCLUDED: the result is stored. FAILED and
    CANCELLED are the provider's own words, or said before anything was sent.
    """

    INTENDED = "intended"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    FOLLOWING = "following"
    SUCCEEDED = "succeeded"
    CONCLUDED = "concluded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (SubmissionState.CONCLUDED, SubmissionState.FAILED, SubmissionState.CANCELLED)


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """What is to be handed in: one round of one attempt. `request` is its text, `request_hash` tells it from any other.
    `lineage` is the same for every try of one leg of a job: those find it again. `patient`:
    whether it waits for its provider where that does not answer, instead of ending unsent. `regions`: where its data may go,
    anywhere where it is None.
    """

    key: UUID
    attempt_id: UUID
    round: int
    backend: str
    request: bytes
    request_hash: str
    lineage: UUID | None = None
    patient: bool = False
    regions: tuple[str, ...] | None = None


def probe_lineage(backend: str) -> UUID:
    """The lineage of the standing probes of a backend, which are of no job. The key of one is its attempt's id too."""
    return derive_id(_PROBES, f"probes of {backend}")


@dataclass(frozen=True, slots=True)
class Submission:
    """A row of the ledger.

    `epoch` rises with every claim and fences off former owners. `due_at`: when somebody has to look at it again, None where
    nobody has to. `sent_at`: when it was last sent; `unknown_since`: since when its fate is not known, or was not known at
    last, from the first look that did not find it on; `misses`: how often it has not been found since. `cancel_wanted`:
    whether nobody wants its result any more. `code` and `detail` say why it failed, or what was last heard. `queue_position`
    and `wait_s`: how many are before it at the provider and how long that may take, where it says so. `action`, `reason`
    and `remedy`: what a failure asks of the plan, the provider's own code for it, and what a person can do.
    """

    key: UUID
    attempt_id: UUID
    round: int
    backend: str
    request_hash: str
    state: SubmissionState
    created_at: datetime
    updated_at: datetime
    provider_id: str | None = None
    fence: str | None = None
    epoch: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    due_at: datetime | None = None
    sent_at: datetime | None = None
    unknown_since: datetime | None = None
    misses: int = 0
    cancel_wanted: bool = False
    code: str | None = None
    detail: str = ""
    lineage: UUID | None = None
    queue_position: int | None = None
    wait_s: float | None = None
    action: str | None = None
    reason: str | None = None
    remedy: str = ""
    patient: bool = False
    regions: tuple[str, ...] | None = None

    @property
    def cancel_too_late(self) -> bool:
        """Whether its result was there before the cancel, which came too late."""
        return self.cancel_wanted and self.state is SubmissionState.CONCLUDED


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the history of a submission: who did what, and in which state that left it."""

    at: datetime
    epoch: int
    owner: str | None
    state: SubmissionState
    text: str


class Submissions(Protocol):
    """Every method raises StoreUnavailable where the store does not answer: a write may then have taken effect."""

    async def submissions_now(self) -> datetime:
        """The clock of the store."""
        ...

    async def intend(self, new: NewSubmission) -> Submission:
        """Store what is to be handed in, due at once; where its key is known, or that round of its attempt under another key,
        what is stored there, unchanged.
        """
        ...

    async def claim(self, key: UUID, owner: str, lease_s: float) -> Submission | None:
        """Act on one submission for so long. None while somebody else does, and where there is none."""
        ...

    async def claim_due(self, backends: Collection[str], owner: str, lease_s: float) -> Submission | None:
        """Act on the submission of these backends that has been due for longest; None where nobody waits for one."""
        ...

    async def save_submission(
        self, submission: Submission, note: str, *, release: bool, result: bytes | None = None
    ) -> bool:
        """Write a claimed row, and its result where there is one; `release` lets anybody claim it. False where somebody else
        has claimed it since: then nothing was written. A cancellation that was wanted meanwhile stays, and has it looked at
        now. When it has ended, the attempts of its lineage are due.
        """
        ...

    async def submission(self, key: UUID) -> Submission | None: ...

    async def submission_request(self, key: UUID) -> bytes | None: ...

    async def submission_result(self, key: UUID) -> bytes | None: ...

    async def list_submissions(
        self, states: Collection[SubmissionState] = (), *, before: datetime | None = None, limit: int
    ) -> list[Submission]:
        """The youngest first, of all states where none is named, begun before a moment."""
        ...

    async def submission_notes(self, key: UUID) -> list[Note]:
        """The history, the oldest first."""
        ...

    async def submissions_of(self, lineage: UUID) -> list[Submission]:
        """All that was handed in for one leg of a job, the oldest first."""
        ...

    async def forget_submissions(self, before: datetime, limit: int) -> int:
        """Delete those that ended before a moment and have nothing left to be looked at, with their history, so many at most;
        how many those are. One whose lineage has an attempt that goes on stays.
        """
        ...

    async def hurry_submission(self, key: UUID) -> bool:
        """Have it looked at now; False where there is none or it has ended: a late look at that keeps its time."""
        ...

    async def want_cancelled(self, lineage: UUID) -> int:
        """Note that nobody wants the results of a lineage, and have what has not ended looked at now; how many those are."""
        ...
