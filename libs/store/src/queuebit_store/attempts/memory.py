"""Kept attempts in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from queuebit_store.attempts.port import Charge, KeptAttempt, NewAttempt, Use
from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks
from queuebit_store.submissions.port import Submission, SubmissionState

CHARGE_PAUSE, CHARGE_PAUSE_MAX = timedelta(minutes=10), timedelta(days=1)


class MemoryAttempts:
    """What is carried on by whoever has time, on the database's clock, which counts from 1970."""

    database: MemoryDatabase
    hooks: Hooks

    async def attempts_now(self) -> datetime:
        return self._moment()

    async def keep_attempt(self, new: NewAttempt) -> KeptAttempt:
        await self.hooks.before("keep_attempt")
        rows, now = self.database.attempts, self._moment()
        if new.attempt_id not in rows:
            earlier = [row for row in rows.values() if row.lineage == new.lineage and row.number < new.number]
            for row in earlier:
                if not row.ended and row.outcome is None:
                    self._end(row, epoch=row.epoch + 1)
                    self._uncount(row.attempt_id)
            rows[new.attempt_id] = KeptAttempt(
                new.attempt_id,
                new.lineage,
                new.number,
                new.backend,
                created_at=now,
                updated_at=now,
                journal=max(earlier, key=lambda row: row.number).journal if earlier else None,
                due_at=now,
            )
            self.database.orders[new.attempt_id] = new.order
            if new.told_as is not None:
                self.database.told_as[new.attempt_id] = new.told_as
        await self.hooks.after_commit("keep_attempt")
        return rows[new.attempt_id]

    async def claim_attempt(self, backends: Collection[str], owner: str, lease_s: float) -> KeptAttempt | None:
        await self.hooks.before("claim_attempt")
        now = self._moment()
        due = [
            (row.due_at, row)
            for row in self.database.attempts.values()
            if row.due_at is not None
            and row.due_at <= now
            and (row.lease_until is None or row.lease_until < now)
            and (row.backend in backends or row.stop_wanted)
        ]
        if not due:
            return None
        row = min(due, key=lambda each: each[0])[1]
        until = now + timedelta(seconds=lease_s)
        return self._put(replace(row, owner=owner, epoch=row.epoch + 1, lease_until=until))

    async def claim_kept(self, attempt_id: UUID, owner: str, lease_s: float) -> KeptAttempt | None:
        await self.hooks.before("claim_kept")
        row, now = self.database.attempts.get(attempt_id), self._moment()
        if row is None or row.ended or (row.lease_until is not None and row.lease_until >= now):
            return None
        until = now + timedelta(seconds=lease_s)
        return self._put(replace(row, owner=owner, epoch=row.epoch + 1, lease_until=until))

    async def renew_attempt(self, attempt_id: UUID, epoch: int, lease_s: float) -> bool:
        await self.hooks.before("renew_attempt")
        row = self._held(attempt_id, epoch)
        if row is None or row.stop_wanted:
            return False
        self._put(replace(row, lease_until=self._moment() + timedelta(seconds=lease_s)))
        return True

    async def save_journal(self, attempt_id: UUID, epoch: int, journal: bytes) -> bool:
        await self.hooks.before("save_journal")
        row = self._held(attempt_id, epoch)
        if row is None:
            return False
        self._put(replace(row, journal=journal, updated_at=self._moment()))
        return True

    async def save_attempt(self, attempt: KeptAttempt, *, release: bool) -> bool:
        await self.hooks.before("save_attempt")
        old = self._held(attempt.attempt_id, attempt.epoch)
        if old is None:
            return False
        self._put(
            replace(
                attempt,
                journal=old.journal,
                wakes=old.wakes,
                stop_wanted=old.stop_wanted or attempt.stop_wanted,
                due_at=attempt.due_at if old.wakes == attempt.wakes else self._moment(),
                owner=None if release else old.owner,
                lease_until=None if release else old.lease_until,
                updated_at=self._moment(),
            )
        )
        await self.hooks.after_commit("save_attempt")
        return True

    async def end_attempt(self, attempt: KeptAttempt, *, counted: bool = False) -> bool:
        await self.hooks.before("end_attempt")
        old = self._held(attempt.attempt_id, attempt.epoch)
        if old is None:
            return False
        self._end(old, epoch=old.epoch)
        if not counted:
            self._uncount(attempt.attempt_id)
        return True

    async def count_uses(self, attempt: KeptAttempt, keys: Collection[UUID]) -> Mapping[UUID, Use]:
        await self.hooks.before("count_uses")
        db = self.database
        if self._held(attempt.attempt_id, attempt.epoch) is None:
            return {}
        mine = [key for key in keys if db.counted.get(key, attempt.attempt_id) == attempt.attempt_id]
        db.counted |= dict.fromkeys(mine, attempt.attempt_id)
        return {key: db.told_late.get(key, Use()) for key in mine}

    async def note_late(self, charge: Charge, use: Use) -> bool:
        await self.hooks.before("note_late")
        db = self.database
        if (charge.key in db.counted) != charge.counted or charge.key in db.told_late:
            return False
        db.told_late[charge.key] = use
        return True

    async def claim_charges(self, backends: Collection[str], before: datetime, limit: int) -> list[Charge]:
        await self.hooks.before("claim_charges")
        db, now = self.database, self._moment()
        going_on = {row.lineage for row in db.attempts.values() if not row.ended or row.updated_at >= before}
        due = [
            db.submissions[key]
            for key, moment in sorted(db.charges.items(), key=lambda each: each[1])
            if moment <= now and db.submissions[key].backend in backends
        ]
        due = [row for row in due if row.state.final and (row.key in db.told_late or row.lineage not in going_on)]
        found = due[:limit]
        for row in found:
            db.charges[row.key] = now + max(CHARGE_PAUSE, min(CHARGE_PAUSE_MAX, (now - row.updated_at) / 2))
        return [self._charge(row) for row in found]

    async def settle_charge(self, key: UUID) -> None:
        await self.hooks.before("settle_charge")
        self.database.charges.pop(key, None)

    def _charge(self, row: Submission) -> Charge:
        tries = [each for each in self.database.attempts.values() if each.lineage == row.lineage]
        last = max(tries, key=lambda each: each.number).attempt_id if tries else None
        assert row.provider_id is not None
        return Charge(
            row.key,
            row.backend,
            row.provider_id,
            row.state is SubmissionState.CONCLUDED,
            row.key in self.database.counted,
            row.detail,
            last,
            None if last is None else self.database.told_as.get(last),
            self.database.told_late.get(row.key),
        )

    async def attempt(self, attempt_id: UUID) -> KeptAttempt | None:
        await self.hooks.before("attempt")
        return self.database.attempts.get(attempt_id)

    async def attempt_order(self, attempt_id: UUID) -> bytes | None:
        await self.hooks.before("attempt_order")
        return self.database.orders.get(attempt_id)

    async def stop_attempts(self, attempt_ids: Collection[UUID]) -> Sequence[UUID]:
        await self.hooks.before("stop_attempts")
        found = [row for row in self.database.attempts.values() if row.attempt_id in attempt_ids and not row.ended]
        for row in found:
            self._put(replace(row, stop_wanted=True, due_at=self._moment(), wakes=row.wakes + 1))
        return [row.attempt_id for row in found]

    async def list_attempts(self, *, limit: int) -> list[KeptAttempt]:
        await self.hooks.before("list_attempts")
        found = [row for row in self.database.attempts.values() if not row.ended]
        return sorted(found, key=lambda row: row.created_at)[:limit]

    async def forget_attempts(self, before: datetime, limit: int) -> int:
        await self.hooks.before("forget_attempts")
        old = [row for row in self.database.attempts.values() if row.ended and row.updated_at < before][:limit]
        for row in old:
            del self.database.attempts[row.attempt_id]
            self.database.told_as.pop(row.attempt_id, None)
        return len(old)

    async def cancel_orphans(self, before: datetime, limit: int) -> int:
        await self.hooks.before("cancel_orphans")
        attempts, rows = list(self.database.attempts.values()), self.database.submissions
        known = {row.lineage for row in attempts}
        wanted = {row.lineage for row in attempts if not row.ended or row.updated_at >= before}
        found = [
            row
            for row in rows.values()
            if row.lineage in known - wanted and not row.state.final and not row.cancel_wanted
        ][:limit]
        rows.update({row.key: replace(row, cancel_wanted=True, due_at=self._moment()) for row in found})
        return len(found)

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.database.now_s(), UTC)

    def _held(self, attempt_id: UUID, epoch: int) -> KeptAttempt | None:
        row = self.database.attempts.get(attempt_id)
        return row if row is not None and row.epoch == epoch and not row.ended else None

    def _put(self, row: KeptAttempt) -> KeptAttempt:
        self.database.attempts[row.attempt_id] = row
        return row

    def _uncount(self, attempt_id: UUID) -> None:
        self.database.counted = {key: by for key, by in self.database.counted.items() if by != attempt_id}

    def _end(self, row: KeptAttempt, *, epoch: int) -> None:
        ended = replace(row, outcome=None, owner=None, lease_until=None, due_at=None, epoch=epoch)
        self._put(replace(ended, updated_at=self._moment()))
        self.database.orders.pop(row.attempt_id, None)
