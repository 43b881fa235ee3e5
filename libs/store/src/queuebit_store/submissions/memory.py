"""Submissions in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks
from queuebit_store.submissions.port import NewSubmission, Note, Submission, SubmissionState


class MemorySubmissions:
    """The ledger on the database's clock, which counts from 1970."""

    database: MemoryDatabase
    hooks: Hooks

    async def submissions_now(self) -> datetime:
        return self._now()

    async def intend(self, new: NewSubmission) -> Submission:
        await self.hooks.before("intend")
        db = self.database
        known = next(
            (row for row in db.submissions.values() if (row.attempt_id, row.round) == (new.attempt_id, new.round)), None
        )
        if new.key not in db.submissions and known is not None:
            return known
        if new.key not in db.submissions:
            db.submissions[new.key] = Submission(
                new.key,
                new.attempt_id,
                new.round,
                new.backend,
                new.request_hash,
                SubmissionState.INTENDED,
                created_at=self._now(),
                updated_at=self._now(),
                due_at=self._now(),
                lineage=new.lineage,
                patient=new.patient,
                regions=new.regions,
            )
            db.requests[new.key] = new.request
            self._note(db.submissions[new.key], "It is to be handed in.")
        await self.hooks.after_commit("intend")
        return db.submissions[new.key]

    async def claim(self, key: UUID, owner: str, lease_s: float) -> Submission | None:
        await self.hooks.before("claim")
        row = self.database.submissions.get(key)
        if row is None or not self._free(row):
            return None
        claimed = self._claimed(row, owner, lease_s)
        await self.hooks.after_commit("claim")
        return claimed

    async def claim_due(self, backends: Collection[str], owner: str, lease_s: float) -> Submission | None:
        await self.hooks.before("claim_due")
        now = self._now()
        due = [
            (row.due_at, row)
            for row in self.database.submissions.values()
            if row.due_at is not None and row.due_at <= now and self._free(row) and row.backend in backends
        ]
        if not due:
            return None
        claimed = self._claimed(min(due, key=lambda each: each[0])[1], owner, lease_s)
        await self.hooks.after_commit("claim_due")
        return claimed

    async def save_submission(
        self, submission: Submission, note: str, *, release: bool, result: bytes | None = None
    ) -> bool:
        await self.hooks.before("save_submission")
        old = self.database.submissions.get(submission.key)
        if old is None or old.epoch != submission.epoch:
            return False
        self._note(submission, note)
        hurried = old.cancel_wanted and not submission.cancel_wanted and not submission.state.final
        kept = replace(
            submission,
            due_at=self._now() if hurried else submission.due_at,
            owner=None if release else old.owner,
            lease_until=None if release else old.lease_until,
            cancel_wanted=old.cancel_wanted or submission.cancel_wanted,
            updated_at=self._now(),
        )
        self.database.submissions[kept.key] = kept
        if kept.state.final and not old.state.final and kept.provider_id is not None:
            self.database.charges[kept.key] = self._now()
        if result is not None:
            self.database.results[kept.key] = result
        if kept.state.final:
            self._wake(kept.lineage)
        await self.hooks.after_commit("save_submission")
        return True

    async def submission(self, key: UUID) -> Submission | None:
        await self.hooks.before("submission")
        return self.database.submissions.get(key)

    async def submission_request(self, key: UUID) -> bytes | None:
        await self.hooks.before("submission_request")
        return self.database.requests.get(key)

    async def submission_result(self, key: UUID) -> bytes | None:
        await self.hooks.before("submission_result")
        return self.database.results.get(key)

    async def list_submissions(
        self, states: Collection[SubmissionState] = (), *, before: datetime | None = None, limit: int
    ) -> list[Submission]:
        await self.hooks.before("list_submissions")
        found = [
            row
            for row in self.database.submissions.values()
            if (not states or row.state in states) and (before is None or row.created_at < before)
        ]
        return sorted(found, key=lambda row: (row.created_at, row.key), reverse=True)[:limit]

    async def submission_notes(self, key: UUID) -> list[Note]:
        await self.hooks.before("submission_notes")
        return list(self.database.submission_notes.get(key, ()))

    async def submissions_of(self, lineage: UUID) -> list[Submission]:
        await self.hooks.before("submissions_of")
        found = [row for row in self.database.submissions.values() if row.lineage == lineage]
        return sorted(found, key=lambda row: (row.created_at, row.key))

    async def forget_submissions(self, before: datetime, limit: int) -> int:
        await self.hooks.before("forget_submissions")
        db = self.database
        going_on = {row.lineage for row in db.attempts.values() if not row.ended}
        old = [
            row
            for row in db.submissions.values()
            if max(row.created_at, row.updated_at) < before
            and row.state.final
            and row.due_at is None
            and row.lineage not in going_on
        ]
        gone = [row.key for row in sorted(old, key=lambda row: row.created_at)[:limit]]
        for key in gone:
            for kept in (db.submissions, db.requests, db.results, db.submission_notes, db.evidence):
                kept.pop(key, None)
            db.charges.pop(key, None)
            db.counted.pop(key, None)
            db.told_late.pop(key, None)
        return len(gone)

    async def hurry_submission(self, key: UUID) -> bool:
        await self.hooks.before("hurry_submission")
        row = self.database.submissions.get(key)
        if row is None or row.due_at is None or row.state.final:
            return False
        self.database.submissions[key] = replace(row, due_at=self._now())
        return True

    async def want_cancelled(self, lineage: UUID) -> int:
        await self.hooks.before("want_cancelled")
        rows = self.database.submissions
        found = [row for row in rows.values() if row.lineage == lineage and not row.state.final]
        rows.update({row.key: replace(row, cancel_wanted=True, due_at=self._now()) for row in found})
        return len(found)

    def _wake(self, lineage: UUID | None) -> None:
        """Those who wait for it are due."""
        rows, now = self.database.attempts, self._now()
        waiting = [row for row in rows.values() if row.lineage == lineage and not row.ended]
        rows.update({row.attempt_id: replace(row, due_at=now, wakes=row.wakes + 1) for row in waiting})

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.database.now_s(), UTC)

    def _free(self, row: Submission) -> bool:
        return row.lease_until is None or row.lease_until < self._now()

    def _claimed(self, row: Submission, owner: str, lease_s: float) -> Submission:
        until = self._now() + timedelta(seconds=lease_s)
        claimed = self.database.submissions[row.key] = replace(row, owner=owner, epoch=row.epoch + 1, lease_until=until)
        return claimed

    def _note(self, row: Submission, text: str) -> None:
        note = Note(self._now(), row.epoch, row.owner, row.state, text)
        self.database.submission_notes.setdefault(row.key, []).append(note)
