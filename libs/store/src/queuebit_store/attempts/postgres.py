"""Kept attempts on PostgreSQL: single statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_store.attempts.port import Charge, KeptAttempt, NewAttempt, Use
from queuebit_store.connections.session import Session


class PostgresAttempts:
    """What is carried on by whoever has time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def attempts_now(self) -> datetime:
        moment: datetime = (await self._session.fetch("attempts_now"))[0][0]
        return moment

    async def keep_attempt(self, new: NewAttempt) -> KeptAttempt:
        arguments = (new.attempt_id, new.lineage, new.number, new.backend, new.order, new.told_as)
        while not (found := await self._session.fetch("keep_attempt", *arguments)):
            pass
        return _row(found[0])

    async def claim_attempt(self, backends: Collection[str], owner: str, lease_s: float) -> KeptAttempt | None:
        found = await self._session.fetch("claim_attempt", list(backends), owner, timedelta(seconds=lease_s))
        return _row(found[0]) if found else None

    async def claim_kept(self, attempt_id: UUID, owner: str, lease_s: float) -> KeptAttempt | None:
        found = await self._session.fetch("claim_kept", attempt_id, owner, timedelta(seconds=lease_s))
        return _row(found[0]) if found else None

    async def renew_attempt(self, attempt_id: UUID, epoch: int, lease_s: float) -> bool:
        return bool(await self._session.fetch("renew_attempt", attempt_id, epoch, timedelta(seconds=lease_s)))

    async def save_journal(self, attempt_id: UUID, epoch: int, journal: bytes) -> bool:
        return bool(await self._session.fetch("save_journal", attempt_id, epoch, journal))

    async def save_attempt(self, attempt: KeptAttempt, *, release: bool) -> bool:
        return bool(
            await self._session.fetch(
                "save_attempt",
                attempt.attempt_id,
                attempt.epoch,
                attempt.awaits,
                attempt.outcome,
                attempt.signs,
                attempt.stop_wanted,
                attempt.wakes,
                attempt.due_at,
                release,
            )
        )

    async def end_attempt(self, attempt: KeptAttempt, *, counted: bool = False) -> bool:
        return bool(await self._session.fetch("end_attempt", attempt.attempt_id, attempt.epoch, counted))

    async def claim_charges(self, backends: Collection[str], before: datetime, limit: int) -> list[Charge]:
        found = await self._session.fetch("claim_charges", list(backends), before, limit)
        return [_charge(row) for row in found]

    async def count_uses(self, attempt: KeptAttempt, keys: Collection[UUID]) -> Mapping[UUID, Use]:
        found = await self._session.fetch("count_uses", attempt.attempt_id, attempt.epoch, list(keys))
        return {key: Use(qpu_s or 0.0, shots or 0) for key, qpu_s, shots in found}

    async def note_late(self, charge: Charge, use: Use) -> bool:
        return bool(await self._session.fetch("note_late", charge.key, charge.counted, use.qpu_s, use.shots))

    async def settle_charge(self, key: UUID) -> None:
        await self._session.fetch("settle_charge", key)

    async def attempt(self, attempt_id: UUID) -> KeptAttempt | None:
        found = await self._session.fetch("attempt", attempt_id)
        return _row(found[0]) if found else None

    async def attempt_order(self, attempt_id: UUID) -> bytes | None:
        found = await self._session.fetch("attempt_order", attempt_id)
        return found[0][0] if found else None

    async def stop_attempts(self, attempt_ids: Collection[UUID]) -> Sequence[UUID]:
        return [row[0] for row in await self._session.fetch("stop_attempts", list(attempt_ids))]

    async def list_attempts(self, *, limit: int) -> list[KeptAttempt]:
        return [_row(row) for row in await self._session.fetch("list_attempts", limit)]

    async def forget_attempts(self, before: datetime, limit: int) -> int:
        return len(await self._session.fetch("forget_attempts", before, limit))

    async def cancel_orphans(self, before: datetime, limit: int) -> int:
        return len(await self._session.fetch("cancel_orphans", before, limit))


def _charge(row: Any) -> Charge:
    values = dict(row)
    qpu_s, shots = values.pop("told_qpu_s"), values.pop("told_shots")
    return Charge(**values, told=None if qpu_s is None else Use(qpu_s, shots))


def _row(row: Any) -> KeptAttempt:
    """A row whose columns have the names of the fields."""
    return KeptAttempt(**row)
