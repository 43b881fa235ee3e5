"""Submissions on PostgreSQL: single statements, which each write the row and its note."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from queuebit_store.connections.session import Session
from queuebit_store.submissions import columns as to
from queuebit_store.submissions.port import NewSubmission, Note, Submission, SubmissionState


class PostgresSubmissions:
    """The ledger."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def submissions_now(self) -> datetime:
        moment: datetime = (await self._session.fetch("submissions_now"))[0][0]
        return moment

    async def intend(self, new: NewSubmission) -> Submission:
        arguments = (
            new.key,
            new.attempt_id,
            new.round,
            new.backend,
            new.request_hash,
            new.request,
            new.lineage,
            new.patient,
            None if new.regions is None else list(new.regions),
        )
        while not (found := await self._session.fetch("intend", *arguments)):
            pass
        return to.submission(found[0])

    async def claim(self, key: UUID, owner: str, lease_s: float) -> Submission | None:
        found = await self._session.fetch("claim_submission", key, owner, timedelta(seconds=lease_s))
        return to.submission(found[0]) if found else None

    async def claim_due(self, backends: Collection[str], owner: str, lease_s: float) -> Submission | None:
        lease = timedelta(seconds=lease_s)
        found = await self._session.fetch("claim_due_submission", list(backends), owner, lease)
        return to.submission(found[0]) if found else None

    async def save_submission(
        self, submission: Submission, note: str, *, release: bool, result: bytes | None = None
    ) -> bool:
        found = await self._session.fetch(
            "save_submission",
            submission.key,
            submission.epoch,
            submission.state.value,
            submission.provider_id,
            submission.fence,
            submission.due_at,
            submission.sent_at,
            submission.unknown_since,
            submission.misses,
            submission.cancel_wanted,
            submission.code,
            submission.detail,
            result,
            release,
            submission.owner,
            note,
            submission.queue_position,
            submission.wait_s,
            submission.action,
            submission.reason,
            submission.remedy,
        )
        return bool(found)

    async def submission(self, key: UUID) -> Submission | None:
        found = await self._session.fetch("submission", key)
        return to.submission(found[0]) if found else None

    async def submission_request(self, key: UUID) -> bytes | None:
        found = await self._session.fetch("submission_request", key)
        return found[0][0] if found else None

    async def submission_result(self, key: UUID) -> bytes | None:
        found = await self._session.fetch("submission_result", key)
        return found[0][0] if found else None

    async def list_submissions(
        self, states: Collection[SubmissionState] = (), *, before: datetime | None = None, limit: int
    ) -> list[Submission]:
        wanted = [state.value for state in states]
        return [to.submission(row) for row in await self._session.fetch("list_submissions", wanted, before, limit)]

    async def submission_notes(self, key: UUID) -> list[Note]:
        return [to.note(row) for row in await self._session.fetch("submission_notes", key)]

    async def submissions_of(self, lineage: UUID) -> list[Submission]:
        return [to.submission(row) for row in await self._session.fetch("submissions_of", lineage)]

    async def forget_submissions(self, before: datetime, limit: int) -> int:
        return len(await self._session.fetch("forget_submissions", before, limit))

    async def hurry_submission(self, key: UUID) -> bool:
        return bool(await self._session.fetch("hurry_submission", key))

    async def want_cancelled(self, lineage: UUID) -> int:
        return len(await self._session.fetch("want_cancelled", lineage))
