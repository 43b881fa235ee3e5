"""Gates on PostgreSQL: single statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_store.connections.session import Session
from queuebit_store.gates.port import Account, Allowance, Breaker, Gate, KillSwitch


class PostgresGates:
    """Who may ask which provider now."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def gate(self, backend: str) -> Gate:
        found = await self._session.fetch("gate", backend)
        return Gate(**found[0]) if found else Gate(backend)

    async def pass_gate(self, backend: str, probe_s: float) -> datetime | None:
        known = await self.gate(backend)
        if known.open_until is None or await self._session.fetch("pass_gate", backend, timedelta(seconds=probe_s)):
            return None
        return (await self.gate(backend)).open_until

    async def note_answer(self, backend: str) -> None:
        await self._session.fetch("note_answer", backend)

    async def note_silence(self, backend: str, breaker: Breaker, weight: int = 1) -> Gate:
        open_s, open_s_max = timedelta(seconds=breaker.open_s), timedelta(seconds=breaker.open_s_max)
        found = await self._session.fetch("note_silence", backend, breaker.failures_max, open_s, open_s_max, weight)
        return Gate(**found[0])

    async def take_place(self, account: str, key: UUID, allowance: Allowance) -> bool:
        return bool(await self._session.fetch("take_place", account, key, allowance.at_once, allowance.per_minute))

    async def list_gates(self) -> list[Gate]:
        return [Gate(**row) for row in await self._session.fetch("list_gates")]

    async def list_accounts(self) -> list[Account]:
        found = await self._session.fetch("list_accounts")
        return [Account(row["account"], tuple(row["holders"]), row["closed_until"]) for row in found]

    async def close_account(self, account: str, seconds: float) -> None:
        await self._session.fetch("close_account", account, timedelta(seconds=seconds))


class PostgresKillSwitches:
    """What was stopped at once."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def throw_switch(
        self,
        mode: str,
        scope: str,
        value: str,
        *,
        backends: Sequence[str],
        holds: Sequence[int],
        actor: str,
        reason: str,
    ) -> int:
        about = mode, scope, value, list(backends), list(holds), actor, reason
        number: int = (await self._session.fetch("throw_switch", *about))[0][0]
        return number

    async def note_out(self, number: int, lineages: Sequence[UUID]) -> None:
        await self._session.fetch("note_out", number, list(lineages))

    async def lift_switch(self, number: int, *, actor: str) -> bool:
        return bool(await self._session.fetch("lift_switch", number, actor))

    async def switches(self, *, limit: int = 1000) -> list[KillSwitch]:
        found = await self._session.fetch("switches", limit)
        return [
            KillSwitch(
                **{
                    **row,
                    "backends": tuple(row["backends"]),
                    "holds": tuple(row["holds"]),
                    "lineages": tuple(row["lineages"]),
                }
            )
            for row in map(dict[str, Any], found)
        ]

    async def killed(self, backend: str, lineage: UUID | None = None) -> int | None:
        found = await self._session.fetch("killed", backend, lineage)
        return found[0][0] if found else None
